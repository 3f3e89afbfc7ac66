"""What the command line asks an import of a repository for. Loaded with the command, so it imports nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for. `branch` "" is the source's default."""

    address: str
    project: str
    branch: str = ""
    everything: bool = False
    create: bool = False
    dry_run: bool = False
