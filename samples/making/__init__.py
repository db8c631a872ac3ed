"""Makers of the samples, one module per kind of document."""
