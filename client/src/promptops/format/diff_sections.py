"""What differs between two prompt files, section by section, and of which class the change is.

Owns which keys of a file make a section, and which sections make a class. A class says what a change
may touch; whether that is a significant change is for those to say who answer for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .diff import diff_prompts
from .diff_messages import MessageChange, diff_messages
from .diff_sequences import Effort
from .diff_values import ChangeKind, ValueChange, value_changes
from .digests import without_empty
from .model import Input, PromptFile, Tool, Variant

SectionName: TypeAlias = Literal[
    "messages",
    "model",
    "template",
    "parameters",
    "inputs",
    "variants",
    "tools",
    "output",
    "retrieval",
    "record",
    "about",
    "tests",
    "other",
]
ChangeClass: TypeAlias = Literal[
    "instructions",
    "model",
    "parameters",
    "tools",
    "inputs",
    "output_schema",
    "retrieval",
    "record",
    "tests",
    "metadata",
    "other",
    "cosmetic",
]
BEHAVIOUR_CLASSES: tuple[ChangeClass, ...] = (
    *("instructions", "model", "parameters", "tools", "inputs", "output_schema", "retrieval"),
)
"""The classes of changes that a model may notice."""

_CLASS_OF: Mapping[SectionName, ChangeClass] = {
    "messages": "instructions",
    "template": "instructions",
    "model": "model",
    "parameters": "parameters",
    "tools": "tools",
    "output": "output_schema",
    "retrieval": "retrieval",
    "record": "record",
    "tests": "tests",
    "other": "other",
}
_CLASSES: tuple[ChangeClass, ...] = (
    *BEHAVIOUR_CLASSES,
    *("record", "tests", "metadata", "other", "cosmetic"),
)
_DOCUMENTED = ("description", "owners")
"""Of the section `about`: what the record digest covers."""


@dataclass(frozen=True, slots=True)
class VariantChange:
    """One variant that differs; an added or removed one tells all it says."""

    variant: str
    kind: ChangeKind
    changes: tuple[ValueChange, ...]
    messages: tuple[MessageChange, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "variant": self.variant,
            "kind": self.kind,
            "changes": [change.to_json() for change in self.changes],
            "messages": [message.to_json() for message in self.messages],
        }


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the file that differs. `messages` and `variants` are filled in the sections of that name."""

    name: SectionName
    changes: tuple[ValueChange, ...] = ()
    messages: tuple[MessageChange, ...] = ()
    variants: tuple[VariantChange, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "section": self.name,
            "changes": [change.to_json() for change in self.changes],
            "messages": [message.to_json() for message in self.messages],
            "variants": [variant.to_json() for variant in self.variants],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """The sections that differ, and the classes of the change.

    `cosmetic` stands alone: the values are the same, and only comments, order or spelling of the file
    differ. No class: the texts are the same. `complete` is False when a text was too much to compare
    word by word and is shown by lines.
    """

    sections: tuple[Section, ...]
    classes: tuple[ChangeClass, ...]
    complete: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "sections": [section.to_json() for section in self.sections],
            "classes": list(self.classes),
            "words_complete": self.complete,
        }


def compare_prompts(
    before: PromptFile | None,
    after: PromptFile | None,
    *,
    same_text: bool = False,
    effort: Effort | None = None,
) -> Comparison:
    """Compare two files; None stands for one that does not exist.

    Args:
        same_text: the two files are the same, byte for byte, so that nothing at all is a change.
        effort: what may be spent, where several comparisons share it.
    """
    if same_text:
        return Comparison((), ())
    effort = effort or Effort()
    short, effort.short = effort.short, False
    a, b = before or _NOTHING, after or _NOTHING
    sections = tuple(s for s in _sections(a, b, effort) if s.changes or s.messages or s.variants)
    if not sections:
        raw = [ValueChange(c.key, _kind(c.kind), c.before, c.after) for c in diff_prompts(a, b)]
        sections = (Section("other", tuple(raw)),) if raw else ()
    found = {name for section in sections for name in _classes(section, a, b)}
    complete, effort.short = not effort.short, effort.short or short
    return Comparison(
        sections, tuple(c for c in _CLASSES if c in found) if found else ("cosmetic",), complete
    )


_NOTHING = PromptFile(messages=())


def _sections(a: PromptFile, b: PromptFile, effort: Effort) -> Iterator[Section]:
    def plain(name: SectionName, old: Any, new: Any, *path: str) -> Section:
        return Section(name, tuple(value_changes(old, new, path, effort)))

    yield Section("messages", messages=diff_messages(a.messages, b.messages, effort=effort))
    yield plain("model", _said(model=a.model), _said(model=b.model))
    if a is not _NOTHING and b is not _NOTHING:  # every file has one: no news in a new file
        yield plain("template", {"template": a.template}, {"template": b.template})
    yield plain("parameters", dict(a.parameters), dict(b.parameters), "modelParameters")
    yield plain("inputs", _inputs(a), _inputs(b), "inputs")
    yield Section("variants", variants=tuple(_variants(a.variants, b.variants, effort)))
    yield Section("tools", tuple(_tools(a.tools, b.tools, effort)))
    yield plain("output", _output(a), _output(b))
    yield plain("retrieval", _said(retrieval=a.retrieval), _said(retrieval=b.retrieval))
    yield plain("record", dict(a.record), dict(b.record), "record")
    yield plain("about", _about(a), _about(b))
    yield plain("tests", _tests(a), _tests(b))
    yield plain("other", dict(a.unknown), dict(b.unknown))


