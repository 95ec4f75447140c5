"""A door for tools that were written for Meta's hasher-matcher-actioner (HMA): its addresses, answered by ours.

Under `/hma` of the public door, off by default. What differs from the original, and why, stands in docs/hma.md.
"""
