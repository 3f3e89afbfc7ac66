"""A pack checked with everything the client has: what `verify.py` checks, and that the file compiles to the artifact."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.evidence.offline.findings import Findings
from promptops.evidence.offline.whole import check_pack
from promptops.evidence.recompute import recompute


def check(data: bytes, given: Sequence[str] = ()) -> Findings:
    """Check a pack; see `check_pack`. Raises NotAPack."""
    found, files = check_pack(data, given)
    folders = [prompt.get("folder", "") for prompt in found.subject.get("prompts", ())]
    if found.ok:  # a changed file would only be named again
        for folder in folders:
            recompute(folder, files, found)
    return found
