"""A Matrix homeserver of the tests' and the replay's own, and people who use it through its client API."""
