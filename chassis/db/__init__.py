"""PostgreSQL: transactions, idempotency with stored replies, leases, and one way to migrate."""
