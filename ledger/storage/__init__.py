"""The store: one append-only log a ledger, in PostgreSQL."""
