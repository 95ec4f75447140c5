"""A Mastodon server over real HTTP, written from its reference: it refuses what the reference refuses, and more."""

from tests.fakes.mastodon.server import SECRET, Mastodon

__all__ = ["SECRET", "Mastodon"]
