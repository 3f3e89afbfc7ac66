"""Prompts tested on models: suites of cases, evaluators, durable runs, the compatibility matrix, the playground.

Calls go through `providers`; what a verdict allows is decided in `approvals`.
"""
