"""Evidence: the vault, which only custodians can read, the working store, and what is kept in them, for how long.

docs/evidence.md is for the custodians; docs/decisions/0059 and 0060 say why it is so.
"""
