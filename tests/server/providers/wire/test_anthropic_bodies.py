"""The body we send is, member for member, what Anthropic's SDK sends for `for_anthropic`'s arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptops.calls.anthropic import for_anthropic
from promptops.calls.ask import Ask
from promptops.errors import CannotExpress
from promptops_server.providers.wire.anthropic_messages import body_of
from support.anthropic_server import AnthropicServer

texts = st.text(min_size=1, max_size=30)
names = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
CACHED = {"cache_control": {"type": "ephemeral"}}


def optional(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


@st.composite
def parts(draw: st.DrawFn) -> dict[str, Any]:
    part: dict[str, Any] = draw(
        st.one_of(
            st.builds(lambda text: {"type": "text", "text": text}, texts),
            st.sampled_from(
                [
                    {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    {"type": "file", "file": {"filename": "a.pdf", "file_data": "BBBB"}},
                    {"type": "file", "file": {"file_id": "file_1"}},
                ]
            ),
        )
    )
    return {**part, **(CACHED if draw(st.booleans()) else {})}


contents = st.one_of(texts, st.lists(parts(), min_size=1, max_size=3))
systems = st.builds(lambda role, text: {"role": role, "content": text}, st.sampled_from(["system", "developer"]), texts)  # fmt: skip
users = st.builds(lambda content, more: {"role": "user", "content": content, **more}, contents, st.sampled_from([{}, CACHED]))  # fmt: skip
assistants = st.builds(lambda text: {"role": "assistant", "content": text}, texts)


@st.composite
def exchanges(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A call of a tool and its answer."""
    name, city = draw(names), draw(texts)
    call = {"id": "t1", "type": "function", "function": {"name": name, "arguments": json.dumps({"city": city})}}  # fmt: skip
    return [
        {"role": "assistant", "content": draw(st.one_of(st.none(), texts)), "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t1", "content": draw(texts)},
    ]


conversations = st.builds(
    lambda first, user, rest: [*first, user, *(m for piece in rest for m in piece)],
    st.lists(systems, max_size=2),
    users,
    st.lists(st.one_of(st.builds(lambda m: [m], st.one_of(users, assistants, systems)), exchanges()), max_size=4),
)  # fmt: skip
parameters = optional(
    temperature=st.floats(0, 1),
    topP=st.floats(0, 1),
    topK=st.integers(1, 100),
    maxTokens=st.integers(1, 4000),
    stop=st.one_of(texts, st.lists(texts, min_size=1, max_size=3)),
    reasoningEffort=st.sampled_from(["low", "medium", "high", "xhigh", "max"]),
    toolChoice=st.one_of(
        st.sampled_from(["auto", "required", "none"]),
        st.builds(lambda n: {"type": "function", "function": {"name": n}}, names),
    ),
    thinking=st.sampled_from(
        [
            {"type": "disabled"},
            {"type": "enabled", "budget_tokens": 1024},
            {"type": "adaptive", "display": "omitted"},
        ]
    ),
    serviceTier=st.sampled_from(["auto", "standard_only"]),
    metadata=st.builds(lambda user: {"user_id": user}, texts),
)
schemas = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "integer"}, {"enum": ["a", None, 1.5, True]}]),
    lambda inner: st.builds(
        lambda members, more: {"type": "object", "properties": members, "additionalProperties": more},
        st.dictionaries(names, inner, max_size=3),
        st.booleans(),
    ),
    max_leaves=5,
)  # fmt: skip
tools = st.builds(
    lambda name, description, schema, strict: {
        "name": name, "description": description, "parameters": schema, "strict": strict,
    },
    names, st.one_of(st.just(""), texts), schemas, st.sampled_from([None, True, False]),
)  # fmt: skip


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    schema = draw(st.one_of(st.none(), schemas))
    return Ask(
        name="bank/claims/triage",
        model=draw(st.sampled_from(["claude-test", "claude-sonnet-5"])),
        messages=draw(conversations),
        parameters=draw(parameters),
        tools=draw(st.lists(tools, max_size=2)),
        response_format=None if schema is None else "json_schema",
        json_schema=None if schema is None else {"name": "answer", "schema": schema},
    )


@pytest.fixture(scope="module")
def server() -> Iterator[AnthropicServer]:
    with AnthropicServer(lambda body: "done") as server:
        yield server


@pytest.fixture(scope="module")
def sdk(server: AnthropicServer) -> anthropic.Anthropic:
    # Its own version of the protocol refuses a temperature.
    return anthropic.Anthropic(
        base_url=server.url,
        api_key="k",
        max_retries=0,
        default_headers={"anthropic-version": "2023-06-01"},
    )


@given(ask=asks(), stream=st.booleans())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_our_body_is_the_sdks(
    server: AnthropicServer, sdk: anthropic.Anthropic, ask: Ask, stream: bool
) -> None:
    call = for_anthropic(ask, None, {})
    if stream:
        with sdk.messages.create(**call, stream=True) as events:
            assert list(events)[-1].type == "message_stop"
    else:
        sdk.messages.create(**call)
    assert body_of(ask, stream=stream) == server.requests[-1].body


def test_what_cannot_be_said_is_refused_by_name() -> None:
    ask = Ask("bank/triage", "claude-test", [{"role": "user", "content": "Hi"}], {"seed": 7}, [], None, None)  # fmt: skip
    with pytest.raises(CannotExpress, match="the parameter seed"):
        body_of(ask, stream=False)
