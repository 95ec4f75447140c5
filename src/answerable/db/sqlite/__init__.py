"""The database backend `answerable.db.sqlite`."""
