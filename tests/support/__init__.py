"""What the tests stand on: a PostgreSQL of their own, a desk's directory, the network guard."""
