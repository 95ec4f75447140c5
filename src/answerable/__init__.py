"""Answerable: the report desk of an online platform."""

__version__ = "0.1.0"
