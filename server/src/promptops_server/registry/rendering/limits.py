"""How much one rendering may take. Plain values, known to both sides of the process boundary."""

from __future__ import annotations

from dataclasses import dataclass

MAX_DEPTH = 64
"""Levels of nesting in what is given for an input."""


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """Of one rendering; settings `limits.render_*`."""

    seconds: float = 2.0
    memory_mb: int = 256
    output_bytes: int = 4 * 1024 * 1024
    """Of the answer as JSON."""
    processes: int = 4
    """Renderings in processes at the same time."""
    waiting: int = 64
    """Renderings that may wait for a process; more are refused at once."""
