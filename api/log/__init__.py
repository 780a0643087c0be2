"""The transparency log over HTTP: what others need to check the ledger without trusting us."""
