"""The way of a version from draft to approved: requests, comments, decisions, and what they come to.

Owns its tables and the pure rules over them. Leaves the publish to `gate` and `releases`, and what a record must say
to `registry.records`.
"""
