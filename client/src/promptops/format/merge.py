"""Three-way merge of texts by line, with Git's conflict markers; and reading those markers back.

Owns the rule: changes of the two sides that touch or overlap are one conflict unless they are the same; all others are
taken. That is what ``git merge-file --diff3`` does. Where lines differ is found by `line_diff`. One thing is done
beyond Git: line ends and the byte-order mark are merged apart from the lines when each text has one kind throughout,
so that an editor which turned ``LF`` into ``CRLF`` changed no line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .line_diff import Hunk, changes

Side = Literal["yours", "theirs"]

_BOM = "\ufeff"
_MARKER = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?:[ \t].*)?\r?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Labels:
    """What stands behind the markers: one line each."""

    yours: str = "yours"
    base: str = "base"
    theirs: str = "theirs"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place both sides changed differently. Lines count from 1 and include the markers; texts have their line ends.

    `base` is None in a text whose markers were written without it.
    """

    start_line: int
    end_line: int
    base: str | None
    yours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged text; with conflicts it holds their markers."""

    text: str
    conflicts: tuple[Conflict, ...] = ()


def merge(
    base: str, yours: str, theirs: str, *, labels: Labels | None = None, prefer: Side | None = None
) -> Merge:
    """Bring the changes from `base` to `yours` and from `base` to `theirs` together.

    Args:
        prefer: the side whose lines are taken where both changed the same place; then there is no conflict.
    """
    bom = _three_way(*(text.startswith(_BOM) for text in (base, yours, theirs)))
    bare = [text.removeprefix(_BOM) for text in (base, yours, theirs)]
    ends = _line_ends(*bare)
    if ends is not None:
        bare = [text.replace("\r\n", "\n") for text in bare]
    was, mine, other = (_lines(text) for text in bare)
    merged, pieces = _merged(was, mine, other, labels or Labels(), prefer)
    if ends == "\r\n":
        merged = merged.replace("\n", "\r\n")
        pieces = [_with_crlf(piece) for piece in pieces]
    return Merge((_BOM if bom else "") + merged, tuple(pieces))


def conflicts_in(text: str) -> list[Conflict]:
    """The complete conflicts marked in a text, in order."""
    found: list[Conflict] = []
    part, start = "", 0
    parts: dict[str, list[str]] = {}
    for number, line in enumerate(_lines(text), 1):
        kind = _marker(line)
        if kind == "<":
            part, start, parts = "<", number, {"<": []}
        elif part and kind == "|" and part == "<":
            part, parts["|"] = "|", []
        elif part and kind == "=" and part in "<|":
            part, parts["="] = "=", []
        elif kind == ">" and part == "=":
            base = "".join(parts["|"]) if "|" in parts else None
            found.append(Conflict(start, number, base, "".join(parts["<"]), "".join(parts["="])))
            part = ""
        elif part:
            parts[part].append(line)
    return found


def marker_lines(text: str) -> list[int]:
    """The numbers of all lines that are conflict markers, complete or left over.

    A lone ``=======`` underlines a heading in Markdown; it counts only in a text that holds another marker.
    """
    kinds = [(number, _marker(line)) for number, line in enumerate(_lines(text), 1)]
    if not any(kind in ("<", "|", ">") for _, kind in kinds):
        return []
    return [number for number, kind in kinds if kind]


def settle(text: str, prefer: Side) -> str:
    """The text with one side of every complete conflict in its place."""
    lines = _lines(text)
    out: list[str] = []
    at = 0
    for conflict in conflicts_in(text):
        out += lines[at : conflict.start_line - 1]
        out.append(conflict.yours if prefer == "yours" else conflict.theirs)
        at = conflict.end_line
    return "".join((*out, *lines[at:]))


def _merged(
    base: list[str], yours: list[str], theirs: list[str], labels: Labels, prefer: Side | None
) -> tuple[str, list[Conflict]]:
    mine, others = changes(base, yours), changes(base, theirs)
    out: list[str] = []  # one line each
    conflicts: list[Conflict] = []
    done = 0
    for ours, them in _groups(mine, others):
        lo = min(h.a_lo for h in (*ours, *them))
        hi = max(h.a_hi for h in (*ours, *them))
        out += base[done:lo]
        done = hi
        my_lines, their_lines = _side(base, yours, ours, lo, hi), _side(base, theirs, them, lo, hi)
        if not them or my_lines == their_lines:
            out += my_lines
        elif not ours:
            out += their_lines
        elif prefer:
            out += my_lines if prefer == "yours" else their_lines
        else:
            conflicts.append(_write_conflict(out, base[lo:hi], my_lines, their_lines, labels))
    out += base[done:]
    return "".join(out), conflicts


def _groups(mine: Sequence[Hunk], others: Sequence[Hunk]) -> list[tuple[list[Hunk], list[Hunk]]]:
    """Hunks of both sides that touch or overlap in the base, together, in order."""
    queue = sorted(
        [(h, 0) for h in mine] + [(h, 1) for h in others], key=lambda e: (e[0].a_lo, e[0].a_hi)
    )
    groups: list[tuple[list[Hunk], list[Hunk]]] = []
    end = -1
    for hunk, side in queue:
        if hunk.a_lo > end or not groups:
            groups.append(([], []))
        groups[-1][side].append(hunk)
        end = max(end, hunk.a_hi)
    return groups


def _side(base: list[str], lines: list[str], hunks: Sequence[Hunk], lo: int, hi: int) -> list[str]:
    """What one side has in place of `base[lo:hi]`."""
    if not hunks:
        return base[lo:hi]
    first, last = hunks[0], hunks[-1]
    return lines[first.b_lo - (first.a_lo - lo) : last.b_hi + (hi - last.a_hi)]


def _write_conflict(
    out: list[str], base: list[str], yours: list[str], theirs: list[str], labels: Labels
) -> Conflict:
    start = len(out) + 1
    ends = {
        line[-2:] == "\r\n" for part in (base, yours, theirs) for line in part if line[-1] == "\n"
    }
    end = "\r\n" if ends == {True} else "\n"
    base, yours, theirs = (_closed(part, end) for part in (base, yours, theirs))
    out += [f"<<<<<<< {labels.yours}{end}", *yours]
    out += [f"||||||| {labels.base}{end}", *base]
    out += [f"======={end}", *theirs, f">>>>>>> {labels.theirs}{end}"]
    return Conflict(start, len(out), "".join(base), "".join(yours), "".join(theirs))


def _closed(lines: list[str], end: str) -> list[str]:
    """The lines, the last one with a line end, since a marker follows."""
    if not lines or lines[-1].endswith("\n"):
        return lines
    return [*lines[:-1], lines[-1] + end]


def _with_crlf(found: Conflict) -> Conflict:
    base, yours, theirs = (
        text and text.replace("\n", "\r\n") for text in (found.base, found.yours, found.theirs)
    )
    return Conflict(found.start_line, found.end_line, base, yours or "", theirs or "")


def _lines(text: str) -> list[str]:
    """Lines end with ``\\n`` alone: other characters that Python counts as line ends belong to the text."""
    parts = text.split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _marker(line: str) -> str:
    """`<`, `|`, `=` or `>` for a conflict marker, else an empty text."""
    if line[:1] not in ("<", "|", "=", ">"):
        return ""
    return line[0] if _MARKER.fullmatch(line.removesuffix("\n")) else ""


def _three_way(base: bool, yours: bool, theirs: bool) -> bool:
    return yours if yours != base else theirs


def _line_ends(base: str, yours: str, theirs: str) -> str | None:
    """The line end of the merge, where the texts have different ones, each throughout; None to leave them alone."""
    kinds = [_line_end(text) for text in (base, yours, theirs)]
    if "mixed" in kinds or len({kind for kind in kinds if kind}) < 2:
        return None
    was, mine, other = kinds
    if not was:
        return "\n"  # both chose, and differently
    return mine if mine not in ("", was) else other or was


def _line_end(text: str) -> str:
    ends = text.count("\n")
    crlf = text.count("\r\n")
    if not ends:
        return ""
    return "\r\n" if crlf == ends else "mixed" if crlf else "\n"
