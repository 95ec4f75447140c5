"""Backfill: an existing library is hashed and registered, so that copies in it are found.

    a source (folder, bucket, list, listing) ──pieces──► ahead: hashed in parallel, in order ──► run: batches ──► desk

A source gives its pieces in an order that never changes, each with its position; a batch and the position that it
reaches are one transaction. So a kill at any moment loses at most a batch, and nothing is registered twice.
"""
