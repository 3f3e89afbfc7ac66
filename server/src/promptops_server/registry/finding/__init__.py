"""Finding prompts: pages of a project's prompts by path, search or filter, saved views, and what happened in it lately.

Reads what `registry.record`, `registry.facet_rows` and `audit` wrote; writes saved views alone. The index of words is
`registry.search`.
"""
