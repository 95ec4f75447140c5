"""A network of the AT Protocol of the tests' and the replay's own, and people who use it through its clients' calls."""
