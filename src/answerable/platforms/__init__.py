"""The platforms that this desk answers for: the contract, its adapters, and the handlers that use them."""
