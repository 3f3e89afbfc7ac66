"""Writes the data files of `delivery/`: signed with keys made from fixed texts, so that they come out the same each time.

    python conformance/make.py            # write them anew, after a change of this program
    python conformance/make.py --check    # exit code 1 and their names when they are not what it makes

What goes wrong on purpose is made here by hand; everything that is right comes from the reference client's own functions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import making.following
import making.refusing  # noqa: F401 - its cases register themselves
from making.server import CASES
from making.values import vectors

FOLDER = Path(__file__).resolve().parent / "delivery"


def made() -> dict[str, str]:
    """Every data file by its name."""
    files = {"vectors.json": {"format": 1, **vectors()}}
    for name, make in CASES.items():
        about = " ".join((make.__doc__ or "").split())
        files[f"cases/{name}.json"] = {"format": 1, "about": about, **make()}
    return {
        name: json.dumps(value, ensure_ascii=False, indent=1) + "\n"
        for name, value in files.items()
    }


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
