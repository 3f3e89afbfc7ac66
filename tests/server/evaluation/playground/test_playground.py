"""The playground: several targets at once over one stream, within budgets, with nothing kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, func, select
from starlette.testclient import TestClient

from promptops.calls.ask import Ask
from promptops_server.access.policy import authorise
from promptops_server.app import refusals
from promptops_server.audit.tables import audit_event
from promptops_server.evaluation.playground.play import Event, Play, begin
from promptops_server.evaluation.playground.ports import PlayDeps, Told
from promptops_server.evaluation.playground.prepare import Wanted
from promptops_server.evaluation.playground.routes import router
from promptops_server.evaluation.tables import test_result
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Denied, Invalid, NotFound
from promptops_server.providers.model import CallError, Delta, Reply, Target, Usage
from promptops_server.registry.rendering.limited import LimitedRenderer
from promptops_server.releases.live import LiveVersions
from server.releases.release_world import AUTHOR, VIEWER, World

PATH = "claims/triage"


@dataclass
class Model:
    """Answers as it is told to, in pieces; counts calls that were ended from outside."""

    pieces: tuple[str, ...] = ("Mo", "tor")
    fault: CallError | None = None
    waits: bool = False
    asked: list[Ask] = field(default_factory=list)
    ended: int = 0

    async def call(self, ask: Ask, on_delta: Callable[[Delta], None] | None) -> Reply:
        self.asked.append(ask)
        if self.fault is not None:
            raise self.fault
        assert on_delta is not None
        for piece in self.pieces:
            on_delta(Delta(piece))
            await asyncio.sleep(0.01)
        if self.waits:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.ended += 1
                raise
        text = "".join(self.pieces)
        return Reply(text, "stop", usage=Usage(10, 5), model="as-named", latency_ms=20.0)


@dataclass
class Installation:
    """Answers every port of the playground."""

    targets: dict[str, Target] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    prices: dict[str, int | None] = field(default_factory=dict)
    refused_budget: set[str] = field(default_factory=set)
    settled: list[tuple[str, int | None]] = field(default_factory=list)

    def add(self, name: str, model: Model, *, most: int | None = 500, **more: Any) -> None:
        self.targets[name] = Target(f"id-{name}", name, "openai", f"{name}-model", **more)
        self.models[name] = model
        self.prices[name] = most

    def named(self, conn: Connection, project: str, names: Sequence[str]) -> tuple[Target, ...]:
        missing = [name for name in names if name not in self.targets]
        if missing:
            raise NotFound(f"no target {missing[0]}")
        return tuple(self.targets[name] for name in names)

    async def call(
        self,
        target: Target,
        ask: Ask,
        *,
        deadline: float,
        on_delta: Callable[[Delta], None] | None = None,
    ) -> Reply:
        return await self.models[target.name].call(ask, on_delta)

    def most(self, target: Target, ask: Ask) -> int | None:
        return self.prices[target.name]

    def cost_of(self, target: Target, usage: Usage) -> int | None:
        most = self.prices[target.name]
        return None if most is None else 7 * (usage.output or 0)

    def reserve(self, target: Target, amount: int | None) -> str:
        if target.name in self.refused_budget:
            raise CallError("budget", f"{target.name} has no money left this month.")
        return target.name

    def settle(self, reservation: str, spent: int | None) -> None:
        self.settled.append((reservation, spent))


@dataclass
class Desk:
    world: World
    there: Installation
    deps: PlayDeps

    def play(self, *targets: str, **more: Any) -> list[Event]:
        """All events of a try."""
        wanted = Wanted(PATH, targets, {"claim": "hail"}, **more)
        prepared = begin(self.deps, AUTHOR, self.world.project.name, wanted)

        async def read() -> list[Event]:
            return [e async for e in Play(self.deps, prepared).events() if e is not None]

        return asyncio.run(read())

    def actions(self) -> list[str]:
        with self.world.db.read() as conn:
            rows = conn.execute(select(audit_event.c.action).order_by(audit_event.c.seq))
            return list(rows.scalars())


@pytest.fixture
def desk(any_database: Database) -> Iterator[Desk]:
    world = World(any_database)
    world.put(PATH, "'Sort {{ claim }}'")
    there = Installation()
    there.add("gpt", Model())
    there.add("claude", Model(pieces=("I think ", "motor")))
    limited = LimitedRenderer()
    deps = PlayDeps(
        world.db,
        authorise,
        targets=there,
        caller=lambda: there,
        prices=there,
        budgets=there,
        limited=limited,
        foresee=lambda target, ask: Told(({"rule": "r", "what": "w"},), 12, True, "o200k_base"),
        live=LiveVersions(),
        heartbeat=0.05,
    )
    yield Desk(world, there, deps)
    limited.close()


def of(events: list[Event], target: str, kind: str) -> list[dict[str, Any]]:
    return [e.data for e in events if e.kind == kind and e.data.get("target") == target]


def test_all_targets_answer_over_one_stream(desk: Desk) -> None:
    events = desk.play("gpt", "claude")
    for target, text in (("gpt", "Motor"), ("claude", "I think motor")):
        (start,) = of(events, target, "start")
        assert start["tokens"] == {"count": 12, "exact": True, "tokenizer": "o200k_base"}
        assert (start["notes"][0]["rule"], start["most_cost"]) == ("r", 500)
        assert "".join(d["text"] for d in of(events, target, "delta")) == text
        (done,) = of(events, target, "done")
        assert (done["text"], done["cost"], done["usage"]["output"]) == (text, 35, 5)
    assert events[-1] == Event("end", {"cost": 70})
    assert [e.kind for e in events[:2]] == ["start", "start"]
    assert desk.there.models["gpt"].asked[0].messages == [{"role": "user", "content": "Sort hail"}]
    assert sorted(desk.there.settled) == [("claude", 35), ("gpt", 35)]


def test_nothing_of_the_contents_is_kept_only_that_models_were_asked(desk: Desk) -> None:
    before = desk.actions()
    desk.play("gpt", "claude")
    assert desk.actions()[len(before) :] == ["playground.call"]
    with desk.world.db.read() as conn:
        row = conn.execute(select(audit_event).order_by(audit_event.c.seq.desc())).first()
        assert row is not None
        assert "hail" not in str(tuple(row))
        assert conn.execute(select(func.count()).select_from(test_result)).scalar_one() == 0


def test_what_goes_wrong_with_one_target_leaves_the_others(desk: Desk) -> None:
    desk.there.add("qwen", Model(fault=CallError("rate_limit", "Slow down.", retry_after=3.0)))
    desk.there.add("llama", Model(fault=CallError("time_out", "No answer in time.")))
    desk.there.refused_budget = {"claude"}
    events = desk.play("gpt", "claude", "qwen", "llama")
    assert of(events, "claude", "error")[0]["fault"] == "budget"
    assert of(events, "qwen", "error")[0] == {
        "target": "qwen",
        "fault": "rate_limit",
        "detail": "Slow down.",
        "parameter": "",
        "retry_after": 3.0,
    }
    assert of(events, "gpt", "done")
    assert desk.there.models["claude"].asked == []
    # An endpoint that said no charged nothing; one that was slow may have.
    assert dict(desk.there.settled) == {"gpt": 35, "qwen": 0, "llama": None}


def test_data_too_protected_for_a_target_never_reaches_it(desk: Desk) -> None:
    desk.there.add("public", Model(), data_class="public")
    content = (
        "messages:\n  - role: user\n    content: '{{ claim }}'\nrecord:\n  data_class: personal\n"
    )
    events = desk.play("public", content=content)
    (error,) = of(events, "public", "error")
    assert error["fault"] == "permission"
    assert "up to public; the prompt works on personal data" in error["detail"]
    assert desk.there.models["public"].asked == []
    assert "playground.call" not in desk.actions()


def test_more_than_was_allowed_is_refused_before_anything_is_sent(desk: Desk) -> None:
    with pytest.raises(Invalid, match=r"up to \$0.001; max_cost is \$0.0009\."):
        desk.play("gpt", "claude", max_cost=900)
    desk.there.prices["gpt"] = None
    with pytest.raises(Invalid, match="price of gpt is unknown"):
        desk.play("gpt", max_cost=900)
    assert desk.there.settled == []
    assert "playground.call" not in desk.actions()


def test_inputs_that_do_not_fit_and_people_who_may_not_are_refused(desk: Desk) -> None:
    name = desk.world.project.name
    with pytest.raises(Invalid, match="cannot be rendered for gpt"):
        begin(desk.deps, AUTHOR, name, Wanted(PATH, ("gpt",), {"clam": "hail"}))
    with pytest.raises(Denied):
        begin(desk.deps, VIEWER, name, Wanted(PATH, ("gpt",), {"claim": "hail"}))
    with pytest.raises(NotFound):
        begin(desk.deps, AUTHOR, name, Wanted("claims/none", ("gpt",)))


def test_whoever_stops_listening_ends_the_calls_and_they_count_as_paid(desk: Desk) -> None:
    slow = Model(waits=True)
    desk.there.add("slow", slow)
    prepared = begin(
        desk.deps, AUTHOR, desk.world.project.name, Wanted(PATH, ("slow",), {"claim": "x"})
    )

    async def leave() -> list[Event | None]:
        play = Play(desk.deps, prepared)
        seen: list[Event | None] = []
        async for event in play.events():
            seen.append(event)
            if event is None:  # a heartbeat: it is waiting
                play.stop()
        return seen

    seen = asyncio.run(leave())
    assert None in seen
    assert slow.ended == 1
    assert desk.there.settled == [("slow", None)]


def client(desk: Desk) -> TestClient:
    app = FastAPI()

    async def by_name(authorization: str | None, **_: object) -> object:
        return AUTHOR if authorization == "Bearer ada" else VIEWER

    app.state.authenticate = by_name
    refusals.install(app, refusals.DenialLog(desk.world.db, per_minute=100))
    app.include_router(router(desk.deps), prefix="/api/v1")
    return TestClient(
        app,
        base_url=f"http://testserver/api/v1/projects/{desk.world.project.name}",
        headers={"authorization": "Bearer ada"},
    )


def test_events_come_as_server_sent_events(desk: Desk) -> None:
    desk.there.add("odd", Model(pieces=("line\nbreak\u2028", "\r\nevent: end")))
    body = {"path": f"{PATH}@1", "inputs": {"claim": "hail"}, "targets": ["odd", "gpt"]}
    answer = client(desk).post("/playground", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    blocks = [b for b in answer.text.split("\n\n") if b.startswith("event: ")]
    kinds = [block.partition("\n")[0].removeprefix("event: ") for block in blocks]
    assert kinds.count("end") == 1
    assert kinds[-1] == "end"
    done = [json.loads(b.partition("data: ")[2]) for b in blocks if b.startswith("event: done")]
    told = {event["target"]: event["text"] for event in done}
    assert told["odd"] == "line\nbreak\u2028\r\nevent: end"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"targets": []}, 422),
        ({"targets": [f"t{n}" for n in range(11)]}, 422),
        ({"targets": ["nobody"]}, 404),
        ({"path": "claims/none"}, 404),
        ({"path": "../x"}, 400),
        ({"content": "messages: []"}, 400),
        ({"surprise": 1}, 422),
        ({"max_cost": -1}, 422),
    ],
)
def test_requests_that_mean_nothing_are_refused_before_the_stream(
    desk: Desk, change: dict[str, Any], status: int
) -> None:
    body = {"path": f"{PATH}@1", "inputs": {"claim": "x"}, "targets": ["gpt"], **change}
    assert client(desk).post("/playground", json=body).status_code == status


def test_a_try_becomes_a_case_with_one_call(desk: Desk) -> None:
    http = client(desk)
    first = http.post(
        "/playground/cases",
        json={
            "path": PATH,
            "name": "hail",
            "inputs": {"claim": "hail"},
            "checks": [{"string": {"contains": "motor"}}],
        },
    )
    assert first.status_code == 201, first.text
    made = first.json()
    assert (made["suite"], made["file"]) == (PATH, f"{PATH}.suite.yml")
    assert (made["case"], made["cases"]) == ("hail", 1)
    second = http.post(
        "/playground/cases",
        json={"path": PATH, "inputs": {"claim": "theft"}, "expected": "motor", "suite": "smoke"},
    )
    assert second.json()["file"] == f"{PATH}.smoke.suite.yml"
    again = http.post(
        "/playground/cases",
        json={"path": PATH, "name": "hail", "inputs": {"claim": "other"}},
    )
    assert again.status_code == 422
    assert "is named" in again.json()["detail"]
    unknown = http.post("/playground/cases", json={"path": PATH, "inputs": {"clam": "x"}})
    assert unknown.status_code == 422
    stale = http.post(
        "/playground/cases",
        json={"path": PATH, "inputs": {"claim": "more"}},
        headers={"If-Match": '"0000"'},
    )
    assert stale.status_code == 409
    denied = http.post(
        "/playground/cases",
        json={"path": PATH, "inputs": {"claim": "more"}},
        headers={"authorization": "Bearer vic"},
    )
    assert denied.status_code == 403


@pytest.mark.parametrize(
    "check",
    [
        {"string": {"contains": "so: {{ expected }}"}},
        {"similarity": {"minimum": 0.7}},
        {"number": {"absolute": 0.1}},
        {"toolCall": {"name": "f", "arguments": {"a": ["{{expected}}"]}}},
    ],
)
def test_a_case_that_could_only_fail_is_not_made(desk: Desk, check: dict[str, Any]) -> None:
    http = client(desk)
    asked = {"path": PATH, "inputs": {"claim": "hail"}}
    first = {**asked, "expected": "7", "checks": [check]}
    assert http.post("/playground/cases", json=first).status_code == 201
    own = {**asked, "suite": "own", "checks": [check]}
    refused = http.post("/playground/cases", json=own)
    assert refused.status_code == 422
    assert "it could only fail" in refused.json()["detail"]
    assert "--expect" in refused.json()["remedy"]
    optional = {**asked, "suite": "own", "checks": [{**check, "required": False}]}
    assert http.post("/playground/cases", json=optional).status_code == 201
