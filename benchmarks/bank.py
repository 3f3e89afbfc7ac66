"""A workspace of the size the console is measured at: everything a bank could pile up in one project, filled in a minute or two.

What can be made over HTTP is. Old audit events, runs and their results are written as the server writes them, hashes and all.
"""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from benchmarks import tested
from benchmarks.stage import PROJECT, import_many, publish, publish_many, put
from promptops_server.audit.append import last_entry
from promptops_server.audit.model import GENESIS, AuditEvent, AuditObject, entry_hash, write_entry
from promptops_server.audit.tables import audit_event, audit_personal
from promptops_server.evaluation.matrix.cells import write_cells
from promptops_server.infra.actor import Actor
from promptops_server.infra.bulk_insert import BulkInsert
from promptops_server.infra.database import Database
from promptops_server.providers.tables import model_target
from promptops_server.registry.tables import project as project_table
from promptops_server.registry.tables import prompt, version
from support.own_project import password
from support.server import RunningServer

MANY_VERSIONS = "desk/many-versions"
LONG = "desk/long"
SUITE = "desk/many-cases"
WHO = "ada"
_MODELS = ("openai/gpt-4o", "anthropic/claude-sonnet-4", "qwen/qwen3-32b", "meta/llama-3.3-70b")
_EVENTS = BulkInsert(audit_event, [c.name for c in audit_event.c])
_PERSONAL = BulkInsert(audit_personal, [c.name for c in audit_personal.c])


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    prompts: int = 100_000
    live: int = 2_000
    versions: int = 1_000
    characters: int = 200_000
    cases: int = 1_000
    releases: int = 500
    events: int = 200_000
    tested: int = 500


QUICK = Size(
    prompts=10_000, live=500, versions=200, cases=1_000, releases=60, events=20_000, tested=100
)


def fill(running: RunningServer, api: Any, size: Size) -> str:
    """Fill the project; returns the name of its administrator, who signs in with `support.own_project.password`."""
    import_many(api, size.prompts, lambda number: (path(number), _text(number)))
    publish_many(api, "staging", [path(number) for number in range(size.live)])
    _versions(api, size.versions)
    for at in range(size.releases):
        publish(api, "staging", MANY_VERSIONS, at % size.versions + 1)
    put(api, LONG, long_text(size.characters))
    cases = "".join(
        f"  - name: case-{n}\n    inputs: {{claim: claim {n} of a policy}}\n"
        for n in range(size.cases)
    )
    suite = f"evaluators:\n  - name: exact\n    string: {{contains: motor}}\ncases:\n{cases}"
    api.put(
        f"/projects/{PROJECT}/suites/{SUITE}", json={"text": suite, "message": "Cases"}
    ).raise_for_status()
    database = Database(f"sqlite:///{running.data / 'promptops.sqlite'}")
    with closing(database):
        project_id = _project(database)
        _runs(database, project_id, size.tested)
        _log(database, project_id, size.events)
    return _administrator(running, api)


def path(number: int) -> str:
    """The address of a prompt: fifty areas, five hundred teams."""
    return f"area-{number % 50:02}/team-{number % 500:03}/prompt-{number:06}"


def _text(number: int) -> str:
    tags = f"{'letters' if number % 2 else 'calls'}, topic-{number % 40}"
    return (
        f"name: Triage {number}\nmodel: {_MODELS[number % 4]}\ntags: [{tags}]\n"
        f"owners: [team-{number % 20}@bank.example]\nmessages:\n"
        "  - role: system\n    content: Sort claims.\n"
        f"  - role: user\n    content: '{{{{ claim }}}} near river {number % 977}'\n"
    )


def long_text(characters: int, messages: int = 4) -> str:
    """A prompt of so many characters in a few messages, a variable in every tenth line."""
    line = "Policy {n}: read the claim, weigh what the customer says and answer in plain words{more}.\n"
    told, number = ["name: Long\nmodel: openai/gpt-4o\nmessages:\n"], 0
    for message in range(messages):
        told.append(f"  - role: {'user' if message % 2 else 'system'}\n    content: |\n")
        room = characters // messages
        while room > 0:
            more = " about {{ claim }}" if number % 10 == 0 else ""
            told.append("      " + line.format(n=number, more=more))
            room -= len(told[-1]) - 6
            number += 1
    told.append("inputs:\n  claim: {type: string}\n")
    return "".join(told)


