"""The second place for logs: the lines of stderr, sent to a syslog receiver (RFC 5424).

    a record ► the line as on stderr ► framed, numbered ► bounded queue ► thread ► receiver
                                                          full: dropped and counted

Logging never waits for the receiver and never fails because of it. While the receiver is away,
lines wait; when it is back they are sent, and with them what was sent last before it went, for
nobody knows whether that was read. A line is sent twice rather than not at all; its number
(`sequenceId`) tells a receiver so, and a gap in the numbers tells that lines were dropped.
"""
