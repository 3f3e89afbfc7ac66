"""Scheduled releases in real servers: kill -9 around their time, two servers on one database, a token taken away."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from support.server import RunningServer

PROJECT = "bank"
STAGING = f"/projects/{PROJECT}/environments/staging"


def prepare(running: RunningServer) -> str:
    """A project with two versions of a prompt; an administrator's token."""
    token = running.token("maya", "admin")
    with running.api(token) as api:
        api.post("/projects", json={"name": PROJECT}).raise_for_status()
        for edition in (1, 2):
            api.put(
                f"/projects/{PROJECT}/prompts/a",
                content=f"messages:\n  - role: user\n    content: 'edition {edition}'\n",
                params={"message": "Write"},
                headers={"Content-Type": "application/yaml"}
                | ({"If-Match": '"v1"'} if edition == 2 else {}),
            ).raise_for_status()
    return token


def schedule(api: httpx2.Client, version: int, seconds: float) -> tuple[str, float]:
    """Schedule the prompt; its id, and the moment it is due on this process's clock."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    made = api.post(
        f"{STAGING}/releases",
        json={
            "prompts": [{"path": "a", "version": version}],
            "reason": "At its time",
            "at": at.isoformat(),
        },
    )
    assert made.status_code == 202, made.text
    found: str = made.json()["id"]
    return found, at.timestamp()


def outcome(api: httpx2.Client, schedule_id: str, timeout: float = 60) -> dict[str, Any]:
    """The schedule once it is over."""
    deadline = time.monotonic() + timeout
    while True:
        found: dict[str, Any] = api.get(f"{STAGING}/schedule/{schedule_id}").json()
        if found["state"] not in ("scheduled", "running"):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_a_server_killed_around_the_time_makes_exactly_one_release(
    start_server: Callable[..., RunningServer],
) -> None:
    running = start_server()
    token = prepare(running)
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for turn in range(2):
        with running.api(token) as api:
            made, due = schedule(api, turn % 2 + 1, 1.0)
        # the first time it is killed before the time for sure, then anywhere around it
        time.sleep(
            max(0.0, due - time.time() + (-0.3 if turn == 0 else chance.uniform(-0.02, 0.06)))
        )
        running.kill()
        running.start()
        with running.api(token) as api:
            done = outcome(api, made)
            assert (done["state"], done["release"]) == ("done", turn + 1), done
            releases = api.get(f"{STAGING}/releases").json()["items"]
            assert [r["number"] for r in releases] == list(range(turn + 1, 0, -1))
            assert releases[0]["prompts"][0]["version"] == turn % 2 + 1


def test_of_two_servers_on_one_database_one_carries_it_out_also_when_the_other_dies(
    start_server: Callable[..., RunningServer], postgres_url: str, valkey: str
) -> None:
    args = ("--database-url", postgres_url, "--redis-url", valkey)
    first = start_server(*args, data="one")
    secret = {"PROMPTOPS_SECRET_KEY_FILE": str(first.data / "secret.key")}
    second = start_server(*args, data="two", env=secret)
    token = prepare(first)
    with second.api(token) as api:
        made, _ = schedule(api, 1, 1.5)
        assert outcome(api, made)["release"] == 1
        made, due = schedule(api, 2, 1.5)
        time.sleep(max(0.0, due - time.time()))
        first.kill()
        assert outcome(api, made)["release"] == 2
        assert len(api.get(f"{STAGING}/releases").json()["items"]) == 2


def test_a_token_taken_away_or_a_role_lost_meanwhile_does_not_act(
    start_server: Callable[..., RunningServer],
) -> None:
    running = start_server()
    token = prepare(running)
    ada = running.token("ada", "author")
    bob = running.token("bob", "author")
    with running.api(token) as admin, running.api(ada) as api, running.api(bob) as other:
        first, _ = schedule(api, 1, 2.0)
        second, _ = schedule(other, 1, 2.0)
        every = admin.get("/tokens", params={"all": "true"}).json()["items"]
        mine = next(one["id"] for one in every if one["user"] == "ada")
        admin.delete(f"/tokens/{mine}").raise_for_status()
        admin.patch("/users/bob", json={"active": False}).raise_for_status()
        for made, rule in ((first, "actor.token"), (second, "actor.inactive")):
            failed = outcome(admin, made)
            assert (failed["state"], failed["problem"]["rule"]) == ("failed", rule)
        assert admin.get(f"{STAGING}/releases").json()["items"] == []
        log = admin.get("/audit/events", params={"project": PROJECT, "action": "schedule.fail"})
        assert {e["outcome"] for e in log.json()["items"]} == {"failed"}
