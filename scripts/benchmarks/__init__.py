"""What `minzhang bench` measures: our store beside others on the same PostgreSQL, in one run."""
