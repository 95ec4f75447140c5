"""Native cores (sources in `native/`)."""
