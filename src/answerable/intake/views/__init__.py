"""The public pages: each parses what came, calls one command or query, and renders."""
