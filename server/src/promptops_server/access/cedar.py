"""Cedar's side of a decision: the shipped policies and schema as files, texts parsed once, a request put to them.

Owns the form in which Cedar is asked. Leaves what an answer means to `policy`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

import cedarpy

_FOLDER: Final = files("promptops_server.access") / "policies"


@cache
def shipped() -> Mapping[str, str]:
    """The policies that come with the product: file name to text, in the order in which they are shown."""
    order = ("reading-and-writing", "releases", "decisions", "administrators", "tokens")
    return {f"{name}.cedar": (_FOLDER / f"{name}.cedar").read_text("utf-8") for name in order}


@cache
def schema() -> str:
    """The words that policies can use, as a Cedar schema."""
    return (_FOLDER / "promptops.cedarschema").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class OwnPolicy:
    """A policy of the installation: it only forbids."""

    name: str
    text: str
    comment: str = ""
    """What it is for; told to whoever it refuses."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Parsed policies. `rules` is the rule's name by Cedar's own id of the statement."""

    parsed: cedarpy.PolicySet
    rules: Mapping[str, str]
    version: str
    """SHA-256 over all texts, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Cedar said: the rules that decided, and what went wrong while it tried."""

    allowed: bool
    rules: tuple[str, ...]
    errors: tuple[str, ...]


def policy_set(own: Sequence[OwnPolicy]) -> PolicySet:
    """The shipped policies and the installation's, parsed.

    Raises:
        ValueError: a text is no Cedar, which `own_policies.validate` finds first.
    """
    texts = [*shipped().values(), *(policy.text for policy in own)]
    version = hashlib.sha256(json.dumps(texts).encode()).hexdigest()
    return _parsed(version, tuple(own))


@lru_cache(maxsize=64)
def _parsed(version: str, own: tuple[OwnPolicy, ...]) -> PolicySet:
    # Cedar numbers the statements of one text from 0, so each text is counted to tell whose statement it was.
    rules: dict[str, str] = {}
    everything: list[dict[str, Any]] = []
    for text in shipped().values():
        for statement in statements(text):
            rules[f"policy{len(everything)}"] = statement["annotations"]["id"]
            everything.append(statement)
    for policy in own:
        for statement in statements(policy.text):
            rules[f"policy{len(everything)}"] = f"policy.{policy.name}"
            everything.append(statement)
    document = {
        "staticPolicies": {f"policy{at}": one for at, one in enumerate(everything)},
        "templates": {},
        "templateLinks": [],
    }
    return PolicySet(cedarpy.PolicySet.from_json_str(json.dumps(document)), rules, version)


def statements(text: str) -> list[dict[str, Any]]:
    """The statements of a Cedar text in Cedar's JSON form, in their order, templates included.

    Raises:
        ValueError: it cannot be parsed; the message is Cedar's.
    """
    document = json.loads(cedarpy.policies_to_json_str(text))
    found = {**document["staticPolicies"], **document["templates"]}
    return [found[name] for name in sorted(found, key=lambda n: int(n.removeprefix("policy")))]


def ask(
    policies: PolicySet,
    *,
    principal: Mapping[str, Any],
    action: str,
    place: Mapping[str, Any],
    context: Mapping[str, Any],
) -> Answer:
    """Put one request to Cedar. A policy that fails is told in `errors`: Cedar itself passes over it."""
    # Two entities and no graph: what a decision costs is mostly the reading of what it is given.
    entities = json.dumps(
        [
            {"uid": _ACCOUNT | {"id": principal["id"]}, "attrs": principal["attrs"], "parents": []},
            {"uid": _PLACE, "attrs": place, "parents": []},
        ]
    )
    result = cedarpy.is_authorized(
        {
            "principal": _ACCOUNT | {"id": principal["id"]},
            "action": {"type": "Action", "id": action},
            "resource": _PLACE,
            "context": json.dumps(context),
        },
        policies.parsed,
        entities,
    )
    found = result.diagnostics
    return Answer(
        result.decision == cedarpy.Decision.Allow,
        tuple(sorted({policies.rules[name] for name in found.reasons})),
        tuple(found.errors),
    )


_ACCOUNT: Final = {"type": "Account"}
_PLACE: Final = {"type": "Place", "id": "here"}
