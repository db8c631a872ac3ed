"""`python -m cogdoc`"""

from cogdoc.cli.app import main

main()
