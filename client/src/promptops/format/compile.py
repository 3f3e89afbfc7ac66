"""From a prompt file to the artifact that applications receive.

Owns the artifact's text: one line of canonical JSON with the members of the delivery protocol. Which
members the behaviour digest covers is said in `digests`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .canonical import canonical_bytes, digest_of, sha256_of
from .digests import behaviour_members, without_empty
from .fragment import refuse_unresolved
from .model import PromptFile


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled version.

    `digest` is over the UTF-8 bytes of `text`; `requires` names the features a client must know;
    `behaviour` is the version's behaviour digest.
    """

    text: str
    digest: str
    requires: tuple[str, ...]
    behaviour: str


def compile_artifact(
    file: PromptFile, *, project: str, path: str, version: int, commit: str
) -> Artifact:
    """Compile a file whose fragments are resolved.

    `path` is the address without the project. Raises UnresolvedFragment.
    """
    refuse_unresolved(file)
    members = behaviour_members(file)
    behaviour = digest_of(without_empty(members))
    requires = required_features(file)
    inputs = members["inputs"]
    for name, given in file.inputs.items():
        if given.description:
            inputs[name]["description"] = given.description
        if given.pii:
            inputs[name]["pii"] = list(given.pii) if isinstance(given.pii, tuple) else given.pii
    members.update(
        project=project,
        path=path,
        version=version,
        commit=commit,
        behaviour=behaviour,
        requires=list(requires),
    )
    content = canonical_bytes(members)
    return Artifact(content.decode(), sha256_of(content), requires, behaviour)


def required_features(file: PromptFile) -> tuple[str, ...]:
    """The optional features a client needs for this prompt."""
    return ("jinja2",) if file.template == "jinja2" else ()
