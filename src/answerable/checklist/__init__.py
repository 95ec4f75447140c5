"""Going live: what a desk still needs before people rely on it, computed from its real state.

What code can see is `done` or `missing`. What it can't see a person states, by name; it is asked again when what it
rests on changes, or after its time. docs/going-live.md says why each line matters.
"""
