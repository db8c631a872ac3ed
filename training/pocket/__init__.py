"""Trains the pocket checkpoint in `samples/pocket/model`: `python -m training.pocket.train`."""
