"""Rendering over HTTP: what it answers, whom, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from bank import TRIAGE, Bank, LiveTable, client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from promptops.errors import PromptOpsError
from promptops.format import compile_artifact, dump, parse
from promptops.prompt import Prompt

JINJA2 = """\
template: jinja2
model: openai/gpt-4o
inputs:
  name:
  items: {type: array, default: [1]}
  history: {type: array, required: false}
messages:
  - role: system
    content: "{% for i in items %}<{{ i }}>{% endfor %}"
  - placeholder: history
  - role: user
    content: Dear {{ name | upper }}
variants:
  claude:
    model: anthropic/claude-sonnet-4-5
    messages: [{role: user, content: "Hi {{ name }}"}]
"""


@pytest.fixture
def http(small_bank: Bank) -> Iterator[TestClient]:
    with client(small_bank.db, LiveTable(production={"a": 1})) as found:
        yield found


def render(http: TestClient, path: str, **body: Any) -> Any:
    return http.post(f"/projects/bank/render/{path}", json=body)


def preview(http: TestClient, content: str, **body: Any) -> Any:
    return http.post("/projects/bank/render", json={"content": content, **body})


def test_a_version_is_rendered_by_its_address(bank: Bank) -> None:
    bank.put("claims/triage", TRIAGE)
    bank.put("claims/triage", TRIAGE.replace("Sort the", "Order the"), parent=1)
    with client(bank.db, LiveTable(production={"claims/triage": 1}), as_="vera") as http:
        newest = render(http, "claims/triage", inputs={"claim": "A tree"})
        assert newest.status_code == 200, newest.text
        got = newest.json()
        assert (got["address"], got["version"]) == ("bank/claims/triage", 2)
        assert got["messages"] == [
            {"role": "system", "content": "Order the claim."},
            {"role": "user", "content": "A tree"},
        ]
        assert got["model"] == "openai/gpt-4o"
        assert len(got["commit"]) == 40
        assert "call" not in got
        for selector, word in (
            ("@1", "Sort"),
            ("@production", "Sort"),
            ("@" + got["commit"], "Order"),
        ):
            one = render(http, "claims/triage" + selector, inputs={"claim": ""}).json()
            assert one["messages"][0]["content"].startswith(word)
        assert render(http, "claims/triage@9").status_code == 404
        assert render(http, "claims/other").status_code == 404


def test_jinja2_placeholders_and_variants(http: TestClient, small_bank: Bank) -> None:
    small_bank.put("a", JINJA2)
    history = [{"role": "assistant", "content": "{{ name }}"}]
    got = render(http, "a", inputs={"name": "ada"}, messages={"history": history}).json()
    assert got["messages"] == [
        {"role": "system", "content": "<1>"},
        {"role": "assistant", "content": "{{ name }}"},
        {"role": "user", "content": "Dear ADA"},
    ]
    assert got["requires"] == ["jinja2"]
    body = {"inputs": {"name": "ada"}, "model": "claude", "for": "anthropic"}
    got = render(http, "a", **body).json()
    assert (got["variant"], got["model"]) == ("claude", "anthropic/claude-sonnet-4-5")
    assert got["call"]["messages"] == [{"role": "user", "content": "Hi ada"}]


@pytest.mark.parametrize(
    ("body", "slug", "name"),
    [
        ({}, "missing-input", "name"),
        ({"inputs": {"name": None}}, "missing-input", "name"),
        ({"inputs": {"name": "x", "nmae": "x"}}, "unknown-input", "nmae"),
        ({"inputs": {"name": 1}}, "wrong-input-type", "name"),
        ({"inputs": {"name": "x", "items": "y"}}, "wrong-input-type", "items"),
        ({"inputs": {"name": "x", "history": [{"role": "boss"}]}}, "wrong-input-type", "history"),
        ({"inputs": {"name": "x"}, "messages": {"history": [{}]}}, "wrong-input-type", "history"),
        ({"inputs": {"name": "x"}, "messages": {"name": []}}, "unknown-input", "name"),
        (
            {"inputs": {"name": "x", "history": []}, "messages": {"history": []}},
            "wrong-input-type",
            "history",
        ),
        (
            {"inputs": {"name": "x", "items": [[[]] * 2] * 2 + [eval("[" * 70 + "]" * 70)]}},
            "wrong-input-type",
            "items",
        ),
        ({"inputs": {"name": "x"}, "model": "llama", "for": "openai"}, "cannot-express", None),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        JINJA2,
        JINJA2.replace("template: jinja2", "tags: [x]")
        .replace("{% for i in items %}<{{ i }}>{% endfor %}", "{{ items }}")
        .replace(" | upper", ""),
    ],
)
def test_a_wrong_input_is_named(
    http: TestClient, small_bank: Bank, text: str, body: dict[str, Any], slug: str, name: str | None
) -> None:
    small_bank.put("a", text)
    answer = render(http, "a", **body)
    assert answer.status_code == 422, answer.text
    document = answer.json()
    assert document["type"] == f"urn:promptops:problem:{slug}"
    assert document.get("input") == name
    assert name is None or name in document["detail"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"3", b'{"inputs": []}', b'{"inputs": {}, "more": 1}', b'{"model": 1}'),
        *(b'{"inputs": {"a": NaN}}', b'{"messages": {"a": 1}}', b'{"for": "bard"}', b"\xff"),
        *(
            b'{"model": "' + b"m" * 201 + b'"}',
            b'{"model": "\\ud800"}',
            b'{"inputs": {"\\ud800": 1}}',
        ),
        *(
            b'{"inputs": {"claim": "\\ud800"}}',
            b'{"inputs": ' + b"[" * 9000,
            b'{"inputs": {"a": ' + b"9" * 5000 + b"}}",
        ),
    ],
)
def test_a_body_that_says_nothing_to_render_is_refused(
    http: TestClient, small_bank: Bank, body: bytes
) -> None:
    small_bank.put("a", TRIAGE)
    for path in ("/render/a", "/render"):
        answer = http.post(f"/projects/bank{path}", content=body)
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_text_that_is_not_stored_is_rendered(http: TestClient, small_bank: Bank) -> None:
    small_bank.put("house/tone", "messages: [{role: user, content: Be kind.}]")
    text = "messages:\n  - role: user\n    content: '{{> house/tone@1 }} {{ a }}'\n"
    got = preview(http, text, inputs={"a": "Now."}).json()
    assert got["messages"][0]["content"] == "Be kind. Now."
    assert (got["address"], got["version"], got["commit"]) == (None, None, None)
    as_json = {"messages": [{"role": "user", "content": "{{ a }}"}]}
    got = http.post("/projects/bank/render", json={"prompt": as_json, "inputs": {"a": "x"}}).json()
    assert got["messages"][0]["content"] == "x"
    assert http.get("/projects/bank/prompts").json()["items"][0]["path"] == "house/tone"
    missing = preview(http, text.replace("@1", "@7"), inputs={"a": "x"})
    assert (missing.status_code, missing.json()["type"]) == (
        422,
        "urn:promptops:problem:invalid-prompt",
    )
    assert "house/tone@7" in missing.json()["detail"]
    both = {"content": text, "prompt": as_json}
    assert http.post("/projects/bank/render", json=both).status_code == 400
    large = preview(http, "x: " + "y" * 1_050_000)
    assert (large.status_code, "1,048,576" in large.json()["detail"]) == (413, True)


def test_an_invalid_prompt_is_refused_with_its_errors(http: TestClient, small_bank: Bank) -> None:
    body = {"prompts": [{"path": "bad", "content": "messages: []\n"}], "allow_invalid": True}
    assert http.post("/projects/bank/imports", json=body).json()["items"][0]["version"] == 1
    for answer in (render(http, "bad"), preview(http, "messages: []\n")):
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert (error["code"], error["line"], error["column"]) == ("no-messages", 1, 11)


def test_only_who_may_read_renders(bank: Bank) -> None:
    bank.put("a", TRIAGE)
    for who, status in (("sam", 404), ("nobody", 401), ("vera", 200)):
        with client(bank.db, as_=who) as http:
            assert render(http, "a", inputs={"claim": "x"}).status_code == status
            assert preview(http, TRIAGE, inputs={"claim": "x"}).status_code == status
            if who == "sam":
                missing = http.post("/projects/none/render/a", json={}).json()
                hidden = render(http, "a").json()
                for document in (missing, hidden):
                    document.pop("request_id", None)
                assert json.dumps(missing).replace("none", "bank") == json.dumps(hidden)


@pytest.mark.parametrize("template", ["plain", "jinja2"])
def test_a_result_over_the_limit_is_refused_before_it_fills_the_memory(
    http: TestClient, template: str
) -> None:
    text = f"template: {template}\nmessages:\n  - role: user\n    content: '{'{{ a }}' * 20_000}'\n"
    answer = preview(http, text, inputs={"a": "x" * 100_000})  # 2 GB
    document = answer.json()
    assert (answer.status_code, document["type"]) == (422, "urn:promptops:problem:render-limit")
    assert document["limit"].startswith("limits.render_")  # whichever is met first
    assert document["limit"] in document["detail"]


def test_the_server_answers_others_while_bombs_go_off(http: TestClient) -> None:
    from concurrent.futures import ThreadPoolExecutor

    bomb = "template: jinja2\nmessages: [{role: user, content: '{{ 9**(9**9) }}'}]"
    with ThreadPoolExecutor(8) as pool:
        going = [pool.submit(preview, http, bomb) for _ in range(8)]
        others = 0
        while not all(future.done() for future in going):
            assert http.get("/projects/bank").status_code == 200
            others += 1
    assert {future.result().json()["limit"] for future in going} == {"limits.render_seconds"}
    assert others > 10


# --- the server gives what the SDK gives

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
MARKS = st.sampled_from(
    ["{{ name }}", "{{count}}", "{{ data }}", "{{ odd one }}", '{{ "{{" }}', "%s", "{"]
)
PLAIN = (
    st.lists(TEXT | MARKS, min_size=1, max_size=4)
    .map("".join)
    .filter(lambda t: bool(t.strip()) and "{{>" not in t)
)
LOGIC = st.sampled_from(
    [
        *("{% if count %}yes{% else %}no{% endif %}", "{{ name|upper }}", "{{ data|tojson }}"),
        *("{% for d in data %}{{ loop.index }}{{ d }}{% endfor %}", "{{ name.nope.more }}"),
        *("{{ count // 0 }}", "{# c #}", "{{ 'x' ~ name }}", "{{ data }}"),
    ]
)
CODE = st.lists(LOGIC | st.sampled_from(["a ", "é\n", "100% "]), min_size=1, max_size=4).map(
    "".join
)


def messages_of(content: st.SearchStrategy[str]) -> st.SearchStrategy[list[Any]]:
    parts = st.lists(
        st.one_of(
            content.map(lambda t: {"type": "text", "text": t}),
            st.sampled_from(["{{ name }}", "https://x.example/a.png"]).map(
                lambda u: {"type": "image_url", "image_url": {"url": u}}
            ),
            st.just({"type": "file", "file": {"file_id": "f-{{ count }}", "filename": "a.pdf"}}),
            st.just({"type": "file", "file": {"url": "https://x.example/a.pdf"}}),
        ),
        min_size=1,
        max_size=3,
    )
    message = st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "user", "assistant", "developer"]),
            "content": content | parts,
        }
    )
    return st.lists(message | st.just({"placeholder": "history"}), min_size=1, max_size=4)


@st.composite
def prompts(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["plain", "jinja2"]))
    content = PLAIN if kind == "plain" else CODE
    data: dict[str, Any] = {
        "template": kind,
        "inputs": {
            "name": draw(st.sampled_from([{}, {"default": "Ada"}, {"required": False}])),
            "count": {"type": "integer", "default": 3},
            "data": {"type": draw(st.sampled_from(["object", "array"])), "required": False},
            "history": {"type": "array", "required": False},
        },
        "messages": draw(messages_of(content)),
        "modelParameters": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "temperature": st.sampled_from([0, 0.5, 1.5]),
                    "maxTokens": st.integers(1, 99),
                    "stop": st.just("END"),
                    "reasoningEffort": st.just("high"),
                    "own": st.just({"a": 1}),
                },
            )
        ),
    }
    if draw(st.booleans()):
        data["model"] = draw(st.sampled_from(["openai/gpt-4o", "anthropic/claude-sonnet-4-5"]))
    if draw(st.booleans()):
        data["variants"] = {"claude": {"messages": draw(messages_of(content))}}
        if draw(st.booleans()):
            data["variants"]["claude"]["modelParameters"] = {"temperature": None, "topP": 0.5}
    if draw(st.booleans()):
        schema = {"type": "object", "properties": {"x": {"type": "string"}}}
        data["responseFormat"] = "json_schema"
        data["jsonSchema"] = {"name": "x", "strict": True, "schema": schema}
        data["tools"] = [{"name": "look", "description": "d", "parameters": schema}]
    return data


ASKED = st.fixed_dictionaries(
    {
        "inputs": st.fixed_dictionaries(
            {},
            optional={
                "name": TEXT | st.sampled_from(["{{ count }}", 7]),
                "count": st.integers(0, 9),
                "data": st.sampled_from([{}, {"a": [1, "é"]}, [], ["x", 1.5, None]]),
                "history": st.sampled_from([[], [{"role": "user", "content": "before"}]]),
                "else": st.just("x"),
            },
        ),
        "model": st.sampled_from([None, "claude", "gpt-4o-mini", "openai/gpt-4o"]),
        "for": st.sampled_from([None, "openai", "anthropic"]),
    }
)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=prompts(), asked=ASKED)
def test_the_server_renders_what_the_sdk_renders(
    http: TestClient, data: dict[str, Any], asked: dict[str, Any]
) -> None:
    text = dump(data)
    file = parse(text).file
    assert file is not None, parse(text).errors
    made = compile_artifact(file, project="bank", path="a", version=1, commit="c" * 40)
    prompt = Prompt(made.text, environment="production", release=1, digest=made.digest)
    wanted: dict[str, Any] = {}
    refused = ""
    try:
        wanted["messages"] = prompt.render(asked["inputs"], model=asked["model"])
        if asked["for"] == "openai":
            wanted["call"] = prompt.for_openai(asked["inputs"], model=asked["model"])
        elif asked["for"] == "anthropic":
            wanted["call"] = prompt.for_anthropic(asked["inputs"], model=asked["model"])
    except PromptOpsError as error:
        refused = error.code
    answer = preview(http, text, **asked)
    got = answer.json()
    if refused:
        assert (answer.status_code, got["type"]) == (422, f"urn:promptops:problem:{refused}")
        return
    assert answer.status_code == 200, got
    assert {key: got[key] for key in wanted} == json.loads(json.dumps(wanted))
    assert (got["tools"], got["jsonSchema"]) == (prompt.tools, prompt.json_schema)
    assert (got["responseFormat"], got["behaviour"]) == (prompt.response_format, prompt.behaviour)
