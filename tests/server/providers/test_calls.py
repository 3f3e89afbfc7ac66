"""Calls reach an answer where there is one to be had, and say in our words why there is none."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from promptops_server.providers.calls import Calls
from promptops_server.providers.model import CallError, Delta, Fault, Limits, Reply
from server.providers.calling import a_target, an_ask, calling
from support import openai_server as steps
from support.openai_server import Answer, OpenAIServer


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """A server whose model says where Paris is."""
    with OpenAIServer(answer=lambda body: "Paris is the capital.", api_key="sk-test") as started:
        yield started


def call(server: OpenAIServer, *, deadline: float = 5, **target: object) -> Reply:
    """One call of the server."""
    return calling(lambda c: c.call(a_target(server.url, **target), an_ask(), deadline=deadline))


def stream(server: OpenAIServer, given: list[Delta], *, deadline: float = 5) -> Reply:
    """One streamed call; the deltas are in `given`, also when it fails."""
    return calling(
        lambda c: c.call(a_target(server.url), an_ask(), deadline=deadline, on_delta=given.append)
    )


def fault_of(server: OpenAIServer, *, deadline: float = 5) -> CallError:
    """What a call fails with."""
    with pytest.raises(CallError) as caught:
        call(server, deadline=deadline)
    return caught.value


def test_an_answer_comes_with_times_and_usage(server: OpenAIServer) -> None:
    server.script([steps.slow(0.1)])
    reply = call(server)
    assert reply.text == "Paris is the capital."
    assert reply.usage.output == 4
    assert reply.attempts == 1
    assert 100 <= reply.latency_ms < 4000
    assert reply.first_token_ms is None
    assert server.requests[0].headers["authorization"] == "Bearer sk-test"


def test_a_streamed_answer_is_the_same_in_pieces(server: OpenAIServer) -> None:
    server.script([steps.slow_stream(0.05)])
    given: list[Delta] = []
    reply = stream(server, given)
    assert "".join(delta.text for delta in given) == reply.text == "Paris is the capital."
    assert len(given) == 4
    assert reply.usage.output == 4
    assert reply.first_token_ms is not None
    assert reply.first_token_ms + 100 < reply.latency_ms


def test_the_deployment_is_named_and_the_model_decides_the_spelling(server: OpenAIServer) -> None:
    ask = an_ask(parameters={"maxTokens": 7})
    target = a_target(server.url, model="our-deployment", catalogue_id="gpt-4o-mini")
    calling(lambda c: c.call(target, ask, deadline=5))
    body = server.requests[0].body
    assert (body["model"], body["max_completion_tokens"]) == ("our-deployment", 7)


@pytest.mark.parametrize(
    "step",
    [steps.rate_limited(0.01), steps.overloaded(), steps.broken(), steps.cut(5)],
    ids=["rate limit", "overloaded", "broken", "cut"],
)
def test_what_may_pass_is_tried_again(server: OpenAIServer, step: steps.Step) -> None:
    server.script([step, step])
    assert call(server).attempts == 3


@pytest.mark.parametrize(
    ("script", "charged"),
    [
        ([steps.malformed()], True),
        ([steps.cut(5), steps.unauthorised()], True),
        ([steps.unauthorised()], False),
        ([steps.broken()] * 4, False),
        ([steps.redirect("http://127.0.0.1:1/v1")], False),
    ],
    ids=["unread", "cut before", "refused", "broken", "redirected"],
)
def test_a_call_without_an_answer_says_whether_it_may_have_been_charged(
    server: OpenAIServer, script: list[steps.Step], charged: bool
) -> None:
    server.script(script)
    assert fault_of(server, deadline=20).may_have_cost is charged


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (steps.context_too_long(), "context_too_long"),
        (steps.invalid_parameter("temperature"), "invalid_parameter"),
        (steps.unauthorised(), "authentication"),
        (steps.forbidden(), "permission"),
        (steps.not_found(), "not_found"),
        (steps.filtered(), "refused"),
        (steps.malformed(), "bad_answer"),
        (steps.redirect("http://127.0.0.1:1/v1"), "bad_answer"),
        (steps.huge(2_000_000), "bad_answer"),
    ],
)
def test_what_stays_wrong_is_not_tried_again(
    server: OpenAIServer, step: steps.Step, fault: Fault
) -> None:
    server.script([step])
    with pytest.raises(CallError) as caught:
        calling(
            lambda c: c.call(a_target(server.url), an_ask(), deadline=5),
            settings={"answer_megabytes": 1},
        )
    assert caught.value.fault == fault
    assert caught.value.attempts == 1
    assert len(server.requests) == 1


def test_waits_as_long_as_it_is_asked_to(server: OpenAIServer) -> None:
    server.script([steps.rate_limited(0.4, header="retry-after-ms")])
    call(server)
    first, second = server.requests
    assert 0.4 <= second.at - first.at < 1.5


def test_does_not_wait_in_vain_beyond_the_deadline(server: OpenAIServer) -> None:
    server.script([steps.rate_limited(60)])
    began = time.monotonic()
    error = fault_of(server, deadline=2)
    assert time.monotonic() - began < 1.5
    assert (error.fault, error.retry_after) == ("rate_limit", 60)


def test_the_deadline_is_for_all_attempts_together(server: OpenAIServer) -> None:
    server.script([steps.broken(), steps.slow(30)])
    began = time.monotonic()
    error = fault_of(server, deadline=0.6)
    assert error.fault == "time_out"
    assert error.attempts == 2
    assert time.monotonic() - began < 2


def test_a_request_that_may_have_cost_money_is_not_repeated_without_end(
    server: OpenAIServer,
) -> None:
    server.script([steps.broken()] * 20)
    assert fault_of(server, deadline=30).attempts == 4


def test_waits_are_random_between_nothing_and_twice_as_much_each_time(
    server: OpenAIServer,
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    server.script([steps.overloaded()] * 6)
    chances = iter([1.0, 0.0, 0.5, 1.0, 1.0, 1.0])
    reply = calling(
        lambda c: c.call(a_target(server.url), an_ask(), deadline=60),
        chance=lambda: next(chances), sleep=sleep,
    )  # fmt: skip
    assert waited == [0.5, 0.0, 1.0, 4.0, 8.0, 16.0]
    assert reply.attempts == 7


def test_an_endpoint_that_says_at_once_again_and_again_is_not_hammered(
    server: OpenAIServer,
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    server.script([steps.rate_limited(0)] * 4 + [steps.rate_limited(10)])
    calling(
        lambda c: c.call(a_target(server.url), an_ask(), deadline=60),
        chance=lambda: 1.0, sleep=sleep,
    )  # fmt: skip
    assert waited == [0.5, 1.0, 2.0, 4.0, 11.0]


@pytest.mark.parametrize("step", [steps.cut(3), steps.unfinished(3), steps.error_in_stream(3)])
def test_nothing_is_said_twice(server: OpenAIServer, step: steps.Step) -> None:
    server.script([step])
    given: list[Delta] = []
    with pytest.raises(CallError) as caught:
        stream(server, given)
    assert caught.value.fault in ("network", "failed")
    assert "".join(delta.text for delta in given).startswith("Paris")
    assert len(server.requests) == 1


def test_a_stream_that_broke_before_its_first_word_is_tried_again(server: OpenAIServer) -> None:
    server.script([steps.cut(1), steps.error_in_stream(0)])
    given: list[Delta] = []
    assert stream(server, given).attempts == 3
    assert "".join(delta.text for delta in given) == "Paris is the capital."


def test_a_piece_of_a_stream_that_is_no_json_is_a_bad_answer(server: OpenAIServer) -> None:
    server.script([steps.malformed(2)])
    with pytest.raises(CallError) as caught:
        stream(server, [])
    assert caught.value.fault == "bad_answer"


def test_cancelling_ends_the_connection(server: OpenAIServer) -> None:
    server.script([steps.slow(30), steps.slow_stream(10)])

    async def cancelled(c: Calls) -> None:
        for on_delta in (None, lambda delta: None):
            task = asyncio.create_task(
                c.call(a_target(server.url), an_ask(), deadline=60, on_delta=on_delta)
            )
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    calling(cancelled)
    end = time.monotonic() + 5
    while server.abandoned < 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert server.abandoned == 2
    assert server.open_connections == 0


def test_connections_are_used_again_also_after_streams_and_faults(server: OpenAIServer) -> None:
    server.script([None, steps.rate_limited(0), steps.context_too_long()])

    async def several(c: Calls) -> None:
        target = a_target(server.url)
        await c.call(target, an_ask(), deadline=5)
        with pytest.raises(CallError):
            await c.call(target, an_ask(), deadline=5)
        for _ in range(3):
            await c.call(target, an_ask(), deadline=5, on_delta=lambda delta: None)

    calling(several)
    assert len(server.requests) == 6
    assert server.connections == 1


def test_a_connection_the_endpoint_closed_meanwhile_costs_nothing(server: OpenAIServer) -> None:
    async def twice(c: Calls) -> Reply:
        await c.call(a_target(server.url), an_ask(), deadline=5)
        server.close_connections()
        return await c.call(a_target(server.url), an_ask(), deadline=5)

    assert calling(twice).text == "Paris is the capital."


def test_no_more_at_a_time_than_the_target_allows(server: OpenAIServer) -> None:
    server.latency = 0.05

    async def many(c: Calls) -> None:
        target = a_target(server.url, limits=Limits(concurrency=3))
        await asyncio.gather(*(c.call(target, an_ask(), deadline=5) for _ in range(12)))

    calling(many)
    assert server.most_at_once == 3


def test_one_rate_limit_holds_the_others_back(server: OpenAIServer) -> None:
    server.script([steps.rate_limited(0.5)])

    async def two(c: Calls) -> None:
        target = a_target(server.url, limits=Limits(concurrency=1))
        await asyncio.gather(*(c.call(target, an_ask(), deadline=5) for _ in range(3)))

    calling(two)
    assert server.requests[1].at - server.requests[0].at >= 0.45


def test_reads_tools_reasoning_and_refusals_streamed_or_not(server: OpenAIServer) -> None:
    answer = Answer("", (("weather", '{"city": "Paris"}'),), reasoning="I need the weather")
    server.answer = lambda body: answer
    for reply in (call(server), stream(server, [])):
        assert reply.stop == "tool_calls"
        assert reply.tool_calls[0].arguments == '{"city": "Paris"}'
        assert reply.reasoning == "I need the weather"
        assert reply.usage.reasoning == 4
    server.script([steps.refused("No."), steps.refused("No.")])
    for reply in (call(server), stream(server, [])):
        assert (reply.stop, reply.refusal) == ("refusal", "No.")


def test_says_which_model_answered(server: OpenAIServer) -> None:
    server.script([steps.wrong_model("gpt-4o-mini-2024-07-18")])
    assert call(server).model == "gpt-4o-mini-2024-07-18"


def test_without_a_credential_nothing_is_sent(server: OpenAIServer) -> None:
    with pytest.raises(CallError) as caught:
        calling(
            lambda c: c.call(a_target(server.url), an_ask(), deadline=5),
            secret_of=lambda target: None,
        )
    assert caught.value.fault == "no_credentials"
    assert server.requests == []


def test_no_sentence_holds_the_key(server: OpenAIServer) -> None:
    server.script([steps.error(401, "The key sk-test of yours is wrong")])
    assert "sk-test" not in str(fault_of(server))
    server.script([steps.error(400, "You sent gpt-4o-mini and Bearer sk-test here")])
    assert "sk-test" not in fault_of(server).detail


def test_what_the_protocol_cannot_say_is_not_sent(server: OpenAIServer) -> None:
    ask = an_ask(messages=[{"role": "user", "content": [{"type": "video", "url": "x"}]}])
    with pytest.raises(CallError) as caught:
        calling(lambda c: c.call(a_target(server.url), ask, deadline=5))
    assert caught.value.fault == "cannot_express"
    assert server.requests == []


def test_nobody_is_there() -> None:
    with socket.socket() as bound:  # and not listening, so that nobody else takes the port either
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
        with pytest.raises(CallError) as caught:
            calling(lambda c: c.call(a_target(url), an_ask(), deadline=1))
    assert caught.value.fault == "network"
    assert caught.value.detail.endswith(" takes no connection: connection refused.")


def test_an_unknown_provider_is_named() -> None:
    with pytest.raises(CallError, match="PROMPTOPS_PLUGINS"):
        calling(lambda c: c.call(a_target("http://x", provider="none"), an_ask(), deadline=1))
