"""Environments and their releases: what is live, what was, and every way that may change.

Owns environments, publish, rollback, suspend, unpublish and the branch `env/NAME` that mirrors what is live.
Leaves versions to `registry`, the publish gate to `approvals`, keys, Redis and followers to `delivery`.
"""
