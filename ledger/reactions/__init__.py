"""Reactions: what time and events do by themselves, recorded exactly once with its cause."""
