"""Write the fuzzer's seeds: every prompt file that our documents, lint rules and format samples show."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

from promptops.lint.document import example
from promptops.lint.registry import all_rules

ROOT = Path(__file__).parents[2]
_FENCED = re.compile(r"```ya?ml[^\n]*\n(.*?)```", re.DOTALL)


def seeds() -> list[str]:
    """The texts."""
    found = [example(rule, kind) for rule in all_rules() for kind in ("Bad", "Good")]
    for page in sorted((ROOT / "docs").glob("*.md")):
        found += _FENCED.findall(page.read_text())
    found += [file.read_text() for file in sorted((ROOT / "tests/client/lint/cases").glob("*.yml"))]
    head = "messages:\n  - role: user\n    content: "
    found += [
        head + f"{style}\n      {{{{ a }}}}\n      b\n" for style in ("|", ">", "|-", ">+", "|2")
    ]
    found += ["template: jinja2\n" + head + "'{% for a in b %}{{ a|upper }}{% endfor %}'\n"]
    return found


def main(folder: Path) -> None:
    """One file per seed, named by its content."""
    folder.mkdir(parents=True, exist_ok=True)
    for text in seeds():
        data = text.encode()
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
