"""The plain template's grammar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.format import Renderer, compile_template, quote, variables
from promptops.format.template import Include, Odd, Text, Variable


def kinds(text: str) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    for segment in compile_template(text):
        assert not isinstance(segment, Text) or segment.text or segment.end > segment.start
        value = getattr(segment, "text", None) or getattr(segment, "name", None)
        said.append((type(segment).__name__, value or str(getattr(segment, "target", ""))))
    return said


@pytest.mark.parametrize("name", ["a", "_a1", "user_name", "user.name", "order-id", "a.b-c.9"])
@pytest.mark.parametrize("gap", ["", " ", "\t  "])
def test_a_name_between_braces_is_a_variable(name: str, gap: str) -> None:
    assert kinds(f"x{{{{{gap}{name}{gap}}}}}") == [("Text", "x"), ("Variable", name)]


@pytest.mark.parametrize(
    "braces",
    [
        *(
            "{{}}",
            "{{ }}",
            "{{Your Name}}",
            "{{ a | b }}",
            "{{1a}}",
            "{{a.}}",
            "{{a..b}}",
            "{{-a}}",
        ),
        *("{{#if x}}", "{{/if}}", "{{ 'a' }}", "{{ä}}", "{{a b\nc}}", "{{\na\n}}", '{{ "a" b }}'),
    ],
)
def test_other_braces_are_text(braces: str) -> None:
    assert kinds(f"a {braces} b") == [("Text", "a "), ("Odd", braces), ("Text", " b")]


@pytest.mark.parametrize(
    "text", ["{", "}}", "{{ a", "{{ a }", "{ { a } }", "{a}", "{{{", "{% x %}"]
)
def test_unclosed_or_single_braces_are_plain_text(text: str) -> None:
    assert kinds(text) == [("Text", text)]


def test_braces_around_braces_belong_to_the_text() -> None:
    assert kinds('{"a": {{b}}}') == [("Text", '{"a": '), ("Variable", "b"), ("Text", "}")]
    assert kinds("{{{b}}}") == [("Text", "{"), ("Variable", "b"), ("Text", "}")]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{{ "{{ name }}" }}', "{{ name }}"),
        ('{{"x"}}', "x"),
        ('{{ "a\\"b" }}', 'a"b'),
        ('{{ "a\\\\b" }}', "a\\b"),
        ('{{ "a\\nb" }}', "a\\nb"),
        ('{{ "two\nlines" }}', "two\nlines"),
    ],
)
def test_quoted_text_is_emitted_as_it_is(template: str, text: str) -> None:
    assert kinds(template) == [("Text", text)]


def test_a_reference_to_a_fragment_keeps_its_target() -> None:
    pin = "sha256:" + "a" * 64
    template = f"{{{{> house/style@3 }}}} {{{{>a@{pin}}}}}"
    assert [s for s in kinds(template) if s[0] == "Include"] == [
        ("Include", "house/style@3"),
        ("Include", f"a@{pin}"),
    ]


def test_variables_are_listed_once_in_order() -> None:
    assert variables("{{ b }} {{a}} {{ b }} {{> f@1 }} {{ no no }}") == ("b", "a")


PIECES = st.lists(
    st.sampled_from(["{{", "}}", "{", "}", " ", "a", ".", '"', "\\", ">", "@1", "\n", "-", "é"])
).map("".join)


@given(PIECES)
def test_segments_cover_the_template_without_gap(text: str) -> None:
    end = 0
    for segment in compile_template(text):
        assert segment.start == end
        end = segment.end
        source = text[segment.start : segment.end]
        if isinstance(segment, Odd):
            assert segment.text == source
        if isinstance(segment, Variable):
            assert source.strip("{} \t") == segment.name
        if isinstance(segment, Include):
            assert segment.target in source
    assert end == len(text)


@given(PIECES | st.text())
def test_quoted_text_comes_out_as_it_went_in(text: str) -> None:
    artifact = {"messages": [{"role": "user", "content": quote(text)}]}
    assert Renderer(artifact).render({}) == [{"role": "user", "content": text}]
