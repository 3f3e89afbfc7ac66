"""Fuzzing the parser: real prompt files, broken in the ways people, editors and attackers break them.

`prompt_claims` says what must hold; `tests/fuzz` looks for more with atheris, and its finds stand here.
"""

from __future__ import annotations

import time

import pytest
from format_samples import FILES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prompt_claims import claims_of

from promptops.format import dump, parse

JINJA2 = b"template: jinja2\nmessages:\n  - role: user\n    content: '%s'\n"
FOUND = [
    JINJA2 % b"{{ 9**(9**9) }}",  # checking it worked it out
    JINJA2 % b"{% autoescape 9**(9**9) %}x{% endautoescape %}",
    JINJA2 % (b"{% for a in b %}" * 25 + b"{% endfor %}" * 25),  # valid, and could not be compiled
    JINJA2 % (b"{{ a" + b" + a" * 300 + b" }}"),
]
"""Inputs that once broke a claim."""

TOKENS = st.sampled_from(
    [
        *(
            "&a ",
            "*a",
            "!!int ",
            "!!binary ",
            "? ",
            "<<: *a",
            "- ",
            ": ",
            "---\n",
            "...\n",
            "%YAML 1.1\n",
        ),
        *(
            "|",
            ">",
            "|2-",
            ">+\n",
            "'",
            '"',
            "\\",
            "\\u0000",
            "\\ud800",
            "[",
            "]",
            "{",
            "}",
            ",",
            "# ",
        ),
        *(
            "\t",
            "\r",
            "\r\n",
            "\n",
            "\n\n",
            " ",
            "  ",
            "\u2028",
            "\x85",
            "\ufeff",
            "\x00",
            "\x1b",
            "\u200b",
        ),
        *(
            "{{",
            "}}",
            "{{ a }}",
            "{{> a/b@3 }}",
            '{{ "',
            "{% if a %}",
            "{{ a | upper }}",
            "template: jinja2\n",
        ),
        *(
            "null",
            "~",
            "yes",
            "0x1F",
            "1e999",
            ".nan",
            "9" * 30,
            "2026-01-01",
            "messages:",
            "role: user",
        ),
        *(
            "content:",
            "placeholder: x",
            "variants:",
            "inputs:",
            "default: [1]",
            "type: array",
            "é",
            "😀",
        ),
        *("jsonSchema: '{}'", "# promptops-lint: ignore=unused-input x\n", "required: [a]"),
    ]
)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A valid file with a few pieces inserted, removed, doubled or moved."""
    text = dump(draw(FILES))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        kind = draw(st.sampled_from(["insert", "remove", "double", "line", "indent"]))
        if kind == "insert":
            text = text[:at] + draw(TOKENS) + text[at:]
        elif kind == "remove":
            text = text[:at] + text[at + draw(st.integers(1, 8)) :]
        elif kind == "double":
            end = at + draw(st.integers(1, 30))
            text = text[:end] + text[at:]
        else:
            lines = text.split("\n")
            number = draw(st.integers(0, len(lines) - 1))
            if kind == "indent":
                lines[number] = " " * draw(st.integers(1, 4)) + lines[number]
            else:
                lines.insert(draw(st.integers(0, len(lines))), lines.pop(number))
            text = "\n".join(lines)
    data = text.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=4)) + data[at:]
    return data


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
@given(source=broken())
def test_a_broken_file_keeps_every_claim_and_is_answered_at_once(source: bytes) -> None:
    started = time.process_time()
    parse(source)
    assert time.process_time() - started < 1
    claims_of(source)


@settings(max_examples=60, deadline=None)
@given(data=FILES)
def test_a_valid_file_keeps_every_claim(data: dict[str, object]) -> None:
    assert claims_of(dump(data).encode())


@pytest.mark.parametrize("source", FOUND, ids=range(len(FOUND)))
def test_what_fuzzing_found_stays_repaired(source: bytes) -> None:
    claims_of(source)
