"""What a prompt can be found by besides its words: tags, owners, models, where it is live, and its states. Pure.

Owns the names of kinds and states and the rule that gives a prompt its facets. Keeping them in SQL is `facet_rows`,
asking by them is `finding`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from promptops.format.families import FAMILIES, family_of

Kind = Literal["tag", "owner", "model", "family", "environment", "state", "invalid"]
PromptState = Literal["draft", "published", "behind", "suspended"]
"""What `state` may be asked for. A prompt is either `draft`, its newest version live nowhere, or `published`, its newest
version live in an environment. Besides, it is `behind` while an older version is live somewhere, and `suspended` while
a suspension stands somewhere."""

SUSPENDED = 0
"""Stands for the version in `Standing.live` where a prompt is suspended."""

CONTENT_KINDS: frozenset[Kind] = frozenset({"tag", "owner", "model", "family", "invalid"})
"""Kinds that follow from the newest version alone; these are also words of the search index."""
_LONGEST = 200


class Facet(NamedTuple):
    """One thing prompts share. `value` is a key: see `facet_key`."""

    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What facets follow from. `live` has, per environment, the version live there, or `SUSPENDED`."""

    valid: bool
    tags: Iterable[str]
    owners: Iterable[str]
    models: Iterable[str]
    latest: int
    live: Mapping[str, int]


def facet_key(text: str) -> str:
    """The text under which a tag, owner or model is found: in any case, cut to what an index holds."""
    return text.strip().lower()[:_LONGEST]


def facets_of(prompt: Standing) -> frozenset[Facet]:
    """Everything the prompt is found by."""
    return frozenset(_of_content(prompt)) | release_facets(prompt.latest, prompt.live)


def release_facets(latest: int, live: Mapping[str, int]) -> frozenset[Facet]:
    """Those that follow from where versions are live; the arguments as in `Standing`."""
    found = [Facet("state", state) for state in states_of_prompt(latest, live)]
    found += [Facet("environment", e) for e, version in live.items() if version != SUSPENDED]
    return frozenset(found)


def content_facets(prompt: Standing) -> frozenset[Facet]:
    """Those that follow from its newest version."""
    return frozenset(_of_content(prompt))


def model_facet(asked: str) -> Facet:
    """What `model` asks for: a family by its name, else a model by its id."""
    key = facet_key(asked)
    return Facet("family" if key in FAMILIES else "model", key)


def _of_content(prompt: Standing) -> Iterable[Facet]:
    if not prompt.valid:
        yield Facet("invalid", "")
    for tag in prompt.tags:
        yield Facet("tag", facet_key(tag))
    for owner in prompt.owners:
        yield Facet("owner", facet_key(owner))
    for model in prompt.models:
        key = facet_key(model)
        if key not in FAMILIES:
            yield Facet("model", key)
        family = key if key in FAMILIES else family_of(key)
        if family is not None:
            yield Facet("family", family)


def states_of_prompt(latest: int, live: Mapping[str, int]) -> tuple[PromptState, ...]:
    """All states of a prompt whose newest version is `latest`; `live` as in `Standing`."""
    versions = {version for version in live.values() if version != SUSPENDED}
    found: list[PromptState] = ["published" if latest in versions else "draft"]
    if any(version < latest for version in versions):
        found.append("behind")
    if SUSPENDED in live.values():
        found.append("suspended")
    return tuple(found)


def live_text(live: Mapping[str, int]) -> str:
    """`Standing.live` as it is stored."""
    return json.dumps(live, sort_keys=True) if live else "{}"


def live_of(text: str) -> dict[str, int]:
    """The reverse of `live_text`."""
    return dict(json.loads(text)) if text != "{}" else {}
