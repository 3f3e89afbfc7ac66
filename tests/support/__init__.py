"""Shared machinery of the tests: real databases, real Redis, real server processes."""
