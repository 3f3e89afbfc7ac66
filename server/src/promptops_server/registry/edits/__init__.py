"""Edits of prompts made on the server: each is one commit on `main`, with its versions and its audit event.

One file per use case, named by its verb. What a change means for versions is `registry.steps`, writing them is
`registry.record`; what arrives by `git push` is `registry.pushed`.
"""
