"""The description of the server for people, at `/docs`: one page without scripts, which needs no other address."""
