"""Tests mirror `src/answerable`. `conftest.py` has the cast, the database that commits, the guards."""
