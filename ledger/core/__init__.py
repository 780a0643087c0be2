"""What every context builds on: events, aggregates, entries, errors and values."""
