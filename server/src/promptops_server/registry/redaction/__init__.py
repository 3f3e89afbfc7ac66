"""Redaction: the one exception to immutability. Text that must not be kept is taken out of a project's whole history.

Owns the requests, the rewriting of Git objects and of the registry's rows, and what old ids mean afterwards.
Releases, artifacts, legal holds and what followers are served are asked through `ports`.
"""
