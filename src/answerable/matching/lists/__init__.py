"""Hash lists: where fingerprints that others know come from, and how they are kept up to date."""
