"""`suite`: offline on files, and against a real server."""

from __future__ import annotations

from pathlib import Path

from support.cli import Cli

PROMPT = """\
messages:
  - {role: user, content: "Sort this: {{ claim }}"}
"""
SUITE = """\
cases:
  - {name: hail, inputs: {claim: Hail}}
evaluators:
  - {name: short, length: {maximum: 9}}
"""


def test_suites_on_disk_are_checked_with_the_prompt_beside_them(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "triage.prompt.yml").write_text(PROMPT)
    (tmp_path / "triage.edge.suite.yml").write_text(SUITE)
    done = cli("suite", "check", str(tmp_path))
    assert (done.code, done.out) == (0, f"{tmp_path}/triage.edge.suite.yml: 1 case\n")
    (tmp_path / "triage.edge.suite.yml").write_text(SUITE.replace("claim:", "clam:"))
    done = cli("suite", "check", str(tmp_path / "triage.edge.suite.yml"))
    assert done.code == 1
    assert "triage.edge.suite.yml:2:27: cases[0].inputs.clam: 'clam' is not an input" in done.out
    assert done.out.endswith("triage.edge.suite.yml: 2 to correct\n")


def test_test_data_of_a_prompt_file_is_checked_too(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "triage.prompt.yml"
    file.write_text(PROMPT + "testData:\n  - {clam: Hail}\n")
    done = cli("suite", "check", str(tmp_path), "--json")
    assert done.code == 1
    assert [p["code"] for p in done.json["items"][0]["problems"]] == [
        "missing-input",
        "unknown-input",
    ]
    file.write_text(PROMPT)
    assert cli("suite", "check", str(tmp_path)).code == 2
    assert cli("suite", "check", str(tmp_path / "none")).code == 2


def test_a_suite_is_put_shown_replaced_and_listed(signed_in: Cli, tmp_path: Path) -> None:
    file, prompt = tmp_path / "cases.yml", tmp_path / "triage.prompt.yml"
    file.write_text(SUITE)
    prompt.write_text(PROMPT)
    signed_in("project", "create", "suites-bank")
    signed_in("prompt", "put", str(prompt), "suites-bank/claims/triage")
    address = "suites-bank/claims/triage"
    done = signed_in("suite", "put", str(file), address, "-m", "First cases")
    assert (done.code, done.out) == (0, "claims/triage.suite.yml of suites-bank: 1 case.\n")
    assert "says this already" in signed_in("suite", "put", str(file), address).out
    file.write_text(SUITE + "# more\n")
    refused = signed_in("suite", "put", str(file), address)
    assert refused.code == 1 and "--replace" in refused.err
    assert signed_in("suite", "put", str(file), address, "--replace").code == 0
    shown = signed_in("suite", "show", f"{address}.suite.yml")
    assert shown.out == SUITE + "# more\n"
    file.write_text(SUITE.replace("length: {maximum: 9}", 'regex: {pattern: "(?=a)"}'))
    broken = signed_in("suite", "put", str(file), address, "--replace")
    assert broken.code == 2 and "look-around" in broken.err
    for place in ("suites-bank", address):
        listed = signed_in("suite", "list", place, "--json").json["items"]
        assert [(i["name"], i["cases"], i["prompt"]) for i in listed] == [
            ("claims/triage", 1, "claims/triage")
        ]
    assert signed_in("suite", "show", "suites-bank/none").code != 0
    assert signed_in("suite", "list", "suites-bank/none").code != 0


def test_suites_go_with_their_prompt_and_are_told(signed_in: Cli, tmp_path: Path) -> None:
    file, prompt = tmp_path / "cases.yml", tmp_path / "triage.prompt.yml"
    file.write_text(SUITE)
    prompt.write_text(PROMPT)
    signed_in("project", "create", "moving-bank")
    signed_in("prompt", "put", str(prompt), "moving-bank/a/triage")
    signed_in("suite", "put", str(file), "moving-bank/a/triage.edge")
    moved = signed_in("prompt", "move", "moving-bank/a/triage", "moving-bank/b/sort")
    assert "a/triage.edge.suite.yml → b/sort.edge.suite.yml\n" in moved.out
    copied = signed_in("prompt", "copy", "moving-bank/b/sort", "moving-bank/c/", "--json")
    assert copied.json["companions"] == [
        {"from": "b/sort.edge.suite.yml", "to": "c/sort.edge.suite.yml"}
    ]
    shown = signed_in("bulk", "moving-bank/b/sort", "--move-to", "d", "--dry-run")
    assert "b/sort.edge.suite.yml → d/sort.edge.suite.yml\n" in shown.out
    gone = signed_in("bulk", "moving-bank/c/sort", "--archive")
    assert "c/sort.edge.suite.yml removed\n" in gone.out
    archived = signed_in("prompt", "archive", "moving-bank/b/sort")
    assert archived.out.endswith("suites removed: b/sort.edge.suite.yml\n")
    signed_in("suite", "put", str(file), "moving-bank/d/sort.edge")
    back = signed_in("prompt", "restore", "moving-bank/b/sort")
    assert back.out.endswith("suites back: b/sort.edge.suite.yml\n")
    refused = signed_in("prompt", "move", "moving-bank/b/sort", "moving-bank/d/")
    assert refused.code == 1
    assert "d/sort.edge.suite.yml is there already" in refused.err


def test_a_try_that_could_only_fail_as_a_case_is_refused_before_it_is_paid(
    signed_in: Cli, tmp_path: Path
) -> None:
    file, prompt = tmp_path / "cases.yml", tmp_path / "triage.prompt.yml"
    equal = "name: same, string: {equals: '{{expected}}'}"
    file.write_text(
        SUITE.replace("}}\n", "}, expected: x}\n").replace(
            "name: short, length: {maximum: 9}", equal
        )
    )
    prompt.write_text(PROMPT)
    address = "tries-bank/claims/triage"
    signed_in("project", "create", "tries-bank")
    signed_in("prompt", "put", str(prompt), address)
    assert signed_in("suite", "put", str(file), address).code == 0
    play = ("play", address, "--models", "nobody", "-i", "claim=Hail", "--save-case", "more")
    refused = signed_in(*play)
    assert refused.code == 2
    assert "it could only fail" in refused.err
    assert "--expect TEXT" in refused.err
    assert "could only fail" not in signed_in(*play, "--expect", "motor").err
    assert "could only fail" not in signed_in(*play, "--suite", "another").err
