"""Fragments: references, resolution, limits."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from promptops.format import (
    FragmentError,
    Loader,
    Pin,
    PromptFile,
    UnresolvedFragment,
    behaviour_digest,
    compile_artifact,
    dump,
    fragments,
    parse,
    resolve_fragments,
)


def file(content: str, **members: object) -> PromptFile:
    parsed = parse(dump({**members, "messages": [{"role": "user", "content": content}]}))
    assert parsed.file is not None, [str(p) for p in parsed.problems]
    return parsed.file


def loader(stored: Mapping[str, PromptFile]) -> Loader:
    def load(path: str, pin: Pin) -> PromptFile:
        return stored[f"{path}@{pin}"]

    return load


def text_of(resolved: PromptFile) -> object:
    return resolved.messages[0].to_json()["content"]


def test_references_are_listed_with_path_pin_and_place() -> None:
    digest = "sha256:" + "0" * 64
    given = file(
        '{{> house/style@3 }} {{ "{{> quoted@1 }}" }}',
        variants={"gpt": {"messages": [{"role": "user", "content": f"{{{{>a@{digest}}}}}"}]}},
    )
    assert [(str(f), f.path, f.pin, f.key) for f in fragments(given)] == [
        ("house/style@3", "house/style", 3, "messages[0].content"),
        (f"a@{digest}", "a", digest, "variants.gpt.messages[0].content"),
    ]


def test_a_fragment_s_text_takes_the_place_of_the_reference() -> None:
    stored = {"house/style@3": file("Be {{ mood }}.\n")}
    resolved = resolve_fragments(file("A {{> house/style@3 }} {{ x }} B"), loader(stored))
    assert text_of(resolved) == "A Be {{ mood }}. {{ x }} B"
    assert set(resolved.inputs) == {"x", "mood"}
    assert fragments(resolved) == ()


def test_fragments_in_fragments_parts_and_variants_are_resolved() -> None:
    stored = {"a@1": file("[{{> b@2 }}]"), "b@2": file("b")}
    parsed = parse(
        """
messages:
  - role: user
    content:
      - {type: text, text: "x {{> a@1 }}"}
variants:
  claude:
    messages: [{role: user, content: "{{> b@2 }}"}]
"""
    )
    assert parsed.file is not None
    resolved = resolve_fragments(parsed.file, loader(stored))
    assert text_of(resolved) == [{"type": "text", "text": "x [b]"}]
    assert resolved.variants["claude"].messages is not None
    assert resolved.variants["claude"].messages[0].to_json()["content"] == "b"


def test_a_file_without_fragments_is_returned_as_it_is() -> None:
    given = file("a {{ b }}")
    assert resolve_fragments(given, loader({})) is given


def test_an_unresolved_file_is_neither_compiled_nor_digested() -> None:
    given = file("{{> a@1 }}")
    with pytest.raises(UnresolvedFragment, match="a@1"):
        compile_artifact(given, project="p", path="a", version=1, commit="c")
    with pytest.raises(UnresolvedFragment):
        behaviour_digest(given)


def test_the_digest_covers_the_fragment_s_text() -> None:
    given = file("{{> a@1 }}")
    one = resolve_fragments(given, loader({"a@1": file("one")}))
    two = resolve_fragments(given, loader({"a@1": file("two")}))
    assert behaviour_digest(one) != behaviour_digest(two)
    assert behaviour_digest(one) == behaviour_digest(file("one"))


def test_a_digest_pin_is_verified() -> None:
    right = file("right")
    pin = behaviour_digest(right)
    given = file(f"{{{{> a@{pin} }}}}")
    assert text_of(resolve_fragments(given, loader({f"a@{pin}": right}))) == "right"
    with pytest.raises(FragmentError, match="not the content asked for"):
        resolve_fragments(given, loader({f"a@{pin}": file("wrong")}))


def test_a_circle_is_refused_and_shown() -> None:
    stored = {"a@1": file("{{> b@1 }}"), "b@1": file("{{> a@1 }}")}
    with pytest.raises(FragmentError, match="a@1 → b@1 → a@1"):
        resolve_fragments(file("{{> a@1 }}"), loader(stored))


def chain(length: int) -> Mapping[str, PromptFile]:
    stored = {f"f{i}@1": file(f"{{{{> f{i + 1}@1 }}}}") for i in range(1, length)}
    return {**stored, f"f{length}@1": file("end")}


def test_fragments_nest_five_deep_and_no_deeper() -> None:
    assert text_of(resolve_fragments(file("{{> f1@1 }}"), loader(chain(5)))) == "end"
    with pytest.raises(FragmentError, match="more than 5"):
        resolve_fragments(file("{{> f1@1 }}"), loader(chain(6)))


def test_fragments_that_multiply_are_stopped_early() -> None:
    stored = {f"f{i}@1": file(f"{{{{> f{i + 1}@1 }}}}" * 2000) for i in range(1, 5)}
    stored["f5@1"] = file("lol " * 20)
    started = time.process_time()
    with pytest.raises(FragmentError, match="longer than"):
        resolve_fragments(file("{{> f1@1 }}" * 2000), loader(stored))
    assert time.process_time() - started < 2


def test_a_fragment_is_one_message_of_text() -> None:
    two = parse("messages: [{role: user, content: a}, {role: user, content: b}]").file
    placeholder = parse("messages: [{placeholder: a}]").file
    assert two is not None
    assert placeholder is not None
    for stored in (two, placeholder):
        with pytest.raises(FragmentError, match="a@1"):
            resolve_fragments(file("{{> a@1 }}"), loader({"a@1": stored}))


def test_template_kinds_are_not_mixed() -> None:
    pytest.importorskip("jinja2")
    with pytest.raises(FragmentError, match="jinja2"):
        resolve_fragments(file("{{> a@1 }}"), loader({"a@1": file("x", template="jinja2")}))
    both = resolve_fragments(
        file("{% if a %}{{> f@1 }}{% endif %}", template="jinja2"),
        loader({"f@1": file("{{ b }}", template="jinja2")}),
    )
    assert text_of(both) == "{% if a %}{{ b }}{% endif %}"
    assert set(both.inputs) == {"a", "b"}


def test_the_prompt_s_declaration_wins_and_the_fragment_s_is_inherited() -> None:
    stored = {
        "f@1": file(
            "{{ a }} {{ b }}",
            inputs={"a": {"type": "integer"}, "b": {"default": "from fragment"}},
        )
    }
    resolved = resolve_fragments(
        file("{{> f@1 }} {{ c }}", inputs={"a": {"type": "string"}, "c": {}}), loader(stored)
    )
    assert resolved.inputs["a"].type == "string"
    assert resolved.inputs["b"].default == "from fragment"


def test_a_variable_that_nobody_declares_is_refused() -> None:
    with pytest.raises(FragmentError, match="'mood'"):
        resolve_fragments(
            file("{{> f@1 }} {{ c }}", inputs={"c": {}}), loader({"f@1": file("{{ mood }}")})
        )


def test_what_the_loader_raises_passes_through() -> None:
    with pytest.raises(KeyError):
        resolve_fragments(file("{{> gone@1 }}"), loader({}))
