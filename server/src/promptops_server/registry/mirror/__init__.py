"""Mirrors: a project's refs, pushed to another Git host after every commit.

Owns what a mirror is, when it is pushed to, and what its state says; speaks plain Git over HTTPS or SSH. Leaves objects
and refs to `registry.git`, starting and repeating the work to the outbox and `retries`.
"""
