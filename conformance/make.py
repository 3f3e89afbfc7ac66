"""Writes the data files of `delivery/`: signed with keys made from fixed texts, so that they come out the same each time.

    python conformance/make.py            # write them anew, after a change of this program
    python conformance/make.py --check    # exit code 1 and their names when they are not what it makes

What goes wrong on purpose is made here by hand; everything that is right comes from the reference client's own functions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import making.following
import making.refusing  # noqa: F401 - its cases register themselves
from making.server import CASES
from making.values import vectors

FOLDER = Path(__file__).resolve().parent / "delivery"


def made() -> dict[str, str]:
    """Every data file by its name."""
    files = {"vectors.json": _a_line_each({"format": 1, **vectors()})}
    for name, make in CASES.items():
        about = " ".join((make.__doc__ or "").split())
        case = {"format": 1, "about": about, **make()}
        files[f"cases/{name}.json"] = json.dumps(case, ensure_ascii=False, indent=1) + "\n"
    return files


def _a_line_each(value: dict[str, Any]) -> str:
    """JSON with one item of a member's list on each line."""
    members = []
    for name, items in value.items():
        lines = (
            [json.dumps(item, ensure_ascii=False) for item in items]
            if isinstance(items, list)
            else []
        )
        text = "[\n  " + ",\n  ".join(lines) + "\n ]" if lines else json.dumps(items)
        members.append(f' "{name}": {text}')
    return "{\n" + ",\n".join(members) + "\n}\n"


def differences() -> list[str]:
    """The names of files that are not what would be written, or would not be there."""
    files = made()
    there = {p.relative_to(FOLDER).as_posix(): p.read_text("utf-8") for p in FOLDER.rglob("*.json")}
    return sorted(
        name for name in files.keys() | there.keys() if files.get(name) != there.get(name)
    )


def main(arguments: list[str]) -> int:
    """Write them and remove what is no longer made, or only check."""
    stale = differences()
    if arguments == ["--check"]:
        print("\n".join(stale) if stale else "as made")
        return 1 if stale else 0
    files = made()
    for name in stale:
        path = FOLDER / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name], encoding="utf-8")
        else:
            path.unlink()
    print(f"{len(files)} files in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