def _said(**members: Any) -> dict[str, Any]:
    return without_empty(members)


def _inputs(file: PromptFile) -> dict[str, dict[str, Any]]:
    return {name: _input(given) for name, given in file.inputs.items()}


def _input(given: Input) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": given.type,
        "required": given.required,
        "declared": given.declared,
        **_said(description=given.description, trust=given.trust),
    }
    if given.has_default:
        said["default"] = given.default
    if given.pii:
        said["pii"] = list(given.pii) if isinstance(given.pii, tuple) else given.pii
    return said


def _output(file: PromptFile) -> dict[str, Any]:
    return _said(responseFormat=file.response_format, jsonSchema=file.json_schema)


def _about(file: PromptFile) -> dict[str, Any]:
    return _said(
        name=file.name,
        description=file.description,
        tags=list(file.tags),
        owners=list(file.owners),
    )


def _tests(file: PromptFile) -> dict[str, Any]:
    return _said(testData=list(file.test_data), evaluators=list(file.evaluators))


def _tools(old: Iterable[Tool], new: Iterable[Tool], effort: Effort) -> Iterator[ValueChange]:
    """By name, so that a tool put in front does not make all others differ."""
    before = {tool.name: tool.to_json() for tool in old}
    after = {tool.name: tool.to_json() for tool in new}
    yield from value_changes(before, after, ("tools",), effort)
    kept = [name for name in before if name in after]
    now = [name for name in after if name in before]
    if kept != now:
        yield ValueChange("tools", "moved", kept, now)


def _variants(
    old: Mapping[str, Variant], new: Mapping[str, Variant], effort: Effort
) -> Iterator[VariantChange]:
    for key in [*new, *(key for key in old if key not in new)]:
        before, after = old.get(key), new.get(key)
        path = ("variants", key)
        changes = tuple(value_changes(_variant(before), _variant(after), path, effort))
        messages = diff_messages(
            (before.messages if before else None) or (),
            (after.messages if after else None) or (),
            (*path, "messages"),
            effort,
        )
        kind: ChangeKind = "added" if before is None else "removed" if after is None else "changed"
        if changes or messages or kind != "changed":
            yield VariantChange(key, kind, changes, messages)


def _variant(variant: Variant | None) -> dict[str, Any]:
    """A variant without its messages. One that overrides nothing of a kind differs from one with an empty set."""
    if variant is None:
        return {}
    said: dict[str, Any] = {}
    if variant.model is not None:
        said["model"] = variant.model
    if variant.parameters is not None:
        said["modelParameters"] = dict(variant.parameters)
    return said


def _classes(section: Section, a: PromptFile, b: PromptFile) -> Iterator[ChangeClass]:
    if section.name == "variants":
        for variant in section.variants:
            yield from _variant_classes(variant)
    elif section.name == "inputs":
        yield from _input_classes(a, b)
    elif section.name == "about":
        for change in section.changes:
            documented = change.key.partition("[")[0] in _DOCUMENTED
            yield "record" if documented else "metadata"
    else:
        yield _CLASS_OF[section.name]


def _variant_classes(variant: VariantChange) -> Iterator[ChangeClass]:
    """A variant more or less is one model more or less that the prompt speaks to."""
    if variant.kind != "changed":
        yield "model"
    if variant.messages:
        yield "instructions"
    for change in variant.changes:
        yield "parameters" if ".modelParameters" in change.key else "model"


def _input_classes(a: PromptFile, b: PromptFile) -> Iterator[ChangeClass]:
    """Descriptions are documentation alone; personal data and trust are that, too."""
    for name in {*a.inputs, *b.inputs}:
        old, new = a.inputs.get(name), b.inputs.get(name)
        if old is None or new is None:
            yield "inputs"
        for attribute in ("description", "pii", "trust"):
            if getattr(old, attribute, None) != getattr(new, attribute, None):
                yield "record"
        if old is not None and new is not None:
            spoken = (
                old.type,
                old.required,
                old.has_default,
                repr(old.default),
                old.trust,
                old.pii,
            )
            if spoken != (
                *(new.type, new.required, new.has_default),
                *(repr(new.default), new.trust, new.pii),
            ):
                yield "inputs"


def _kind(kind: str) -> ChangeKind:
    return "added" if kind == "added" else "removed" if kind == "removed" else "changed"
