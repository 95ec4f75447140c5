"""A database of the drill's own: as strict as the EU's is documented to be, and nobody's but this machine's."""
