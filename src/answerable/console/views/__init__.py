"""The pages of the console. A view reads the request, calls one command or query, and renders."""
