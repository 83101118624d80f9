"""What payments are made of: the ledger and its wallets, and the payments of orders."""
