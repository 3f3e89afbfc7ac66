"""Receipts: which release each follower has applied, and how long after the server acknowledged it.

Owns the reports of followers (`read`), taking them in from HTTP (`intake`) and Redis (`collect`), the figures of a
release's spread, and what people are shown of both. Receipts are operational, not evidence: they are outside the
audited tables, may be lost, and are forgotten an hour after a follower's last sign.
"""
