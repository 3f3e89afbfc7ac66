"""Exchanging fragment references: only their characters change, whatever surrounds them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.format import CannotEdit, fragments, parse
from promptops.format.fragment import Pin
from promptops.format.repin import repin

DIGEST = "sha256:" + "a" * 64

FILE = """\
# Uses {{> house/style@1 }}, and says so.
name: Triage   # {{> house/style@1 }}
messages:
  - role: system
    content: |
      {{> house/style@1 }}
      Sort.   {{>house/style@2}} {{> other@1 }}
  - role: user
    content: "{{ claim }} {{> house/style@1 }}"   # why
variants:
  claude:
    messages:
      - {role: user, content: '{{> house/style@1 }} {{ claim }}'}
testData:
  - {claim: "{{> house/style@1 }}"}
"""


def to(path: str, pin: Pin, *, old: Pin | None = None):  # type: ignore[no-untyped-def]
    def choose(found: str, at: Pin) -> tuple[str, Pin] | None:
        return (path, pin) if found == "house/style" and old in (None, at) else None

    return choose


def test_only_the_pins_in_messages_and_variants_change() -> None:
    changed = repin(FILE, to("house/style", 4, old=1))
    lines = [
        (before, after)
        for before, after in zip(FILE.splitlines(), changed.splitlines(), strict=True)
        if before != after
    ]
    assert [after for _, after in lines] == [
        before.replace("house/style@1", "house/style@4") for before, _ in lines
    ]
    assert len(lines) == 3
    assert "# Uses {{> house/style@1 }}" in changed
    assert '- {claim: "{{> house/style@1 }}"}' in changed


def test_the_path_may_change_too_and_a_digest_is_a_pin() -> None:
    changed = parse(repin(FILE, to("legal/style", DIGEST))).file
    assert changed is not None
    assert {str(ref) for ref in fragments(changed)} == {f"legal/style@{DIGEST}", "other@1"}


def test_nothing_to_change_gives_the_same_text() -> None:
    assert repin(FILE, lambda path, pin: None) == FILE
    assert repin(FILE, lambda path, pin: (path, pin)) == FILE


@pytest.mark.parametrize(
    "content",
    [
        r'"\x7b{> house/style@1 }}"',
        '"{{>\n      house/style@1 }}"',
        ">-\n      {{>\n      house/style@1 }} and on",
        "'{{ \"{{> house/style@1 }}\" }} {{> house/style@1 }}'",
        "{{> house/style@1 }}".join("''"),
    ],
)
def test_references_written_in_unusual_ways(content: str) -> None:
    text = f"messages:\n  - role: user\n    content: {content}   # c\n".replace("on   # c", "on")
    changed = parse(repin(text, to("house/style", 12))).file
    assert changed is not None
    assert [str(ref) for ref in fragments(changed)] == ["house/style@12"]
    if "{{ \\" in content:
        assert '"{{> house/style@1 }}"' in changed.messages[0].to_json()["content"]


def test_an_invalid_file_is_refused() -> None:
    with pytest.raises(CannotEdit):
        repin("messages: 1", to("a", 1))


@given(
    st.lists(
        st.sampled_from(["{{> house/style@1 }}", "{{>a@2}}", " text ", "é", "{{ x }}", "\n"]),
        min_size=1,
    ),
    st.sampled_from(["|-", '"', "'", "|2-"]),
)
def test_everything_but_the_references_reads_the_same(pieces: list[str], style: str) -> None:
    said = "x" + "".join(pieces).strip()
    if style in "\"'":
        written = style + said.replace("\n", "\n\n      ") + style
    else:
        written = style + "\n" + "".join(f"      {line}\n" for line in said.split("\n"))
    text = f"messages:\n  - role: user\n    content: {written}\ntags: [a]  # {{{{> house/style@1 }}}}\n"
    before = parse(text).file
    if before is None:
        return
    after = parse(repin(text, to("house/style", 7))).file
    assert after is not None
    assert after.messages[0].to_json()["content"] == before.messages[0].to_json()[
        "content"
    ].replace("house/style@1 ", "house/style@7 ")
    assert after.tags == before.tags
