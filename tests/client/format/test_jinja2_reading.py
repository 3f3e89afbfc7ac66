"""Reading Jinja2 text: nothing of it runs, what is accepted can be compiled, and it ends in bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.format import parse
from promptops.format.jinja2_text import MAX_JINJA2, TemplateFault, compile_text, undeclared

pytest.importorskip("jinja2")

COSTLY = [
    "{{ 9**(9**9) }}",
    "{{ ('a' * 10**10)|upper }}",
    "{% if 9**(9**9) %}{% endif %}",
    "{% set x = 'a' * 10**10 %}{{ x }}",
    "{% for i in range(10**10)|list %}{% endfor %}",
    "{% macro f(a=9**(9**9)) %}{% endmacro %}",
    "{{ 'x'.rjust(10**10) }}",
    "{{ name[9**(9**9)] }}{{ name|default(9**(9**9)) }}",
    "{{ '%99999999999d' % 1 }}",
]


@pytest.mark.parametrize("text", COSTLY)
def test_constants_are_not_worked_out_while_reading(text: str) -> None:
    started = time.process_time()
    assert set(undeclared(text)) <= {"name"}
    compile_text(text)
    assert time.process_time() - started < 1


def test_an_expression_for_autoescape_is_refused_instead_of_worked_out() -> None:
    for read in (undeclared, compile_text):
        with pytest.raises(TemplateFault, match="autoescape takes true or false"):
            read("{% autoescape 9**(9**9) %}x{% endautoescape %}")
    assert undeclared("{% autoescape false %}{{ x }}{% endautoescape %}") == ("x",)


NESTED = [
    ("{% for a in b %}", "{% endfor %}"),
    ("{% if a %}", "{% endif %}"),
    ("{% with a=1 %}", "{% endwith %}"),
    ("{% filter upper %}", "{% endfilter %}"),
    ("{% for a in b %}{% if a %}", "{% else %}{% endif %}{% endfor %}"),
    ("{{ (1 + ", "1) }}"),
]


@pytest.mark.parametrize(("opening", "closing"), NESTED)
@pytest.mark.parametrize("depth", [1, 8, 15, 16, 25, 120, 3000])
def test_what_is_accepted_can_be_compiled(opening: str, closing: str, depth: int) -> None:
    if opening.startswith("{{"):
        text = "{{ " + opening[3:] * depth + "1" + ")" * depth + " }}"
    else:
        text = opening * depth + "x" + closing * depth
    try:
        undeclared(text)
    except TemplateFault:
        assert depth > 8
    else:
        compile_text(text)


@pytest.mark.parametrize("link", ["+a", ".a", "|upper", "[a]", " and a", ", a", " if a else a"])
@pytest.mark.parametrize("length", [50, 150, 300])
def test_a_long_expression_is_refused_or_compiled(link: str, length: int) -> None:
    text = "{{ a" + link * length + " }}"
    try:
        undeclared(text)
    except TemplateFault:
        assert length > 50
    else:
        compile_text(text)


PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "{{ ",
                " }}",
                "{% ",
                " %}",
                "{# ",
                " #}",
                "{%- ",
                "-}}",
                "for ",
                "in ",
                "if ",
                "else",
            ),
            *("endfor", "endif", "set ", "macro ", "call ", "endmacro", "filter ", "block ", "raw"),
            *("endraw", "a", "b", "(", ")", "[", "]", "{", "}", "'", '"', "|", ".", ",", "=", "**"),
            *("9", "upper", "default", " ", "\n", "loop", "self", "import ", "extends ", "é", "\\"),
            *("autoescape ", "endautoescape", "with ", "endwith", "include ", "not ", "is ", "~"),
        ]
    ),
    max_size=25,
).map("".join)


@given(PIECES)
@settings(max_examples=150, deadline=None)
def test_any_text_is_accepted_and_compiles_or_is_refused_with_its_line(text: str) -> None:
    try:
        undeclared(text)
    except TemplateFault as fault:
        assert fault.line in range(1, text.count("\n") + 2)  # noqa: PT017
    else:
        compile_text(text)


def test_a_file_has_a_limit_of_jinja2_text() -> None:
    def codes(length: int) -> list[str]:
        half = "x" * (length // 2)
        message = f"  - role: user\n    content: '{half}'\n"
        parsed = parse(f"template: jinja2\nmessages:\n{message * 2}")
        return [problem.code for problem in parsed.errors]

    assert codes(MAX_JINJA2) == []
    assert codes(MAX_JINJA2 + 2) == ["jinja2-too-long"]


@pytest.mark.parametrize(
    "piece", ["{{ a }}", "{% if a %}{% endif %}", "{% set a = 1 %}", "{{ [1,1,1,1,1] }}"]
)
def test_the_largest_jinja2_text_is_read_in_bounded_time(piece: str) -> None:
    text = piece * (MAX_JINJA2 // len(piece))
    started = time.process_time()
    undeclared(text)
    assert time.process_time() - started < 4  # about one second; a busy machine takes more
