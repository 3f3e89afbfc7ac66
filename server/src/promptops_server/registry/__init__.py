"""The registry: projects as Git repositories in SQL, prompts and their numbered versions, search, import, Git remote.

Owns what was written and when; knows nothing of what is live, which it asks of `ports.LiveVersion`. `git` holds the
objects and the remote, `steps` the numbering rule, `record` the one place that writes versions; each use case is a file
named by its verb.
"""
