"""Any site that implements the http contract (docs/platform-contract.md)."""
