"""PromptOps without a server, for an application's own tests.

    ops = InMemoryPromptOps(project="retail-bank")
    ops.publish("claims/triage", "Sort this claim: {{ claim }}")
    assert ops.get("claims/triage").render(claim="…")

Owns the in-memory clients: they compile, number, release, suspend and render as the real ones do,
and have the same methods that read. They check no signatures, since nothing arrives from outside.
The pytest fixtures are in `promptops.testing.pytest_plugin`.
"""

from promptops.testing.in_memory import InMemoryPromptOps
from promptops.testing.in_memory_async import InMemoryAsyncPromptOps

__all__ = ["InMemoryAsyncPromptOps", "InMemoryPromptOps"]
