"""Audit bundles: a slice of the log that is provably whole, with the statement that it supports."""
