"""The members that a version's record digest is taken over, so that a pack can carry them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptops.format import PromptFile
from promptops.format.digests import resolve_record, without_empty


def documented_members(file: PromptFile, inherited: Mapping[str, Any]) -> dict[str, Any]:
    """The value whose canonical digest is `record_digest(file, inherited)`; a test holds the two together."""
    inputs = {}
    for name, given in file.inputs.items():
        pii = list(given.pii) if isinstance(given.pii, tuple) else given.pii
        said = {"description": given.description, "pii": pii or None, "trust": given.trust}
        inputs[name] = without_empty(said)
    return without_empty(
        {
            "description": file.description,
            "owners": list(file.owners),
            "record": resolve_record(file.record, inherited),
            "inputs": {name: said for name, said in inputs.items() if said},
        }
    )
