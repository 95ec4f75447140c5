"""The process that keeps what software owes: claims it, calls the parties, watches what is late."""
