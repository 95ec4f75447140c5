"""Lumen, a small photo-sharing site: the platform of the demo, and the worked example of the http contract.

Its own process, its own database, no code shared with the desk: it knows the desk by its HTTP addresses
alone. Start reading at `contract.py`, which is what an integrator writes.
"""
