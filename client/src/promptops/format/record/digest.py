"""The `record` digest of a version: what its file documents, with the defaults of its own commit filled in.

Anybody with a clone can work it out again: the prompt file, and the `record-defaults.yml` files beside it
in the same commit. Which members enter the digest is `promptops.format.digests`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..digests import record_digest
from ..model import PromptFile
from .defaults import Defaults
from .inherit import resolve


def inherited_of(defaults: Sequence[Defaults]) -> dict[str, Any]:
    """What defaults files, the project's first, give together; a file with an error gives nothing."""
    return resolve([found.layer() for found in defaults]).record


def resolved_digest(file: PromptFile, defaults: Sequence[Defaults]) -> str:
    """The `record` digest of a prompt file under its defaults, the project's first.

    Without defaults it covers what the file says alone.
    """
    return record_digest(file, inherited_of(defaults))