def _versions(api: Any, many: int) -> None:
    parent: int | None = None
    lines = [f"      Line {n} of the letter to the customer." for n in range(60)]
    for number in range(many):
        lines[number % 60] = f"      Line {number % 60} of the letter, edition {number}."
        text = "name: Many\nmessages:\n  - role: user\n    content: |\n" + "\n".join(lines) + "\n"
        parent = put(api, MANY_VERSIONS, text, parent)


def _project(database: Database) -> str:
    with database.read() as conn:
        found = select(project_table.c.id).where(project_table.c.name == PROJECT)
        return str(conn.execute(found).scalar_one())


def _runs(
    database: Database, project_id: str, many: int, targets: int = 10, cases: int = 10
) -> None:
    """A finished run of each of the first prompts on every target, and one of a thousand cases."""
    asked = [tested.target(number) for number in range(targets)]
    prompts = (
        select(prompt.c.path, version.c.behaviour)
        .join(version, version.c.prompt_id == prompt.c.id)
        .where(prompt.c.project_id == project_id, prompt.c.path.like("area-0%"))
        .order_by(prompt.c.path)
        .limit(many)
    )
    with database.write() as tx:
        tx.conn.execute(insert(model_target), asked)
        for number, row in enumerate(tx.conn.execute(prompts).all(), 1):
            run_id = tested.add_run(
                tx.conn, project_id, number, row.path, row.behaviour, asked, cases
            )
            write_cells(tx.conn, run_id)


def _log(database: Database, project_id: str, many: int) -> None:
    """Events behind those that are there, as a server would have written them."""
    actors = [Actor(f"user-{n:031}", f"name{n}", ip="192.0.2.7") for n in range(500)]
    actions = ["prompt.put"] * 6 + ["release.publish", "release.rollback", "git.push", "view.save"]
    with database.write() as tx:
        seq, prev = last_entry(tx.conn, project_id) or (0, GENESIS)
        now, end = time.time_ns() // 1000, seq + many
        while seq < end:
            events, beside = [], []
            for _ in range(min(10_000, end - seq)):
                seq += 1
                actor = actors[seq * 7 % 500]
                about = AuditObject(
                    "prompt", f"{PROJECT}/{path(seq * 13 % 20_000)}", "3", "ab" * 32
                )
                where = "staging" if seq % 11 == 0 else None
                event = AuditEvent(
                    actions[seq % 10],
                    about,
                    actor,
                    "ok",
                    PROJECT,
                    where,
                    after={"v": 3},
                    reason="r",
                )
                event_id = f"{seq:036}"
                entry = write_entry(
                    event, log_id=project_id, seq=seq, event_id=event_id, now=now, prev_hash=prev
                )
                prev = entry_hash(entry.body)
                events.append((project_id, seq, event_id, now, event.action, "ok", actor.subject, about.type,
                               about.id, where, entry.body, prev))  # fmt: skip
                beside += [
                    (project_id, seq, p.subject, p.salt, json.dumps(p.values))
                    for p in entry.personal
                ]
            _EVENTS(tx.conn, events)
            _PERSONAL(tx.conn, beside)


def _administrator(running: RunningServer, api: Any) -> str:
    name, first = WHO, f"the first one of {WHO}, given"
    account = {"name": name, "email": f"{name}@bank.example", "password": first, "admin": True}
    api.post("/users", json=account).raise_for_status()
    for role in ("author", "reviewer", "approver", "publisher", "auditor"):
        api.post(
            "/grants", json={"user": name, "project": PROJECT, "role": role}
        ).raise_for_status()
    import httpx2

    with httpx2.Client(base_url=f"{running.url}/api/v1", timeout=60) as own:
        session = (
            own.post("/session", json={"name": name, "password": first}).raise_for_status().json()
        )
        change = {"old_password": first, "password": password(name)}
        own.patch(
            f"/users/{name}", json=change, headers={"X-CSRF-Token": session["csrf"]}
        ).raise_for_status()
    return name
