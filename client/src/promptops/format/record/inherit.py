"""What a prompt's record says once defaults are filled in, and where each value comes from. Pure.

Layers lie over each other, the nearest on top: the project's defaults, those of each module from the
outside in, what the prompt file says elsewhere (its model, owners, inputs), and its own `record`.
Mappings are merged key by key; a list, a text, a number or an n/a replaces what lies below. Null
counts as not said.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model import PromptFile
from ..problem import KeyPath
from ..source import SourceMap
from .shapes import na_reason


@dataclass(frozen=True, slots=True)
class Layer:
    """Part of a record. `source` says where its values stand; `root` is the key path they hang under.

    `kind` is `project`, `module`, `file` (taken from the prompt's other keys) or `record`; `file` is
    the defaults file's path, "" for the prompt's own file.
    """

    kind: str
    file: str
    record: Mapping[str, Any]
    source: SourceMap | None = field(default=None, compare=False, repr=False)
    root: KeyPath = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """A record with its defaults. `origins` has the layer of every value that was set whole."""

    record: dict[str, Any]
    origins: dict[KeyPath, Layer]

    def origin(self, path: KeyPath) -> Layer | None:
        """The layer a value comes from; for a merged mapping the lowest one."""
        while path:
            if path in self.origins:
                return self.origins[path]
            path = path[:-1]
        return None


def resolve(layers: Sequence[Layer]) -> Resolved:
    """The record of these layers, given from the bottom up."""
    resolved = Resolved({}, {})
    for layer in layers:
        _lay(resolved, resolved.record, layer, layer.record, ())
    return resolved


def _lay(
    resolved: Resolved,
    under: dict[str, Any],
    layer: Layer,
    over: Mapping[str, Any],
    path: KeyPath,
) -> None:
    for key, value in over.items():
        if value is None:
            continue
        at = (*path, key)
        below = under.get(key)
        if _merges(value) and isinstance(below, dict) and _merges(below):
            _lay(resolved, below, layer, value, at)
            continue
        _forget(resolved.origins, at, below)
        under[key] = _plain(value)
        resolved.origins[at] = layer


def _forget(origins: dict[KeyPath, Layer], path: KeyPath, value: Any) -> None:
    """Drop where a value that is replaced came from, with all its members."""
    origins.pop(path, None)
    if isinstance(value, Mapping):
        for key, member in value.items():
            _forget(origins, (*path, key), member)


def _merges(value: Any) -> bool:
    return isinstance(value, Mapping) and na_reason(value) is None


def _plain(value: Any) -> Any:
    """A copy without nulls in mappings: null is not said."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return copy.deepcopy(value)


def said_elsewhere(file: PromptFile) -> dict[str, Any]:
    """What other keys of a prompt file answer: model, owners, variables."""
    said: dict[str, Any] = {}
    if file.model:
        provider, slash, name = file.model.partition("/")
        said["model"] = {"provider": provider, "name": name} if slash else {"name": file.model}
    for key, owner in zip(("owner", "backup"), file.owners, strict=False):
        said[key] = owner
    said["variables"] = [
        {
            "name": given.name,
            "source": "the calling application",
            "trust": given.trust or "untrusted",
            "pii": bool(given.pii),
        }
        for given in file.inputs.values()
    ]
    return said
