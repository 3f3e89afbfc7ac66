"""Model targets: the configured endpoints of an installation, their credentials, budgets and checks.

Leaves how a provider is spoken to, to `kinds` and `wire`.
"""
