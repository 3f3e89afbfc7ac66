"""Git in SQL: the objects, refs and commit graph of a project as rows, and the smart-HTTP remote over them.

Owns the tables `git_object`, `git_commit` and `git_ref`. Knows nothing of prompts, versions or releases: what a push
means is asked through `ports`.
"""
