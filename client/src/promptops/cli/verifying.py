"""Reading what `audit verify` is given, and the verdict in words. The check is `promptops.audit.verify`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from promptops.audit.checkpoint import NotACheckpoint, SignedCheckpoint
from promptops.audit.findings import Verdict
from promptops.audit.verify import verify
from promptops.cli.failures import BadInput
from promptops.delivery.trust import read_trust_key
from promptops.errors import InvalidKey


def check(export: Path, checkpoints: Path | None, trust_key: str) -> Verdict:
    """Check an export. Raises BadInput for what cannot be read, NotAnExport."""
    keys = _keys(trust_key)
    outside = list(_checkpoints(checkpoints)) if checkpoints else []
    try:
        with export.open("rb") as lines:
            return verify(lines, trusted=keys, outside=outside)
    except OSError as error:
        raise BadInput(f"{export} cannot be read: {error.strerror or error}") from None


def summary(found: Verdict) -> list[str]:
    """The verdict, a line each."""
    lines = [f"{found.name}: {found.entries} entries, exported {found.exported_at}"]
    if found.removed:
        told = "covered by checkpoint" if found.anchored else "no checkpoint here covers them"
        lines.append(f"removed under retention: {found.removed[0]} to {found.removed[1]}, {told}")
    if found.erased:
        lines.append(f"personal data erased: in {found.erased} entries")
    for word, span in (("anchored", found.anchored), ("unanchored", found.unanchored)):
        if span:
            by = f" by {found.checkpoints} signed checkpoints" if word == "anchored" else ""
            lines.append(f"{word}: {span[0]} to {span[1]}{by}")
    lines += [f"broken: {fault.kind}: {fault.text}" for fault in found.faults[:20]]
    if found.fault_count > 20:
        lines.append(f"… and {found.fault_count - 20} more")
    if not found.pinned:
        lines.append("keys: taken from the export itself; give --trust-key to rely on them")
    lines.append("ok" if found.ok else "BROKEN")
    return lines


def _keys(given: str) -> tuple[bytes, ...]:
    if not given:
        return ()
    if re.fullmatch(r"[0-9a-fA-F]{64}", given.strip()):
        return (bytes.fromhex(given.strip()),)
    try:
        return read_trust_key(given)
    except InvalidKey as error:
        raise BadInput(str(error)) from None


def _checkpoints(file: Path) -> Iterator[SignedCheckpoint]:
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror or error}") from None
    for number, line in enumerate(lines, 1):
        try:
            yield SignedCheckpoint.from_value(json.loads(line))
        except (NotACheckpoint, ValueError, RecursionError) as error:
            if number < len(lines):  # the last line may have been cut off by a power cut
                raise BadInput(f"{file}:{number}: no checkpoint: {error}") from None
