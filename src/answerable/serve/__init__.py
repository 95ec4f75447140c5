"""`answerable serve`: one process tree with both doors, the worker and, to try it out, a sample site."""
