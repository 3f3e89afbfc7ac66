"""Exit codes and the words of failures."""

from __future__ import annotations

import pytest

from promptops.cli.failures import BadInput, exit_code_of, problem_lines


@pytest.mark.parametrize(
    ("status", "document", "code"),
    [
        (400, {"type": "t"}, 2),
        (401, {"type": "t"}, 2),
        (403, {"type": "t"}, 1),
        (404, {"type": "t"}, 2),
        (409, {"type": "t"}, 1),
        (410, {"type": "t"}, 1),
        (413, {"type": "t"}, 2),
        (422, {"type": "t"}, 2),
        (422, {"type": "t", "unmet": [{"rule": "two-people"}]}, 1),
        (428, {"type": "t"}, 2),
        (500, {"type": "t"}, 1),
        (502, {}, 3),
        (503, {"type": "t"}, 1),
    ],
)
def test_each_status_has_its_exit_code(status: int, document: dict[str, object], code: int) -> None:
    assert exit_code_of(status, document) == code


def test_every_place_of_a_problem_is_a_line_with_its_fix() -> None:
    failure = BadInput(
        "2 problems in the file",
        errors=[
            {
                "file": "a.prompt.yml",
                "line": 3,
                "column": 5,
                "key": "messages[0].role",
                "message": "unknown role 'boss'",
                "fix": "use system, user or assistant",
            },
            {"line": None, "message": "no message"},
            {"path": "claims/triage", "version": 3, "message": "is archived"},
            {"field": "prompts.0.path", "message": "is missing"},
        ],
        remedy="correct the file",
    )
    assert problem_lines(failure.document) == [
        "error: The input is not valid: 2 problems in the file",
        "  a.prompt.yml:3:5 messages[0].role: unknown role 'boss' → use system, user or assistant",
        "  no message",
        "  claims/triage@3 is archived",
        "  prompts.0.path: is missing",
        "  → correct the file",
    ]


def test_unmet_rules_and_the_deciding_rule_are_shown() -> None:
    lines = problem_lines(
        {
            "title": "Not allowed",
            "detail": "the gate is closed",
            "rule": "gate",
            "unmet": [{"rule": "approval", "detail": "none for v3", "remedy": "ask a reviewer"}],
        }
    )
    assert lines[1:] == ["  approval: none for v3 → ask a reviewer", "  deciding rule: gate"]


def test_nothing_is_said_twice() -> None:
    message = "messages[0].role must be one of system, user, not 'usr'"
    of_a_file = problem_lines(
        {
            "title": "The input is not valid",
            "detail": f"x.prompt.yml:2: {message}.",
            "errors": [
                {
                    "file": "my.prompt.yml",
                    "line": 2,
                    "column": 11,
                    "key": "messages[0].role",
                    "message": message,
                    "fix": "did you mean 'user'?",
                }
            ],
            "remedy": "did you mean 'user'?",
        }
    )
    assert of_a_file == [
        "error: The input is not valid:",
        f"  my.prompt.yml:2:11 {message} → did you mean 'user'?",
    ]
    of_versions = problem_lines(
        {
            "detail": "Cannot be released: a@9 does not exist; and 1 more.",
            "errors": [
                {"path": "a", "version": 9, "message": "does not exist"},
                {"path": "b", "version": 2, "message": "is archived"},
            ],
        }
    )
    assert of_versions == [
        "error: Cannot be released: a@9 does not exist; and 1 more.",
        "  b@2 is archived",
    ]
    of_rules = problem_lines(
        {
            "detail": "The gate refuses: no review. no approval.",
            "rule": "r1",
            "unmet": [
                {"rule": "r1", "detail": "no review.", "remedy": "Ask."},
                {"rule": "r2", "detail": "no approval.", "remedy": "Ask."},
            ],
            "remedy": "Ask.",
        }
    )
    assert of_rules == [
        "error: The gate refuses:",
        "  r1: no review. → Ask.",
        "  r2: no approval. → Ask.",
    ]
