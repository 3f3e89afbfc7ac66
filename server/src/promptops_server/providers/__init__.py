"""Models and the endpoints that serve them: the catalogue, configured targets, and calls over two wire protocols.

Leaves prompts to `registry` and what is tested with them to `evaluation`.
"""
