"""`promptops lint`: files found, exit codes, and each form of the result."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from promptops.lint import Finding, all_rules
from promptops.lint.reports import github, sarif
from promptops.lint.reports.result import Result
from support.cli import Done

Lint = Callable[..., Done]

GOOD = "messages:\n  - role: user\n    content: Hello\n"
WARNING = GOOD + "odd: 1\n"
ERROR = "inputs: {}\n" + GOOD.replace("Hello", '"{{ a }}"')
ROOT = Path(__file__).resolve().parents[3]


def write(path: str, text: str) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (GOOD, [], 0),
        (WARNING, [], 1),
        (WARNING, ["--fail-on", "error"], 0),
        (WARNING, ["--ignore", "parse"], 0),
        (WARNING, ["--ignore", "parse/unknown-key,trailing-role"], 0),
        (WARNING, ["--select", "trailing-role"], 0),
        (ERROR, ["--fail-on", "error"], 1),
        (ERROR, ["--select", "unused-input"], 0),
        ("messages: [", ["--select", "unused-input"], 1),
        ("messages: [", ["--ignore", "parse/yaml-syntax"], 0),
    ],
)
def test_exit_code(lint: Lint, text: str, options: list[str], code: int) -> None:
    write("a.prompt.yml", text)
    done = lint(".", *options)
    assert done.code == code, done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no path"),
        (["nowhere"], "nowhere"),
        ([".", "--select", "unused-inputs"], "did you mean 'unused-input'"),
        ([".", "--ignore", "nonsense"], "no rule 'nonsense'"),
        ([".", "--fail-on", "info"], "info"),
        ([".", "--format", "xml"], "xml"),
        ([".", "--format", "markdown"], "--list"),
        (["--list", "--format", "sarif"], "sarif"),
        (["--explain", "nonsense"], "nonsense"),
    ],
)
def test_bad_input(lint: Lint, arguments: list[str], words: str) -> None:
    done = lint(*arguments)
    assert done.code == 2
    assert words in done.err


def test_text_is_one_line_to_jump_to_and_one_to_act_on(lint: Lint) -> None:
    write("claims/a.prompt.yml", ERROR)
    write("claims/b.prompt.yaml", WARNING)
    assert lint("claims").out.splitlines() == [
        "claims/a.prompt.yml:4:15: error [undefined-variable] 'a' is used here but not listed under"
        " inputs",
        "    fix: add a to inputs, or remove inputs",
        "claims/b.prompt.yaml:4:1: warning [parse/unknown-key] the key 'odd' is not known: it is kept"
        " and has no effect",
        "    fix: correct it as the description of the prompt file says (docs/prompt-file.md)",
        "Found 2 problems (1 error, 1 warning) in 2 files.",
    ]


def test_text_says_when_all_is_well_and_what_was_suppressed(lint: Lint) -> None:
    write("a.prompt.yml", "# promptops-lint: ignore=parse/unknown-key ours\n" + WARNING)
    assert lint(".").out == "All checks passed in 1 file. (1 suppressed)\n"


def test_folders_are_walked_other_files_and_hidden_folders_are_skipped(lint: Lint) -> None:
    for name in ("z.prompt.yml", "m/n/a.prompt.yaml"):
        write(name, WARNING)
    for name in ("m/README.md", "m/a.yml", ".git/x.prompt.yml", "node_modules/x.prompt.yml"):
        write(name, WARNING)
    done = lint(".", "m/n/a.prompt.yaml", "m/README.md", "--json")
    assert [f["file"] for f in done.json["findings"]] == ["m/n/a.prompt.yaml", "z.prompt.yml"]
    assert done.json["files"] == 2


def test_no_prompt_file_is_no_failure_but_is_said(lint: Lint) -> None:
    write("README.md", "x")
    done = lint(".")
    assert done.code == 0
    assert "No prompt files" in done.err


def test_json_is_stable(lint: Lint) -> None:
    write("a.prompt.yml", ERROR)
    document = {
        "findings": [
            {
                "rule": "undefined-variable",
                "severity": "error",
                "message": "'a' is used here but not listed under inputs",
                "file": "a.prompt.yml",
                "line": 4,
                "column": 15,
                "fix": "add a to inputs, or remove inputs",
            }
        ],
        "files": 1,
        "errors": 1,
        "warnings": 0,
        "suppressed": 0,
    }
    first = lint("a.prompt.yml", "--format", "json")
    assert first.json == document
    assert lint("a.prompt.yml", "--json").out == first.out
    assert first.code == 1


def test_github_escapes_what_would_end_a_command() -> None:
    found = Finding("a,b:c%.prompt.yml", 2, 3, "r", "warning", "100%\nof it", "do\r")
    assert github.lines(Result((found,), 1)) == [
        "::warning file=a%2Cb%3Ac%25.prompt.yml,line=2,col=3,title=promptops lint%3A r"
        "::100%25%0Aof it%0Afix: do%0D"
    ]


def test_github_gives_one_command_per_finding(lint: Lint) -> None:
    write("a.prompt.yml", ERROR + "odd: 1\n")
    assert [line.split(" ")[0] for line in lint(".", "--format", "github").out.splitlines()] == [
        "::error",
        "::warning",
    ]


# The members of the SARIF 2.1.0 schema that apply to what is written here, closed on purpose:
# a member that the standard does not have is refused.
TEXT = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1}, "markdown": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
LEVEL = {"enum": ["none", "note", "warning", "error"]}


def members(required: dict[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": required,
        "required": list(required),
        "additionalProperties": False,
    }


POSITIVE = {"type": "integer", "minimum": 1}
RULE = members(
    {
        "id": {"type": "string"},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": TEXT,
        "defaultConfiguration": members({"level": LEVEL}),
    }
)
URI = {"type": "string", "pattern": r"^[A-Za-z0-9%._~/:-]+$"}
LOCATION = members(
    {
        "physicalLocation": members(
            {
                "artifactLocation": {
                    "type": "object",
                    "properties": {"uri": URI, "uriBaseId": {"const": "%SRCROOT%"}},
                    "required": ["uri"],
                    "additionalProperties": False,
                },
                "region": members({"startLine": POSITIVE, "startColumn": POSITIVE}),
            }
        )
    }
)
RESULT = members(
    {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": TEXT,
        "locations": {"type": "array", "items": LOCATION, "minItems": 1},
    }
)
DRIVER = members(
    {
        "name": {"type": "string"},
        "version": {"type": "string"},
        "rules": {"type": "array", "items": RULE, "uniqueItems": True},
    }
)
RUN = members(
    {
        "tool": members({"driver": DRIVER}),
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": RESULT},
    }
)
LOG = members(
    {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": RUN},
    }
)


def test_sarif_has_the_standards_shape(lint: Lint, tmp_path: Path) -> None:
    write("a b.prompt.yml", ERROR)
    write("c.prompt.yml", WARNING)
    done = lint("a b.prompt.yml", str(tmp_path / "c.prompt.yml"), "--format", "sarif")
    assert done.code == 1
    Draft202012Validator(LOG).validate(done.json)
    run = done.json["runs"][0]
    descriptors = run["tool"]["driver"]["rules"]
    assert {rule.id for rule in all_rules()} < {d["id"] for d in descriptors}
    for result in run["results"]:
        assert descriptors[result["ruleIndex"]]["id"] == result["ruleId"]
    places = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    uris = {place["artifactLocation"]["uri"] for place in places}
    assert uris == {"a%20b.prompt.yml", (tmp_path / "c.prompt.yml").as_uri()}


def test_sarif_without_findings_still_names_the_rules() -> None:
    document = sarif.document(Result((), 3), "1.0")
    Draft202012Validator(LOG).validate(document)
    assert len(document["runs"][0]["tool"]["driver"]["rules"]) == len(all_rules())


def test_list_and_explain(lint: Lint) -> None:
    listed = lint("--list", "--json").json["rules"]
    assert [rule["rule"] for rule in listed] == [rule.id for rule in all_rules()]
    shown = lint("--explain", "hidden-characters").out
    assert "⟨U+200B⟩" in shown
    assert "Bad:" in shown
    assert lint("--list", "--format", "markdown").out == (ROOT / "docs/lint.md").read_text()
    assert "parser" in lint("--explain", "parse/yaml-syntax").out


def test_a_fragment_is_looked_up_in_the_folder(lint: Lint) -> None:
    text = GOOD.replace("Hello", '"{{> shared/disclaimer@1 }}"')
    file = write("prompts/claims/a.prompt.yml", text)
    assert lint(str(file)).code == 0, "alone, outside a checkout, nothing is known around it"
    done = lint("prompts", "--json")
    assert [f["rule"] for f in done.json["findings"]] == ["unknown-fragment"]
    write("prompts/shared/disclaimer.prompt.yaml", GOOD)
    assert lint("prompts").code == 0
    assert lint(".").code == 0, "the project may begin below the folder"


def test_in_a_checkout_a_single_file_knows_what_is_around_it(lint: Lint) -> None:
    Path(".git").mkdir()
    text = GOOD.replace("Hello", '"{{> shared/disclaimer@1 }}"')
    file = write("claims/a.prompt.yml", text)
    assert lint(str(file)).code == 1
    write("shared/disclaimer.prompt.yml", GOOD)
    assert lint(str(file)).code == 0


def test_an_unreachable_server_matters_only_to_who_asks_it(
    lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.prompt.yml", GOOD)
    monkeypatch.setenv("PROMPTOPS_TOKEN", "pot_x")
    assert lint(".").code == 0
    assert lint(".", "--project", "bank").code == 3


def test_a_file_that_is_no_text_is_reported_not_raised(lint: Lint) -> None:
    Path("a.prompt.yml").write_bytes(b"messages: \xff\n")
    Path("b.prompt.yml").write_bytes(b"# " + b"x" * 1024 * 1024)
    found = lint(".", "--json").json["findings"]
    assert [f["rule"] for f in found] == ["parse/not-utf8", "parse/file-too-large"]


def test_many_hits_of_one_rule_are_listed_up_to_a_limit(lint: Lint) -> None:
    write("a.prompt.yml", GOOD.replace("Hello", "|\n" + "      a\u200bb\n" * 5000))
    found = lint(".", "--json").json["findings"]
    assert len(found) == 101
    assert "there are more" in found[-1]["message"]


def test_a_thousand_files_take_a_few_seconds(lint: Lint) -> None:
    text = (ROOT / "docs/prompt-file.md").read_text().split("```yaml\n")[1].split("```")[0]
    for number in range(1000):
        write(f"m{number % 10}/p{number}.prompt.yml", text)
    started = time.process_time()
    done = lint(".", "--json")
    assert done.json["files"] == 1000
    assert done.json["findings"] == []
    assert time.process_time() - started < 10


def test_hostile_files_take_time_linear_in_their_size(lint: Lint) -> None:
    half = 400_000
    for number, body in enumerate(
        (
            "<a>" * (half // 3),
            "`" * half,
            "<" * half,
            "\u00a0x" * (half // 3),
            "\u200e" * (half // 3),
            "\u05d0\u200e" * (half // 4),
            "{{ a b }}<b>" * (half // 12),
        )
    ):
        write(f"p{number}.prompt.yml", GOOD.replace("Hello", "|\n      " + body))
    rows = "".join(f"      - {{role: user, content: {n}}}\n" for n in range(8000))
    write("messages.prompt.yml", "messages:\n" + rows.replace("      -", "  -"))
    comment = "  # promptops-lint: ignore=trailing-role x\n"
    write("comments.prompt.yml", GOOD + "tags:\n" + f"  - a{comment}" * 10_000)
    started = time.process_time()
    lint(".", "--json")
    assert time.process_time() - started < 15


def test_the_hook_runs_on_prompt_files_only() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] == "promptops-lint"
    assert (hook["language"], hook["entry"]) == ("system", "promptops lint")
    import re

    wanted = re.compile(hook["files"])
    assert wanted.search("a/b.prompt.yml") and wanted.search("b.prompt.yaml")
    assert not wanted.search("a/b.yml") and not wanted.search("b.prompt.yml.md")


def test_looking_for_rules_costs_other_commands_nothing() -> None:
    code = "import sys, promptops.cli.app; print([m for m in sys.modules if 'promptops.lint' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
