"""Follows a log from outside, over HTTP: any log in the format of C2SP tlog-tiles."""
