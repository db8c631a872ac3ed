"""What a worker process can still do once it is confined, even if a hostile file takes it over.

`confine` takes everything away that reading documents does not need, before any library that reads documents is
imported. It needs no privileges and works inside containers, which often forbid namespaces.
"""
