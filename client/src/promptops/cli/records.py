"""Records as the command line reads, judges and shows them.

Owns finding the defaults around a file on disk, the words behind `record set`, and the look of a
judged record. The rules are `promptops.format.record`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptops.cli.failures import BadInput
from promptops.cli.output import Output, cell, note

if TYPE_CHECKING:
    from promptops.format.record import Defaults, Field, Tier
    from promptops.lint.walk import Target


def tier_given(text: str | None) -> Tier | None:
    """The tier of an option. Raises BadInput."""
    if text is None:
        return None
    from promptops.format.record import TIERS as known

    for tier in known:
        if tier == text:
            return tier
    raise BadInput(f"{text!r} is no tier", remedy="write low, medium or high")


def check_file(target: Target, tier: Tier | None) -> dict[str, Any]:
    """The judgement of a file on disk, under the defaults in the folders above it up to its checkout."""
    from promptops.format import fragments, parse
    from promptops.format.record import examine
    from promptops.format.record.shown import record_json

    try:
        parsed = parse(target.path.read_bytes())
    except OSError as error:
        raise BadInput(f"{target.path} cannot be read: {error.strerror or error}") from None
    if parsed.file is None:
        problems = [{**p.to_dict(), "id": "", "file": None} for p in parsed.errors]
        return {"file": target.name, "valid": False, "complete": False, "findings": problems}
    defaults = list(_defaults_above(target))
    judged = examine(
        parsed.file, parsed.source, defaults, tier=tier, whole=not fragments(parsed.file)
    )
    return {"file": target.name, "valid": True, **record_json(judged)}


def _defaults_above(target: Target) -> Iterator[Defaults]:
    from promptops.format import MAX_BYTES
    from promptops.format.record import DEFAULTS_FILE, read_defaults

    folder = target.path.resolve().parent
    root = target.project.root if target.project else folder
    below = [folder, *folder.parents]
    top = below.index(root) if root in below else 0
    for at in reversed(below[: top + 1]):
        file = at / DEFAULTS_FILE
        if file.is_file():
            name = file.relative_to(root).as_posix() if at.is_relative_to(root) else file.name
            with file.open("rb") as opened:
                yield read_defaults(name, opened.read(MAX_BYTES + 1))


def finding_lines(name: str, findings: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The findings as lines: file, place, number, key, what is wrong and what to do."""
    for found in findings:
        place = ":".join(
            str(part) for part in (found["file"] or name, found["line"], found["column"]) if part
        )
        number = f"{found['id']} " if found["id"] else ""
        mark = "warning: " if found["severity"] == "warning" else ""
        key = f"{found['key']}: " if found["key"] else ""
        yield f"{place}: {mark}{number}{key}{found['message']} → {found['fix']}"


def show_judgement(out: Output, name: str, told: Mapping[str, Any]) -> None:
    """One judged record: whether it is complete, at which tier, and what it lacks."""
    lacking = sum(f["severity"] == "error" for f in told["findings"])
    for line in finding_lines(name, told["findings"]):
        out.line(line)
    if not told["valid"]:
        out.line(f"{name}: no valid prompt file")
        return
    tier = f"tier {told['judged_at']}" if told["judged_at"] else "tier unknown"
    state = "complete" if told["complete"] else f"incomplete, {lacking} to do"
    out.line(f"{name}: {tier}: {state}", "green" if told["complete"] else "red")


def show_difference(out: Output, told: Mapping[str, Any]) -> None:
    """How two records differ: a line for each value, then tier and class of the change."""
    rows = (
        (f["id"] or "-", f["key"], _side_cell(f["before"]), _side_cell(f["after"]))
        for f in told["fields"]
    )
    out.table(("ID", "KEY", told["before"], told["after"]), rows, "The records say the same.")
    if out.as_json:
        return
    before, after = told["tier_before"] or "unknown", told["tier_after"] or "unknown"
    note(f"tier {after}" if before == after else f"tier {before} is {after} now")
    change = told["change"]
    why = f": {'; '.join(change['reasons'])}" if change["reasons"] else ""
    note(f"a {change['class']} change{why}")
    if change["counts_as"] != (change["stated"] or change["counts_as"]):
        note(f"its author wrote {change['stated']}; it counts as {change['counts_as']}")


