"""Matching: what keeps a removed image removed. `Index` is usable without the rest."""

from answerable.matching.index import Index, Matches

__all__ = ["Index", "Matches"]
