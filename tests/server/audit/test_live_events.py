"""What a project's readers are told as it happens: little of every entry, soon, once, and only while they may read."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.audit.happenings import happening_of
from support.server import RunningServer

PROJECT = "told-bank"
PROMPT = "name: T\nmessages:\n  - {role: user, content: Hello}\n"
MEMBERS = {"kind", "address", "environment", "number", "at", "actor"}

values = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
entries = st.fixed_dictionaries(
    {
        "seq": st.integers(1, 9),
        "recorded_at": st.just("2026-01-02T03:04:05.000000Z"),
        "action": st.sampled_from(
            ["prompt.put", "release.publish", "review.approve", "run.end", "grant.add",
             "token.create", "user.erase", "audit.export", "hold.place", "project.create",
             "working_copy.share", "redaction.request", "prompt.", "", "record.set_defaults"]
        ),
        "outcome": st.sampled_from(["ok", "denied", "failed"]),
        "project": st.just("bank"),
        "environment": st.none() | st.just("staging"),
        "object": st.fixed_dictionaries(
            {"type": st.sampled_from(["prompt", "release", "run", "user"]), "id": values, "version": values}
        ),
        "actor": st.fixed_dictionaries({"name": st.none() | st.just("maya"), "ip": st.just("10.0.0.9")}),
        "reason": st.just("a secret reason"),
        "ticket": st.just("SECRET-1"),
        "before": st.none() | st.dictionaries(st.text(max_size=5), values, max_size=3),
        "after": st.none() | st.fixed_dictionaries({"number": values, "release": values, "version": values}),
    }
)  # fmt: skip


@given(entries)
def test_nothing_but_the_coarse_members_gets_out(entry: dict[str, Any]) -> None:
    told = happening_of(entry)
    hidden = entry["action"].partition(".")[0] in ("grant", "token", "user", "audit", "hold", "")
    if entry["outcome"] == "denied" or hidden or entry["action"] == "redaction.request":
        assert told is None
        return
    assert told is not None
    assert set(told.model_dump()) == MEMBERS
    text = told.model_dump_json()
    for secret in ("secret", "SECRET", "10.0.0.9"):
        assert secret not in text


@pytest.mark.parametrize(
    ("action", "about", "after", "kind", "address", "number"),
    [
        ("prompt.put", ("prompt", "bank/a/b", "7"), {"version": 7}, "version", "bank/a/b", 7),
        ("release.publish", ("release", "bank@staging", "r4"), {"release": 4}, "release", None, 4),
        ("review.approve", ("prompt", "bank/a", "7"), {"request": 3}, "review", "bank/a", 3),
        ("run.end", ("run", "bank/runs/12", None), {}, "run", None, 12),
        ("git.push", ("project", "bank", None), {"prompts": 3}, "version", None, None),
        ("environment.change", ("environment", "bank@qa", None), {}, "environment", None, None),
    ],
)
def test_an_event_says_where_to_look(
    action: str, about: tuple[str, str, str | None], after: Any, kind: str, address: str | None, number: int | None
) -> None:  # fmt: skip
    told = happening_of(
        {
            "seq": 1, "recorded_at": "t", "outcome": "ok", "project": "bank", "environment": "e",
            "action": action, "after": after, "actor": {"name": "maya"},
            "object": {"type": about[0], "id": about[1], "version": about[2]},
        }
    )  # fmt: skip
    assert told is not None
    assert (told.kind, told.address, told.number, told.actor) == (kind, address, number, "maya")


class Listener:
    """Reads a stream on a thread: (id, event, data, when)."""

    def __init__(self, client: httpx2.Client, **headers: str) -> None:
        self.told: list[tuple[int | None, str, Any, float]] = []
        self.opened, self.ended = threading.Event(), threading.Event()
        self.ended_at = 0.0
        self.last_id = 0
        self._request = client.build_request(
            "GET", f"/projects/{PROJECT}/events",
            headers={k.replace("_", "-"): v for k, v in headers.items()},
        )  # fmt: skip
        threading.Thread(target=self._run, daemon=True).start()
        assert self.opened.wait(15)

    def _run(self) -> None:
        with httpx2.Client(timeout=30) as own:
            answer = own.send(self._request, stream=True)
            assert answer.status_code == 200, answer.read()
            name = ""
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    self.last_id = int(line[4:])
                    self.opened.set()
                elif line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: ") and name != "hello":
                    self.told.append((self.last_id, name, json.loads(line[6:]), time.monotonic()))
        self.ended_at = time.monotonic()
        self.ended.set()

    def wait_for(self, count: int) -> list[Any]:
        end = time.monotonic() + 10
        while len(self.told) < count and time.monotonic() < end:
            time.sleep(0.01)
        return [data for _, name, data, _ in self.told if name == "change"]


def put(api: httpx2.Client, path: str) -> None:
    api.put(
        f"/projects/{PROJECT}/prompts/{path}", content=PROMPT,
        headers={"Content-Type": "application/yaml"},
    ).raise_for_status()  # fmt: skip


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.api(server.token("root", "admin")) as api:
        api.post("/projects", json={"name": PROJECT}).raise_for_status()
        yield api


@pytest.fixture
def reader(admin: httpx2.Client, server: RunningServer) -> Iterator[httpx2.Client]:
    with server.api(server.token("vic", "viewer", PROJECT)) as api:
        yield api


def test_a_reader_is_told_of_changes_and_of_nothing_else(
    admin: httpx2.Client, reader: httpx2.Client
) -> None:
    live = Listener(reader)
    put(admin, "claims/one")
    committed = time.monotonic()
    admin.post("/users", json={"name": "new", "password": "correct horse new"}).raise_for_status()
    grant = {"user": "new", "project": PROJECT, "role": "author"}
    admin.post("/grants", json=grant).raise_for_status()
    body = {"prompts": [{"path": "claims/one"}], "reason": "a secret reason", "ticket": "OPS-9"}
    where = f"/projects/{PROJECT}/environments/staging/releases"
    admin.post(where, json=body).raise_for_status()
    changes = live.wait_for(2)
    assert [(c["kind"], c["address"], c["environment"], c["number"]) for c in changes] == [
        ("version", f"{PROJECT}/claims/one", None, 1),
        ("release", None, "staging", 1),
    ]
    assert {c["actor"] for c in changes} == {"root"}
    assert all(set(c) == MEMBERS for c in changes)
    assert live.told[0][3] - committed < 1.0  # a machine that does nothing else: 0.3
    assert "secret" not in str(live.told)


def test_a_stream_goes_on_where_it_broke_off(admin: httpx2.Client, reader: httpx2.Client) -> None:
    first = Listener(reader)
    put(admin, "claims/two")
    put(admin, "claims/three")
    first.wait_for(2)
    seqs = [seq for seq, *_ in first.told]
    resumed = Listener(reader, last_event_id=str(seqs[0]))
    put(admin, "claims/four")
    told = resumed.wait_for(2)
    assert [c["address"].rpartition("/")[2] for c in told] == ["three", "four"]
    assert resumed.told[0][0] == seqs[1]
    nothing_missed = Listener(reader, last_event_id=str(resumed.last_id))
    put(admin, "claims/five")
    assert [c["address"].rpartition("/")[2] for c in nothing_missed.wait_for(1)] == ["five"]
    from_before = Listener(reader, last_event_id="99999999")
    put(admin, "claims/six")
    assert [c["address"].rpartition("/")[2] for c in from_before.wait_for(1)] == ["six"]


def test_a_stream_ends_soon_after_its_token_was_revoked(
    admin: httpx2.Client, server: RunningServer
) -> None:
    password = "correct horse wes"
    admin.post("/users", json={"name": "wes", "password": password}).raise_for_status()
    grant = {"user": "wes", "project": PROJECT, "role": "viewer"}
    admin.post("/grants", json=grant).raise_for_status()
    made = httpx2.post(f"{server.url}/api/v1/tokens", json={"name": "t"}, auth=("wes", password))
    with server.api(made.json()["token"]) as api:
        live = Listener(api)
        assert admin.delete(f"/tokens/{made.json()['id']}").is_success
        revoked = time.monotonic()
        assert live.ended.wait(10)
        assert live.ended_at - revoked < 5.5


def test_who_may_not_read_the_project_is_told_nothing_of_it(
    admin: httpx2.Client, server: RunningServer
) -> None:
    admin.post("/projects", json={"name": "other-bank"})
    for role, project in (("viewer", "other-bank"), ("delivery", PROJECT)):
        more = ("staging",) if role == "delivery" else ()
        with server.api(server.token(f"x{role}", role, project, *more)) as api:
            assert api.get(f"/projects/{PROJECT}/events").status_code == 404


def test_many_listeners_take_no_thread_each(
    admin: httpx2.Client, reader: httpx2.Client, server: RunningServer
) -> None:
    assert server.process is not None
    many = [Listener(reader) for _ in range(60)]
    with open(f"/proc/{server.process.pid}/status") as status:
        threads = next(int(line.split()[1]) for line in status if line.startswith("Threads:"))
    assert threads < 60
    put(admin, "claims/many")
    assert all(len(one.wait_for(1)) == 1 for one in many)
