"""How much one Git request may ask of the server. Checked after authentication and before the work."""

from __future__ import annotations

from dataclasses import dataclass

MiB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and counts; `app` fills them from the settings."""

    push_bytes: int = 256 * MiB
    """A push's request body, also after gzip is undone."""
    fetch_bytes: int = 4 * MiB
    """A fetch's request body, also after gzip is undone: wants and haves."""
    objects: int = 500_000
    """Objects in one push."""
    object_bytes: int = 32 * MiB
    """One object, inflated."""
    inflated_bytes: int = 2048 * MiB
    """All objects of a push together, inflated and with deltas applied."""
    delta_depth: int = 50
    tree_depth: int = 64
    """Folders in folders, among the objects of one push."""
    refs: int = 2_000
    """Refs in one push."""
    wants: int = 50_000
    """Wants and haves in one fetch."""
    guarded_commits: int = 1_000
    """Commits of one update listed to a guard."""
    concurrent: int = 8
    """Git requests worked on at once in this process."""
    concurrent_per_actor: int = 4
