"""The page for people at `/`: its files, and its routes for the document that is open.

`files/` has the page as browsers load it, without a build step. It talks to `document_routes.py` only.
"""
