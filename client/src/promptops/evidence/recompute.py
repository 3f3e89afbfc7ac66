"""From a pack's prompt file to its artifact, digests and record, as this client computes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from promptops.errors import PromptOpsError
from promptops.evidence.offline.findings import Findings
from promptops.format import (
    FragmentError,
    PromptFile,
    behaviour_digest,
    compile_artifact,
    parse,
    record_digest,
    resolve_fragments,
)
from promptops.format.fragment import Pin
from promptops.format.record import examine, layers_of, read_defaults


def recompute(folder: str, files: Mapping[str, bytes], found: Findings) -> None:
    """Compile the prompt of one folder again, and hold it against what the pack says."""
    try:
        _recompute(folder, files, found)
    except (KeyError, TypeError, ValueError, AttributeError, PromptOpsError) as error:
        found.fault(f"{folder}/version.json", f"cannot be recomputed: {error}"[:300])


def _recompute(folder: str, files: Mapping[str, bytes], found: Findings) -> None:
    version = json.loads(files[f"{folder}/version.json"])
    at = f"{folder}/{version['file']}"
    content = files[at]
    file = parse(content).file
    if file is None:
        if version["valid"]:
            found.fault(at, "is not a valid prompt file")
        return
    resolved = _with_fragments(file, files[f"{folder}/fragments.json"])
    if behaviour_digest(resolved) != version["behaviour"]:
        found.fault(at, "has not the behaviour digest of the version")
    if record_digest(file, version["record_inherited"]) != version["record"]:
        found.fault(at, "has not the record digest of the version")
    artifact = files.get(f"{folder}/artifact.json")
    if artifact is not None:
        made = compile_artifact(
            resolved,
            project=version["project"],
            path=version["path"],
            version=version["version"],
            commit=version["commit"],
        )
        if made.text.encode() != artifact:
            found.fault(f"{folder}/artifact.json", "is not what the prompt file compiles to")
        else:
            found.held.append(f"{version['address']}: the prompt file compiles to the artifact")
    _compare_record(folder, files, version, resolved, found)


def _with_fragments(file: PromptFile, listed: bytes) -> PromptFile:
    known: dict[tuple[str, Any], str] = {
        (item["path"], item["pin"]): item["text"] for item in json.loads(listed)
    }

    def load(path: str, pin: Pin) -> PromptFile:
        text = known.get((path, pin))
        fragment = parse(text).file if text is not None else None
        if fragment is None:
            raise FragmentError(f"{path}@{pin} is not among the fragments of the pack")
        return fragment

    return resolve_fragments(file, load)


def _compare_record(
    folder: str,
    files: Mapping[str, bytes],
    version: Mapping[str, Any],
    file: PromptFile,
    found: Findings,
) -> None:
    texts = {item["path"]: item["text"] for item in json.loads(files[f"{folder}/defaults.json"])}
    layers = layers_of(
        version["path"], lambda path: read_defaults(path, texts[path]) if path in texts else None
    )
    told = json.loads(files[f"{folder}/record.json"])
    # Through JSON, as the pack has it: 1.0 and 1 are told apart by no reader of it.
    ours = json.loads(json.dumps(examine(file, None, layers).resolved.record))
    if ours != told["record"]:
        found.fault(
            f"{folder}/record.json", "is not the record of the prompt file under its defaults"
        )
    else:
        found.held.append(f"{version['address']}: the record is the file's under its defaults")
