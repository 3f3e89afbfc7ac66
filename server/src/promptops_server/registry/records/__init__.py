"""Records of prompts read from the repository: one with its defaults, or an inventory of all.

What a record must hold is `promptops.format.record`; here it is found in Git. Not to be confused with
`registry.record`, which writes versions down.
"""
