"""Every rule: its contract, its documented prompts, and its cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from promptops.format import parse
from promptops.lint import Choice, Finding, ListedProject, Rule, all_rules, check
from promptops.lint.document import example, page

CASES = Path(__file__).parent / "cases"
FOLDER = Path(check.__code__.co_filename).parent / "rules"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "lint.md"


def file_name(rule: Rule) -> str:
    return rule.id.replace("-", "_")


def cases() -> list[Any]:
    return [
        pytest.param(file.stem.replace("_", "-"), case, id=f"{file.stem}: {case['case']}")
        for file in sorted(CASES.glob("*.yml"))
        for case in yaml.safe_load(file.read_text())
    ]


def of_rule(rule: str, text: str, latest: dict[str, int] | None = None) -> list[Finding]:
    """The findings of one rule, all others being asked too."""
    project = ListedProject("the project bank", latest) if latest is not None else None
    return [f for f in check(text, project=project).findings if f.rule == rule]


def test_every_file_is_a_rule_and_every_rule_has_cases() -> None:
    files = {file.stem for file in FOLDER.glob("*.py") if file.stem != "__init__"}
    assert {file_name(rule) for rule in all_rules()} == files
    assert {file.stem for file in CASES.glob("*.yml")} == files


def test_an_id_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = (FOLDER / "trailing_role.py").read_text().replace("from ..", "from promptops.lint.")
    (tmp_path / "another_role.py").write_text(copy)
    monkeypatch.setattr("promptops.lint.rules.__path__", [str(FOLDER), str(tmp_path)])
    with pytest.raises(TypeError, match="another rule 'trailing-role'"):
        all_rules.__wrapped__()


def test_a_file_without_a_rule_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nothing_here.py").write_text("")
    monkeypatch.setattr("promptops.lint.rules.__path__", [str(tmp_path)])
    with pytest.raises(TypeError, match="declares 0 rules"):
        all_rules.__wrapped__()


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_rule_explains_itself_with_a_bad_and_a_good_prompt(rule: Rule) -> None:
    assert rule.documentation.partition("\n\n")[0].endswith(".")
    assert rule.summary.endswith(".")
    bad = of_rule(rule.id, example(rule, "Bad"))
    assert bad, "the bad prompt must be found"
    assert all(f.severity == rule.severity and f.fix for f in bad)
    good = example(rule, "Good")
    assert check(good).findings == (), "the good prompt is good in every respect"
    assert parse(good).file is not None


@pytest.mark.parametrize(("rule", "case"), cases())
def test_case(rule: str, case: dict[str, Any]) -> None:
    found = of_rule(rule, case["file"], case.get("project"))
    assert [f"{f.line}:{f.column}" for f in found] == case["finds"], found
    severity = next(r.severity for r in all_rules() if r.id == rule)
    for finding in found:
        assert finding.severity == severity
        assert finding.message


def test_every_rule_has_cases_with_and_without_findings() -> None:
    for file in CASES.glob("*.yml"):
        finds = [bool(case["finds"]) for case in yaml.safe_load(file.read_text())]
        assert set(finds) == {True, False}, file.stem


def test_the_page_is_what_the_docstrings_say() -> None:
    written = PAGE.read_text()
    assert written == page(), "run promptops lint --list --format markdown > docs/lint.md"
    assert all(f"\n### {rule.id}\n" in written for rule in all_rules())


def test_only_the_rule_of_a_parser_problem_reports_it() -> None:
    text = "inputs: {a: {type: string}}\nmessages: [{role: user, content: '{{ b }} {{ c d }}'}]\n"
    found = [f.rule for f in check(text).findings]
    assert sorted(found) == ["literal-braces", "undefined-variable", "unused-input"]


def test_choice_without_arguments_takes_everything() -> None:
    text = "messages: [{role: assistant, content: hi}]\nodd: 1\n"
    assert [f.rule for f in check(text).findings] == ["trailing-role", "parse/unknown-key"]
    chosen = check(text, choice=Choice(select=frozenset({"parse"})))
    assert [f.rule for f in chosen.findings] == ["parse/unknown-key"]
