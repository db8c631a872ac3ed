"""Fits the weights that cogdoc ships as data files. Nothing here is installed with it."""
