"""The database backend `answerable.db.postgresql`."""
