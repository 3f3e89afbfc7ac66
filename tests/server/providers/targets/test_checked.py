"""What a check says of each answer and each fault, in words that tell what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from promptops_server.providers.model import CallError, Credential, Fault, Reply, Target, Usage
from promptops_server.providers.targets.checked import Checked, of_fault, of_reply

TARGET = Target("t-1", "gpt", "hosted", "gpt-5-mini", credential=Credential("env", "X_API_KEY"))
PLACE = "https://api.hosted.example"


def reply(model: str = "gpt-5-mini", **more: object) -> Reply:
    made = Reply("ready", "stop", usage=Usage(12, 2), model=model, latency_ms=123.456)
    return replace(made, **more)  # type: ignore[arg-type]


def fault(kind: Fault, said: str = "It said no.", listed: tuple[str, ...] = ()) -> Checked:
    return of_fault(TARGET, CallError(kind, said), place=PLACE, listed=listed)


def test_a_target_that_answers_is_well() -> None:
    found = of_reply(TARGET, reply(first_token_ms=40.06, fingerprint="fp-1"), 30)
    assert found.ok
    assert (found.reachable, found.authenticated, found.model_there) == (True, True, True)
    assert (found.model, found.stands_for, found.notes) == ("gpt-5-mini", "", ())
    assert (found.latency_ms, found.first_token_ms, found.cost) == (123.5, 40.1, 30)
    assert (found.input_tokens, found.output_tokens, found.fingerprint) == (12, 2, "fp-1")


@pytest.mark.parametrize(
    "dated",
    ["gpt-5-mini-2025-08-07", "gpt-5-mini-20250807", "gpt-5-mini-0613", "gpt-5-mini@20250807"],
)
def test_an_id_that_turns_out_to_be_an_alias_is_flagged(dated: str) -> None:
    found = of_reply(TARGET, reply(dated), 30)
    assert found.stands_for == dated
    (note,) = found.notes
    assert f"today it stands for {dated}" in note
    known = of_reply(replace(TARGET, alias=True), reply(dated), 30)
    assert (known.stands_for, known.notes) == (dated, ())


@pytest.mark.parametrize(
    ("asked", "said", "differs"),
    [
        ("gpt-5-mini", "gpt-5-mini-preview", True),
        ("gpt-5-mini", "llama-3", True),
        ("gpt-5", "gpt-5-mini-2025-08-07", True),
        ("gpt-5-mini", "GPT-5-mini", False),
        ("gpt-5-mini", "openai/gpt-5-mini", False),
        ("openai/gpt-5-mini", "gpt-5-mini", False),
    ],
)
def test_an_endpoint_that_says_it_is_something_else_is_told(
    asked: str, said: str, differs: bool
) -> None:
    found = of_reply(replace(TARGET, model=asked), reply(said), 30)
    assert found.ok
    assert any("not " + asked in note for note in found.notes) is differs


def test_what_an_endpoint_does_not_say_is_told() -> None:
    found = of_reply(TARGET, reply("", text="", usage=Usage()), None)
    assert found.ok
    assert [note.split(" ", 3)[:3] for note in found.notes] == [
        ["The", "endpoint", "does"],
        ["The", "endpoint", "does"],
        ["The", "answer", "was"],
    ]
    assert "price of gpt-5-mini is not known" in of_reply(TARGET, reply(), None).notes[0]
    alias = of_reply(replace(TARGET, alias=True), reply(), 30)
    assert "does not say which version" in alias.notes[0]


def test_a_wrong_key_is_told_as_such() -> None:
    found = fault("authentication", "Incorrect API key provided.")
    assert (found.reachable, found.authenticated, found.model_there) == (True, False, None)
    assert found.problem == f"{PLACE} does not take the key. Incorrect API key provided."
    keyless = of_fault(
        replace(TARGET, credential=Credential()), CallError("authentication", "No."), place=PLACE
    )
    assert "asks for a key, and the target has none" in keyless.problem


def test_a_key_without_access_is_told_as_such() -> None:
    found = fault("permission")
    assert (found.reachable, found.authenticated) == (True, True)
    assert found.problem.startswith("The key is valid but has no access to gpt-5-mini.")


def test_a_model_that_is_listed_but_not_found_is_one_without_access() -> None:
    found = fault("not_found", listed=("gpt-5", "gpt-5-mini"))
    assert (found.fault, found.model_there) == ("permission", True)
    assert found.problem.startswith("The key is valid but has no access")


def test_an_unknown_model_is_told_with_those_that_are_there_nearest_first() -> None:
    listed = (*(f"other-{n}" for n in range(20)), "gpt-5-nano", "gpt-4")
    found = fault("not_found", listed=listed)
    assert (found.model_there, found.authenticated) == (False, True)
    assert found.problem.startswith(
        "The endpoint has no model gpt-5-mini; it lists: gpt-5-nano, other-0, other-1, "
    )
    assert found.problem.endswith(" and 10 more.")
    assert found.remedy.endswith("promptops models set gpt --model gpt-5-nano")
    assert found.listed == listed
    assert "or nothing at this path" in fault("not_found").problem


def test_nobody_there_and_a_strange_certificate_are_told_apart() -> None:
    dead = fault("network", "Connection refused.")
    assert (dead.reachable, dead.problem) == (
        False,
        f"Nothing answers at {PLACE}. Connection refused.",
    )
    tls = fault(
        "network", "The certificate of api.hosted.example is signed by an unknown authority."
    )
    assert tls.problem.startswith("The certificate of")
    assert "models.ca_file" in tls.remedy


def test_a_missing_credential_is_told_without_a_call() -> None:
    found = fault("no_credentials", "The variable X_API_KEY is not set where the server runs.")
    assert (found.reachable, found.authenticated, found.attempts) == (None, None, 0)
    assert found.problem == "The variable X_API_KEY is not set where the server runs."


@pytest.mark.parametrize("kind", get_args(Fault))
def test_every_fault_has_words(kind: Fault) -> None:
    found = fault(kind, "Long. " * 200)
    assert not found.ok
    assert 0 < len(found.problem) < 600
    assert found.fault == kind
    assert set(found.document()) >= {"ok", "problem", "remedy", "notes", "listed"}


def test_what_an_endpoint_calls_itself_is_kept_as_far_as_a_database_takes_it() -> None:
    found = of_reply(TARGET, reply("m\x00" + "m" * 100_000, fingerprint="f\x00"), None)
    assert (len(found.model), found.model[:2], found.fingerprint) == (200, "m\ufffd", "f\ufffd")
    assert all(len(note) < 500 for note in found.notes)
