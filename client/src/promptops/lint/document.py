"""The documentation of the rules, for `--explain`, `--list` and the page `docs/lint.md`.

Owns the page's frame; what is said about a rule stands in its docstring.
"""

from __future__ import annotations

import re
import unicodedata

from .registry import all_rules
from .rule import Rule

_CODE = re.compile(r"(?:^    .*\n?|^\n(?=    ))+", re.MULTILINE)

_HEAD = """\
# Lint

`promptops lint` finds what can be proven wrong about prompt files without a model and without a server.
This page is written by `promptops lint --list --format markdown`.

```console
$ promptops lint prompts/
$ promptops lint triage.prompt.yml --fail-on error
$ promptops lint . --format sarif > lint.sarif
$ promptops lint --explain unused-input
```

Folders are searched for `*.prompt.yml` and `*.prompt.yaml`; other files are skipped. Formats: `text`, `json` (also
`--json`), `sarif` (2.1.0), `github` (annotations in a workflow). Columns count characters from 1.

| exit code | meaning |
|---|---|
| 0 | no finding at or above `--fail-on` (default: `warning`) |
| 1 | at least one |
| 2 | a path, a rule or an option that is not there |

`--select` and `--ignore` take ids, separated by commas or given several times. What only the parser knows is reported as
`parse/CODE` (`parse` means all of them): the codes are in [The prompt file](prompt-file.md). In a file that is not valid,
only the rules that read its text are asked; what makes it invalid is reported whatever is selected.

## Suppress a finding
With a YAML comment that gives the rule and a reason:

```yaml
messages:
  - role: user
    content: "Sort this claim."
  - role: assistant  # promptops-lint: ignore=trailing-role our own model continues it
    content: "Team: "
```

Above everything else in the file, the comment covers the whole file; behind a value, its line and every line of the value
(behind `content: |`, the whole text); on a line of its own, the line below. Errors that make a file invalid cannot be
suppressed: the server refuses such a file all the same.

## Before each commit
With [pre-commit](https://pre-commit.com) and `promptops` installed, in `.pre-commit-config.yaml` of a repository with
prompts; `repo` is where this product's repository is:

```yaml
repos:
  - repo: https://git.example.org/promptops
    rev: v0.1.0
    hooks:
      - id: promptops-lint
```

## Rules
| rule | severity | finds |
|---|---|---|
"""


def page() -> str:
    """`docs/lint.md`."""
    rows = [f"| [`{r.id}`](#{r.id}) | {r.severity} | {r.summary} |\n" for r in all_rules()]
    sections = [f"\n### {rule.id}\n{_markdown(rule.documentation)}\n" for rule in all_rules()]
    return _HEAD + "".join(rows) + "".join(sections)


def explanation(rule: Rule) -> str:
    """One rule, for a terminal."""
    head = f"{rule.id} ({rule.severity})\n{rule.summary}"
    return f"{head}\n\n{visible(rule.documentation)}"


def example(rule: Rule, kind: str) -> str:
    """The prompt under `Bad:` or `Good:` in a rule's documentation. Raises ValueError if absent."""
    found = re.search(rf"^{kind}:\n\n", rule.documentation, re.MULTILINE)
    code = _CODE.match(rule.documentation, found.end()) if found else None
    if code is None:
        raise ValueError(f"the docstring of {rule.id} shows no prompt under {kind}:")
    return re.sub(r"^    ", "", code.group(), flags=re.MULTILINE).rstrip("\n") + "\n"


def visible(text: str) -> str:
    """The text with characters that nobody sees written out."""
    return "".join(f"⟨U+{ord(c):04X}⟩" if unicodedata.category(c) == "Cf" else c for c in text)


def _markdown(documentation: str) -> str:
    """A docstring with its indented prompts as fenced ones."""

    def fence(code: re.Match[str]) -> str:
        body = re.sub(r"^    ", "", code.group(), flags=re.MULTILINE).strip("\n")
        return f"\n```yaml\n{body}\n```\n\n"

    text = _CODE.sub(fence, visible(documentation) + "\n")
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")
