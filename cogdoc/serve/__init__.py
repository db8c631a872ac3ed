"""A warm engine for other programs, over HTTP: documents by upload, and the chat completions of OpenAI's protocol.

`application.py` puts the parts together: one router a subject (`*_routes.py`), and middleware in front of all of them.
`service.py` has what requests share. Only `cogdoc serve` imports this package, since it needs FastAPI.
"""
