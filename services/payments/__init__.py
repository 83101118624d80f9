"""The service that owns the money: a double-entry ledger, wallets, and the payments of orders."""
