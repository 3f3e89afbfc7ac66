"""Checking a prompt that is being written: what is wrong with it and where, for editors.

Owns the place of a finding inside the value it is about, and turning the JSON form of an unsaved prompt into its file.
What may be wrong is said by `promptops.format` and `promptops.lint`; nothing is stored.
"""
