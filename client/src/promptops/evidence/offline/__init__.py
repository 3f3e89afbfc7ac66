"""Checking a pack with Python's standard library and nothing else; `bundle` makes one file of these modules.

A module here imports only the standard library, `promptops.audit.merkle` and its neighbours, and every name at the
top of a module is unique among them.
"""
