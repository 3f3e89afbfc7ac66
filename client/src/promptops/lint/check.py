"""Check one file: the parser's problems and every rule's hits, as findings.

Owns what is shown and what is suppressed. Pure: the caller reads the file and knows its project.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from promptops.format import Problem, parse

from .choice import Choice
from .finding import Finding
from .page import Hit, Page
from .project import Project
from .registry import all_rules
from .rule import Rule
from .suppression import suppressions

MAX_PER_RULE = 100
"""Hits of one rule in one file; a file with more says so once."""

_FIX = "correct it as the description of the prompt file says (docs/prompt-file.md)"
_NO_TEXT = frozenset(("file-too-large", "not-utf8"))


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of one file in the order of the file, and how many a comment suppressed."""

    findings: tuple[Finding, ...]
    suppressed: int = 0


def check(
    source: bytes | str,
    file: str = "",
    project: Project | None = None,
    choice: Choice = Choice(),
) -> Checked:
    """Check the prompt file `source`, called `file` in its findings.

    An error of the parser cannot be suppressed: the registry would refuse the file all the same.
    """
    parsed = parse(source)
    comments = suppressions(parsed.source)
    page = Page(parsed, project, comments)
    shown: set[Finding] = set()
    silent = 0
    for problem in parsed.problems:
        finding = _finding_of(problem, file)
        is_error = problem.severity == "error"
        unreadable = is_error and finding.rule.startswith("parse/")
        if not choice.wants(finding.rule, unreadable=unreadable):
            continue
        if not is_error and any(c.covers(finding.rule, finding.line) for c in comments):
            silent += 1
        else:
            shown.add(finding)
    for rule in _runnable(page):
        if not choice.wants(rule.id):
            continue
        hits = []
        for hit in rule.check(page):
            if any(comment.covers(rule.id, hit.line) for comment in comments):
                silent += 1
            else:
                hits.append(hit)
                if len(hits) > MAX_PER_RULE:
                    break
        for hit in _limited(hits):
            shown.add(
                Finding(file, hit.line, hit.column, rule.id, rule.severity, hit.message, hit.fix)
            )
    return Checked(tuple(sorted(shown)), silent)


def _runnable(page: Page) -> Iterator[Rule]:
    """The rules that can be asked about this page."""
    if any(problem.code in _NO_TEXT for problem in page.parsed.problems):
        return
    for rule in all_rules():
        if rule.reads == "text" or page.parsed.file is not None:
            yield rule


def _finding_of(problem: Problem, file: str) -> Finding:
    rule = next((rule for rule in all_rules() if rule.takes(problem)), None)
    id, fix = (rule.id, rule.fix) if rule else (f"parse/{problem.code}", _FIX)
    place = (file, problem.line, problem.column)
    return Finding(*place, id, problem.severity, problem.message, problem.fix or fix)


def _limited(hits: Iterable[Hit]) -> Iterator[Hit]:
    hits = iter(hits)
    yield from islice(hits, MAX_PER_RULE)
    for further in hits:
        message = f"there are more of these from here on: the first {MAX_PER_RULE} are listed"
        yield Hit(further.line, further.column, message, further.fix)
        return
