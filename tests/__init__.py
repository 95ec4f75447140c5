"""Tests mirror `src/answerable`. Start with `conftest.py`: the cast, the database that commits, the guards."""
