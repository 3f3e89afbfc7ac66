"""How an application keeps one environment in memory and proves that it is what was released.

`header` and `entries` are the wire values, `trust` the keys, `verify` the rules (no I/O),
`source_http` and `source_redis` the transports, `disk` the last good copy, `follower` the thread
that joins them. The wire contract is `docs/delivery-protocol.md`. Nothing is imported here, so
that each part costs only itself.
"""