def _side_cell(side: Mapping[str, Any] | None) -> str:
    if side is None:
        return "-"
    return value_cell(side["value"]) + (f"  ({side['file']})" if side["file"] else "")


def changes_of(
    given: Sequence[str], file: Path | None, unset: Sequence[str]
) -> dict[Sequence[str | int], Any]:
    """Key paths below `record` and their new values, from KEY=VALUE, a YAML or JSON file, and --unset.

    Raises BadInput.
    """
    from promptops.format import REMOVE

    changes: dict[Sequence[str | int], Any] = {}
    if file is not None:
        for key, value in _mapping_in(file).items():
            _known(key)
            changes.update(_members(("record", key), value))
    for item in given:
        path, sign, text = item.partition("=")
        if not sign or not path:
            raise BadInput(
                f"{item!r} is no value", remedy="write KEY=VALUE: intent='Sorts claims …'"
            )
        keys = _path(path)
        changes["record", *keys] = _value(_shape_text(keys), text, path)
    for path in unset:
        changes["record", *_path(path)] = REMOVE
    if not changes:
        raise BadInput("nothing to set was given", remedy="write KEY=VALUE, or --from-file FILE")
    return changes


def _members(path: tuple[str, ...], value: Any) -> Iterator[tuple[Sequence[str | int], Any]]:
    """A mapping member by member, so that those it does not name stay as they are."""
    from promptops.format.record.shapes import na_reason

    if isinstance(value, Mapping) and value and na_reason(value) is None:
        for name, member in value.items():
            yield from _members((*path, name), member)
    else:
        yield path, value


def _path(text: str) -> tuple[str, ...]:
    keys = tuple(text.split("."))
    if not all(keys):
        raise BadInput(f"{text!r} is no key", remedy="write it like impact.score")
    _known(keys[0])
    return keys


def _known(key: str) -> Field:
    from promptops.format.record import BY_KEY
    from promptops.format.record.catalogue import similar_key

    if key not in BY_KEY:
        meant = similar_key(key)
        raise BadInput(
            f"the record has no field {key!r}",
            remedy=f"did you mean {meant}?" if meant else "see promptops record fields",
        )
    return BY_KEY[key]


def _shape_text(keys: Sequence[str]) -> bool:
    """Whether what stands there is a text, so that a value is taken as typed."""
    from promptops.format.record.shapes import Group, Text

    shape: Any = _known(keys[0]).shape
    for name in keys[1:]:
        members = shape.members if isinstance(shape, Group) else ()
        shape = next((m.shape for m in members if m.name == name), None)
    return isinstance(shape, Text)


def _value(is_text: bool, text: str, name: str) -> Any:
    from promptops.format.source import decode
    from promptops.format.yaml_reader import read_yaml

    if is_text:
        return text
    _, report = decode(text)
    value = None if report.failed else read_yaml(report)
    if report.failed:
        raise BadInput(
            f"the value of {name} cannot be read: {report.problems()[0].message}",
            remedy="write it as JSON, for example scope.channels='[\"web form\"]'",
        )
    return value


def _mapping_in(file: Path) -> dict[str, Any]:
    from promptops.cli.texts import read_file
    from promptops.format.source import decode
    from promptops.format.yaml_reader import read_yaml

    _, report = decode(read_file(file))
    value = None if report.failed else read_yaml(report)
    if report.failed:
        raise BadInput(f"{file} cannot be read: {report.problems()[0]}")
    if not isinstance(value, dict) or not value:
        raise BadInput(f"{file} has no keys of a record", remedy="write them one a line: intent: …")
    return value


def value_cell(value: Any) -> str:
    """A value of a record on one line."""
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return json.dumps(value, ensure_ascii=False)
    return " ".join(cell(value).split())
