"""PromptOps without a server, for an application's own tests.

    ops = InMemoryPromptOps(project="retail-bank")
    ops.publish("claims/triage", "Sort this claim: {{ claim }}")
    assert ops.get("claims/triage").render(claim="…")

Owns the in-memory client: it compiles, numbers, releases, suspends and renders as the real one
does, and has the same methods that read. It checks no signatures, since nothing arrives from
outside. The pytest fixture is in `promptops.testing.pytest_plugin`.
"""

from promptops.testing.in_memory import InMemoryPromptOps

__all__ = ["InMemoryPromptOps"]
