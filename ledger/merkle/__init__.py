"""The Merkle tree of the log (RFC 6962, SHA-256): pure functions over hashes."""
