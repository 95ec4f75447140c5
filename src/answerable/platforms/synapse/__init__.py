"""Matrix Synapse: reports made in any client, media quarantined by its admin API, looked at as another user."""
