"""How the samples are made: one file a kind of document."""
