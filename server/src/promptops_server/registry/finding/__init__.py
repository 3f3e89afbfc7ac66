"""Finding prompts: pages of a project's prompts by path, search or filter, and what happened in it lately.

Only reads what `registry.record` and `audit` wrote. The index of words is `registry.search`.
"""
