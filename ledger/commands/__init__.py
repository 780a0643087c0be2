"""What people may do, a file a context: one dataclass and one function of the same words each."""
