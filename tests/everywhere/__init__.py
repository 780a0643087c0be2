"""What must hold at every address that is served, enumerated from the application itself."""
