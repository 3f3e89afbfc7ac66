"""A case written into the text of a suite file: comments, order and everything else stay. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promptops.format import CannotEdit, CannotWrite, dump, edit
from promptops.format.suite import parse_suite
from promptops_server.infra.problems import Invalid


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case as a suite file has it. `checks` are evaluators as a file writes them."""

    inputs: Mapping[str, Any]
    name: str | None = None
    expected: Any = None
    checks: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    def to_file(self) -> dict[str, Any]:
        """Its members, those that say nothing left out. A check without a name gets one."""
        said: dict[str, Any] = {}
        if self.name is not None:
            said["name"] = self.name
        said["inputs"] = dict(self.inputs)
        if self.expected is not None:
            said["expected"] = self.expected
        if self.checks:
            said["evaluators"] = [_named(check, n) for n, check in enumerate(self.checks, 1)]
        return said


def with_case(text: str, case: NewCase) -> tuple[str, int]:
    """The suite's text with one case more, and the place of the case in it. A blank text is a new suite.

    Raises:
        Invalid: the suite cannot be read, or the case cannot be written into it.
    """
    try:
        if not text.strip():
            return dump({"cases": [case.to_file()]}), 0
        parsed = parse_suite(text)
        if parsed.suite is None:
            first = parsed.errors[0]
            raise Invalid(
                f"The suite has an error in line {first.line}: {first.message}.",
                remedy="Repair it first.",
            )
        place = len(parsed.suite.cases)
        return edit(text, {("cases", place): case.to_file()}), place
    except (CannotEdit, CannotWrite) as error:
        raise Invalid(
            f"The case cannot be written into the suite: {error}.",
            remedy="Write it into the file by hand.",
        ) from None


def _named(check: Mapping[str, Any], number: int) -> dict[str, Any]:
    if check.get("name"):
        return dict(check)
    kind = next((key for key in check if key not in ("name", "required")), "check")
    return {"name": f"{kind} {number}", **check}
