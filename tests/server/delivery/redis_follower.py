"""Redis as a follower reads it, checked by the client's own rules."""

from __future__ import annotations

import json

import redis
from delivery_world import World

from promptops.delivery.header import Header, parse_entry
from promptops.delivery.trust import KeyRing, parse_key_document
from promptops.delivery.verify import FollowerState, Rules, accept_snapshot, accept_step
from promptops_server.delivery.layout import Names


def raw(url: str) -> redis.Redis:
    """A client of the test's own."""
    return redis.Redis.from_url(url, decode_responses=True)


def rules(world: World) -> Rules:
    """What a follower that pinned the installation's keys brings along."""
    return Rules(KeyRing.on_first_use(parse_key_document(json.loads(world.keys.document()))))


def snapshot(world: World, url: str, environment: str = "production") -> FollowerState:
    """Read and verify the whole environment."""
    client, names = raw(url), Names.of(world.project, environment)
    state = client.hgetall(names.state)
    assert state, "Redis holds no state"
    entries = client.hvals(names.entries(state["generation"]))
    artifacts = client.hgetall(names.artifacts(state["generation"]))
    header = Header.from_json(state["header"])
    assert (state["epoch"], state["release"]) == tuple(map(str, header.position))
    decided = accept_snapshot(
        FollowerState(world.project, environment),
        header,
        [parse_entry(json.loads(entry)) for entry in entries],
        artifacts,
        rules(world),
    )
    assert isinstance(decided, FollowerState), decided
    return decided


def follow_log(world: World, url: str, state: FollowerState) -> FollowerState:
    """Continue from a state by the log, step by step, to its end."""
    client, names = raw(url), Names.of(world.project, state.environment)
    artifacts = client.hgetall(names.artifacts(client.hget(names.state, "generation")))
    while True:
        assert state.header is not None
        epoch, release = state.header.position
        text = client.hget(names.log, f"{epoch}-{release + 1}")
        if text is None:
            return state
        decided = accept_step(state, Header.from_json(text), artifacts, rules(world))
        assert isinstance(decided, FollowerState), decided
        state = decided
