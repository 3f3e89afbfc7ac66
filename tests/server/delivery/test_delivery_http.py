"""Reads over HTTP: what is answered, to whom, and with which entity tags."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest
from delivery_world import World, artifact_text
from http_delivery import Served, serve
from redis_follower import rules

from promptops.delivery.header import Header, digest_of, parse_entries
from promptops.delivery.trust import parse_key_document
from promptops.delivery.verify import FollowerState, accept_snapshot


@pytest.fixture
def served(world: World) -> Iterator[Served]:
    with serve(world) as running:
        yield running


def test_keys_are_public(served: Served, world: World) -> None:
    answer = httpx2.get(f"{served.url}/delivery/v1/keys")
    assert answer.status_code == 200
    listed = parse_key_document(answer.json())
    assert listed.installation == world.installation
    assert listed.keys[0].key_id == world.header().key_id


def test_the_snapshot_is_what_a_follower_accepts(served: Served, world: World) -> None:
    empty = served.get()
    assert empty.headers["etag"] == '"1-0"'
    world.release({"claims/triage": 1, "other": 3})
    served.delivery.project(world.environment.id)
    answer = served.get()
    assert answer.headers["etag"] == '"1-1"'
    assert answer.headers["content-encoding"] == "gzip"
    whole = answer.json()
    decided = accept_snapshot(
        FollowerState("retail-bank", "production"),
        Header.from_value(whole["header"]),
        parse_entries(whole["entries"]),
        whole["artifacts"],
        rules(world),
    )
    assert isinstance(decided, FollowerState), decided
    assert set(decided.live) == {"claims/triage", "other"}


def test_a_snapshot_held_already_is_not_sent_again(served: Served, world: World) -> None:
    world.release({"claims/triage": 1})
    served.delivery.project(world.environment.id)
    answer = served.get(if_none_match='"1-1"')
    assert answer.status_code == 304
    assert answer.content == b""
    world.release({"claims/triage": 2})
    served.delivery.project(world.environment.id)
    assert served.get(if_none_match='"1-1"').status_code == 200


def test_plain_and_packed_snapshots_are_the_same_bytes_at_any_size(
    served: Served, world: World
) -> None:
    for number, body in ((2, "Sort the claim."), (1500, "é" * 3000)):
        world.release({f"many/p{n}": number for n in range(number)}, body=body)
        served.delivery.project(world.environment.id)
        plain = served.get(accept_encoding="identity")
        packed = served.get(accept_encoding="gzip")
        assert "content-encoding" not in plain.headers
        assert plain.content == packed.content
        assert int(plain.headers["content-length"]) == len(plain.content)
        assert len(plain.json()["artifacts"]) == number
        assert int(packed.headers["content-length"]) < len(plain.content) / 2
    head = served.client.head(served.base)
    assert head.status_code == 200
    assert head.headers["etag"] == '"1-2"'
    assert head.content == b""


def test_one_prompt_has_the_artifacts_members_and_where_it_is_live(
    served: Served, world: World
) -> None:
    world.release({"claims/motor/triage": 7})
    served.delivery.project(world.environment.id)
    text = artifact_text("retail-bank", "claims/motor/triage", 7)
    for _ in range(2):  # built, then from memory
        answer = served.get("/prompts/claims/motor/triage")
        assert answer.json() == {
            **json.loads(text),
            "environment": "production",
            "release": 1,
            "digest": digest_of(text),
        }
        assert answer.headers["etag"] == f'"{digest_of(text)}"'
        assert (
            served.get(
                "/prompts/claims/motor/triage", if_none_match=answer.headers["etag"]
            ).status_code
            == 304
        )
    world.release({"claims/motor/triage": 8})
    served.delivery.project(world.environment.id)
    assert served.get("/prompts/claims/motor/triage").json()["version"] == 8


def test_a_stopped_prompt_is_gone_with_its_reason_and_an_unknown_one_is_missing(
    served: Served, world: World
) -> None:
    world.release({"claims/triage": 1})
    world.release(suspend={"claims/triage": "it promised money"})
    served.delivery.project(world.environment.id)
    gone = served.get("/prompts/claims/triage")
    assert gone.status_code == 410
    assert gone.headers["content-type"] == "application/problem+json"
    assert gone.json()["request_id"] == gone.headers["x-request-id"]
    traced = served.get("/prompts/none", x_request_id="from-the-proxy")
    assert traced.json()["request_id"] == traced.headers["x-request-id"] == "from-the-proxy"
    assert gone.json()["type"] == "urn:promptops:problem:prompt-suspended"
    assert gone.json()["reason"] == "it promised money"
    missing = served.get("/prompts/claims/other")
    assert missing.status_code == 404
    assert missing.json()["type"] == "urn:promptops:problem:prompt-not-live"


def test_artifacts_are_the_exact_bytes_and_only_those_of_this_environment(
    served: Served, world: World
) -> None:
    staging = world.add_environment("staging")
    world.release({"claims/triage": 1})
    world.release({"claims/secret": 1}, environment_id=staging.id)
    served.delivery.project(world.environment.id)
    text = artifact_text("retail-bank", "claims/triage", 1)
    answer = served.get(f"/artifacts/{digest_of(text)}")
    assert answer.content == text.encode()
    elsewhere = digest_of(artifact_text("retail-bank", "claims/secret", 1))
    assert served.get(f"/artifacts/{elsewhere}").status_code == 404
    assert served.get("/artifacts/sha256:" + "0" * 64).status_code == 404


def test_without_the_right_token_nothing_is_read(served: Served, world: World) -> None:
    world.release({"claims/triage": 1})
    served.get("/prompts/claims/triage")  # in memory now
    for path in ("", "/prompts/claims/triage", "/events", "/artifacts/x"):
        bare = httpx2.get(served.base + path)
        assert bare.status_code == 401
        assert bare.headers["www-authenticate"].startswith("Bearer")
        wrong = httpx2.get(served.base + path, headers={"authorization": "Bearer wrong"})
        assert wrong.status_code == 401
    other = served.client.get(served.base.replace("production", "staging"))
    assert other.status_code == 403
    assert other.json()["rule"] == "scope"


def test_what_is_not_there_and_what_is_not_possible_say_so(served: Served) -> None:
    served.access.tokens["pot_delivery"] = ("retail-bank", "nowhere")
    unknown = served.client.get(served.base.replace("production", "nowhere"))
    assert unknown.json()["type"] == "urn:promptops:problem:unknown-environment"
    posted = served.client.post(served.base)
    assert posted.status_code == 405
    assert posted.headers["allow"] == "GET, HEAD"
    assert served.client.get(f"{served.url}/delivery/v1/").status_code == 404


def test_a_token_is_looked_up_once_for_many_reads(served: Served, world: World) -> None:
    world.release({"claims/triage": 1})
    for _ in range(50):
        assert served.get("/prompts/claims/triage").status_code == 200
    assert served.access.asked <= 2
