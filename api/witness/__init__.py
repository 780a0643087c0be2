"""A witness over HTTP (C2SP tlog-witness): one that anybody can run, for any log of the format."""
