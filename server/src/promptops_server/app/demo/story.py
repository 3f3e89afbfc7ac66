"""What the sample workspace consists of: people, and per project the steps of its story, read from `content/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from promptops.format.record import DEFAULTS_FILE

CONTENT = Path(__file__).parent / "content"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the workspace; `roles` by project, ``*`` for every project."""

    name: str
    display: str
    roles: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Defaults:
    """The defaults of records of a module, "" meaning the project. They stand before the first prompt."""

    by: str
    module: str
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class Write:
    """A version of one prompt: its whole file at that time."""

    by: str
    path: str
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class Release:
    """A publish, rollback or suspension."""

    by: str
    kind: str
    environment: str
    paths: Sequence[str]
    reason: str
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A request for review of the newest versions, and who decided in favour; without an approver it stays open."""

    by: str
    paths: Sequence[str]
    message: str
    reviewed: str | None = None
    approved: str | None = None


Step = Defaults | Write | Release | Review


@dataclass(frozen=True, slots=True)
class Story:
    """One project from its creation on."""

    project: str
    title: str
    description: str
    created_by: str
    steps: Sequence[Step] = field(default_factory=tuple)


def people() -> list[Person]:
    """Everybody in the workspace."""
    return [
        Person(item["name"], item["display"], item["roles"])
        for item in _read(CONTENT / "people.yaml")
    ]


def stories() -> list[Story]:
    """The projects, the one most examples use first."""
    found = [_story(path.parent) for path in sorted(CONTENT.glob("*/story.yaml"))]
    return sorted(found, key=lambda story: story.project != "retail-bank")


def _story(folder: Path) -> Story:
    data = _read(folder / "story.yaml")
    texts: dict[str, str] = {}
    return Story(
        folder.name,
        data["title"],
        data["description"],
        data["created_by"],
        tuple(_step(folder, texts, step) for step in data["steps"]),
    )


def _step(folder: Path, texts: dict[str, str], step: Mapping[str, Any]) -> Step:
    if "defaults" in step:
        module = "" if step["defaults"] == "." else step["defaults"]
        text = (folder / module / DEFAULTS_FILE).read_text()
        return Defaults(step["by"], module, text, step["message"])
    if "put" in step:
        path = step["put"]
        texts[path] = (folder / f"{path}.prompt.yml").read_text()
        return Write(step["by"], path, texts[path], step["message"])
    if "change" in step:
        path = step["change"]
        for old, new in step["replace"]:
            if texts[path].count(old) != 1:
                raise ValueError(f"{folder.name}/{path}: {old!r} does not stand there once")
            texts[path] = texts[path].replace(old, new)
        return Write(step["by"], path, texts[path], step["message"])
    if "review" in step:
        return Review(
            step["by"],
            tuple(step["review"]),
            step["message"],
            step.get("reviewed"),
            step.get("approved"),
        )
    for kind in ("publish", "rollback", "suspend"):
        if kind in step:
            paths = [step[kind]] if isinstance(step[kind], str) else step[kind]
            return Release(
                step["by"],
                kind,
                step["to"] if kind == "publish" else step["in"],
                tuple(paths),
                step["reason"],
                step.get("ticket"),
            )
    raise ValueError(f"{folder.name}: a step that is none: {step}")


def _read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
