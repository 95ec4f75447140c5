"""A Mastodon server, by its public and its admin API, and by its webhooks."""
