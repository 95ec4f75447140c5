"""The acts of the replay. Each plays its part over HTTP and fills in the figures that it measured."""
