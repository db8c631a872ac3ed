"""Lends a loaded model to other commands of the same user, over a private Unix socket.

Only the model is lent (a `VisionModel`), since loading it is what takes long: documents, tasks, results and errors
stay in the command's own process, and every option works as without. The confined worker processes of the built-in
engine are not lent, so that no document of one command can falsify what another one reads.
"""
