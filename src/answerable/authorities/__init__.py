"""Authorities that are told what the law asks for: one folder each. `base` is what they have in common."""
