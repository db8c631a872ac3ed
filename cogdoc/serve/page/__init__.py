"""The page for people at `/`: its files, and the documents that it keeps while somebody looks at them.

`files/` has the page as browsers load it, without a build step. It talks to `document_routes.py` only.
"""
