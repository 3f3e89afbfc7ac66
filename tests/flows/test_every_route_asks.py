"""Every route of the API asks: the table says what for, and a real server refuses who may not, without telling what is there.

A new route fails the first test until it has a line here. Whoever may not read a project gets the same answer as for one
that does not exist; whoever only reads it is refused each unsafe route, with the action the table names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import httpx2
import pytest

from promptops_server.infra.authorise import Action
from support.reviewed_files import reviewed_prompt
from support.server import RunningServer

OPEN = "open"
"""Answers without a sign-in."""
OWN = "own"
"""Speaks of the caller's own account, or lists only what the caller may read."""
READ = "project:read"
"""Reading: the default inside a project."""

ROUTES: dict[str, str] = {
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": OPEN,
    "GET /session/ways": OPEN,
    "POST /session": OPEN,
    "GET /session": OWN,
    "DELETE /session": OWN,
    "GET /me": OWN,
    "GET /me/can": OWN,
    "GET /me/sessions": OWN,
    "DELETE /me/sessions": OWN,
    "DELETE /me/sessions/{session_id}": OWN,
    "GET /me/totp": OWN,
    "POST /me/totp": OWN,
    "POST /me/totp/confirm": OWN,
    "POST /me/totp/off": OWN,
    "POST /me/recovery-codes": OWN,
    "GET /me/signing": OWN,
    "GET /me/work": OWN,
    "GET /tokens": OWN,
    "POST /tokens": OWN,
    "DELETE /tokens/{token_id}": OWN,
    "GET /projects": OWN,
    "GET /search": OWN,
    "GET /inventory": OWN,
    "GET /record/fields": OWN,
    "GET /models/catalogue": OWN,
    "GET /users": "user:manage",
    "POST /users": "user:manage",
    "PATCH /users/{name}": "user:manage",
    "POST /users/{name}/erasure": "user:manage",
    "POST /users/{name}/confirmation": "user:manage",
    "DELETE /users/{name}/sessions": "user:manage",
    "GET /grants": "user:manage",
    "POST /grants": "user:manage",
    "DELETE /grants": "user:manage",
    "GET /access/who": "policy:read",
    "GET /policies": "policy:read",
    "POST /policies/check": "policy:read",
    "GET /policies/{name}": "policy:read",
    "PUT /policies/{name}": "policy:manage",
    "DELETE /policies/{name}": "policy:manage",
    "GET /models": "model:manage",
    "GET /model-providers": "model:manage",
    "POST /models": "model:manage",
    "GET /models/{name}": "model:manage",
    "PUT /models/{name}": "model:manage",
    "DELETE /models/{name}": "model:manage",
    "POST /models/{name}/check": "model:manage",
    "GET /system/settings": "system:manage",
    "GET /system/health": "system:manage",
    "GET /system/jobs": "system:manage",
    "POST /system/jobs/{job_id}/retry": "system:manage",
    "GET /system/keys": "system:manage",
    "POST /system/keys": "system:manage",
    "POST /system/keys/{key_id}/revoke": "system:manage",
    "POST /projects": "project:create",
    "GET /audit/events": "audit:read",
    "GET /audit/events/stream": "audit:read",
    "GET /audit/events/{seq}": "audit:read",
    "GET /audit/checkpoints": "audit:read",
    "GET /audit/proof": "audit:read",
    "GET /audit/consistency": "audit:read",
    "POST /audit/exports": "audit:read",
    "GET /holds": "audit:read",
    "POST /holds": "hold:manage",
    "POST /holds/{hold_id}/lift": "hold:manage",
    "GET /shared-working-copies/{share}": READ,
    "DELETE /shared-working-copies/{share}": READ,
    "POST /shared-working-copies/{share}/take": "prompt:write",
    "GET /projects/{project}": READ,
    "POST /projects/{project}/imports": "prompt:write",
    "POST /projects/{project}/imports/convert": "prompt:write",
    "POST /projects/{project}/exports": READ,
    "POST /projects/{project}/restore/{path}": "prompt:write",
    "POST /projects/{project}/move": "prompt:archive",
    "POST /projects/{project}/copy": "prompt:write",
    "POST /projects/{project}/bulk": "prompt:write",
    "GET /projects/{project}/uses/{path}": READ,
    "GET /projects/{project}/impact/{path}": READ,
    "POST /projects/{project}/upgrade-pins": "prompt:write",
    "GET /projects/{project}/prompts": READ,
    "GET /projects/{project}/modules": READ,
    "GET /projects/{project}/tree": READ,
    "GET /projects/{project}/overview": READ,
    "GET /projects/{project}/people": READ,
    "GET /projects/{project}/names": READ,
    "GET /projects/{project}/coverage": READ,
    "GET /projects/{project}/prompts/{path}": READ,
    "PUT /projects/{project}/prompts/{path}": "prompt:write",
    "DELETE /projects/{project}/prompts/{path}": "prompt:archive",
    "GET /projects/{project}/versions/{path}": READ,
    "GET /projects/{project}/diff/{path}": READ,
    "GET /projects/{project}/blame/{path}": READ,
    "POST /projects/{project}/render/{path}": READ,
    "POST /projects/{project}/render": READ,
    "POST /projects/{project}/check": READ,
    "GET /projects/{project}/record-defaults": READ,
    "PUT /projects/{project}/record-defaults": "prompt:write",
    "GET /projects/{project}/record-defaults/{module}": READ,
    "PUT /projects/{project}/record-defaults/{module}": "prompt:write",
    "GET /projects/{project}/suites": READ,
    "GET /projects/{project}/suites/{path}": READ,
    "PUT /projects/{project}/suites/{path}": "prompt:write",
    "GET /projects/{project}/record/{path}": READ,
    "GET /projects/{project}/record-diff/{path}": READ,
    "GET /projects/{project}/inventory": READ,
    "GET /projects/{project}/facets": READ,
    "POST /projects/{project}/playground": "test:run",
    "POST /projects/{project}/playground/cases": "prompt:write",
    "GET /projects/{project}/matrix": READ,
    "GET /projects/{project}/events": READ,
    "GET /projects/{project}/environments/{environment}/followers": READ,
    "GET /projects/{project}/environments/{environment}/releases/{number}/spread": READ,
    "GET /projects/{project}/environments/{environment}/spread-history": READ,
    "GET /projects/{project}/matrix/{path}": READ,
    "GET /projects/{project}/views": READ,
    "POST /projects/{project}/views": READ,
    "GET /projects/{project}/views/{view}": READ,
    "PUT /projects/{project}/views/{view}": "view:change",
    "DELETE /projects/{project}/views/{view}": "view:change",
    "GET /projects/{project}/activity": READ,
    "GET /projects/{project}/working-copies": "prompt:write",
    "GET /projects/{project}/working-copies/{path}": "prompt:write",
    "PUT /projects/{project}/working-copies/{path}": "prompt:write",
    "DELETE /projects/{project}/working-copies/{path}": "prompt:write",
    "POST /projects/{project}/working-copies/{path}/commit": "prompt:write",
    "POST /projects/{project}/working-copies/{path}/rebase": "prompt:write",
    "POST /projects/{project}/working-copies/{path}/undo": "prompt:write",
    "POST /projects/{project}/working-copies/{path}/share": "prompt:write",
    "GET /projects/{project}/models": READ,
    "GET /projects/{project}/mirror": READ,
    "GET /projects/{project}/mirrors": READ,
    "PUT /projects/{project}/mirror": "mirror:manage",
    "DELETE /projects/{project}/mirror": "mirror:manage",
    "GET /projects/{project}/mirror/refs": READ,
    "POST /projects/{project}/mirror/push": "mirror:manage",
    "POST /projects/{project}/mirror/overwrite": "mirror:manage",
    "POST /projects/{project}/reviews": "review:request",
    "GET /projects/{project}/reviews": READ,
    "GET /projects/{project}/reviews/{number}": READ,
    "GET /projects/{project}/review-status/{address}": READ,
    "POST /projects/{project}/reviews/{number}/decisions": "review:approve",
    "POST /projects/{project}/reviews/{number}/comments": "review:comment",
    "GET /projects/{project}/reviews/{number}/comments": READ,
    "PATCH /projects/{project}/reviews/{number}/comments/{comment}": "review:comment",
    "POST /projects/{project}/reviews/{number}/comments/{comment}/apply": "review:comment",
    "GET /projects/{project}/redactions": READ,
    "POST /projects/{project}/redactions": "redaction:request",
    "GET /projects/{project}/redactions/{redaction}": READ,
    "POST /projects/{project}/redactions/{redaction}/approve": "redaction:approve",
    "POST /projects/{project}/redactions/{redaction}/cancel": "redaction:request",
    "GET /projects/{project}/environments": READ,
    "POST /projects/{project}/environments": "environment:create",
    "GET /projects/{project}/environments/{environment}": READ,
    "PATCH /projects/{project}/environments/{environment}": "environment:change",
    "GET /projects/{project}/environments/{environment}/releases": READ,
    "POST /projects/{project}/environments/{environment}/releases": "release:publish",
    "GET /projects/{project}/environments/{environment}/releases/{number}": READ,
    "POST /projects/{project}/environments/{environment}/rollback": "release:rollback",
    "POST /projects/{project}/environments/{environment}/suspend": "release:stop",
    "POST /projects/{project}/environments/{environment}/unpublish": "release:stop",
    "POST /projects/{project}/environments/{environment}/promotions": "release:publish",
    "GET /projects/{project}/schedule": READ,
    "GET /projects/{project}/environments/{environment}/schedule": READ,
    "GET /projects/{project}/environments/{environment}/schedule/{schedule}": READ,
    "DELETE /projects/{project}/environments/{environment}/schedule/{schedule}": "release:stop",
    "POST /projects/{project}/environments/{environment}/schedule/{schedule}/run": "release:publish",
    "GET /projects/{project}/compare": READ,
    "GET /projects/{project}/emergencies": READ,
    "GET /projects/{project}/environments/{environment}/emergencies/{number}": READ,
    "POST /projects/{project}/environments/{environment}/emergencies/{number}/ratify": "emergency:ratify",
    "POST /projects/{project}/environments/{environment}/emergencies/{number}/refuse": "emergency:ratify",
    "GET /projects/{project}/exceptions": READ,
    "POST /projects/{project}/exceptions": "review:request",
    "GET /projects/{project}/exceptions/{exception}": READ,
    "POST /projects/{project}/exceptions/{exception}/accept": "exception:accept",
    "POST /projects/{project}/exceptions/{exception}/revoke": "exception:accept",
    "GET /projects/{project}/certifications": READ,
    "POST /projects/{project}/certifications": "review:approve",
    "GET /projects/{project}/certifications/{certification}": READ,
    "POST /projects/{project}/certifications/{certification}/keep": "review:approve",
    "GET /projects/{project}/retirements": READ,
    "POST /projects/{project}/retirements": "prompt:retire",
    "POST /projects/{project}/retirements/undo": "prompt:retire",
    "POST /projects/{project}/runs": "test:run",
    "GET /projects/{project}/runs": READ,
    "GET /projects/{project}/runs/{number}": READ,
    "GET /projects/{project}/runs/{number}/results": READ,
    "GET /projects/{project}/runs/{number}/results/{ordinal}": READ,
    "GET /projects/{project}/runs/{number}/report": READ,
    "POST /projects/{project}/runs/{number}/cancel": "test:run",
    "POST /projects/{project}/runs/{number}/resume": "test:run",
    "GET /projects/{project}/evidence/{path}": "evidence:read",
    "GET /projects/{project}/environments/{environment}/releases/{number}/evidence": "evidence:read",
}

REASON = "because it is due to be done today"
W = {"reason": REASON}
FORBID = {"text": "forbid (principal, action, resource) when { false };"}
BODIES: dict[str, dict[str, Any]] = {
    "POST /users": {"name": "newcomer"},
    "PATCH /users/{name}": {"active": False},
    "POST /users/{name}/erasure": W,
    "POST /users/{name}/confirmation": W,
    "POST /grants": {"user": "reader", "project": "bank", "role": "author"},
    "POST /policies/check": FORBID,
    "PUT /policies/{name}": FORBID,
    "POST /models": {"name": "new", "provider": "ollama", "model": "llama3.2"},
    "PUT /models/{name}": {"provider": "ollama", "model": "llama3.2"},
    "POST /models/{name}/check": {},
    "POST /projects": {"name": "another"},
    "POST /audit/exports": {"project": "bank"},
    "POST /holds": {"project": "bank", **W},
    "POST /holds/{hold_id}/lift": W,
    "POST /system/keys": W,
    "POST /system/keys/{key_id}/revoke": W,
}
TEXT = reviewed_prompt(says="Another question about {{ branch }}?")
IN_PROJECT: dict[str, dict[str, Any]] = {
    "POST /imports": {"prompts": [{"path": "hr/new", "content": TEXT}]},
    "POST /imports/convert": {"files": [{"name": "hr/new.prompt.yml", "content": TEXT}]},
    "POST /exports": {"format": "github", "prompts": [{"path": "hr/letter"}]},
    "POST /restore/{path}": {},
    "POST /move": {"from": "hr/letter", "to": "hr/moved"},
    "POST /copy": {"from": "hr/letter", "to": "hr/copied"},
    "POST /bulk": {"select": {"all": True}, "operations": [{"op": "add_tags", "tags": ["x"]}]},
    "POST /upgrade-pins": {"fragment": "hr/fragment"},
    "POST /render/{path}": {},
    "POST /render": {"prompt": {}},
    "POST /check": {"prompt": {}},
    "POST /playground": {"path": "hr/letter", "targets": ["gpt"]},
    "POST /playground/cases": {"path": "hr/letter", "inputs": {"name": "x"}},
    "PUT /record-defaults": {"text": "record: {}\n"},
    "PUT /record-defaults/{module}": {"text": "record: {}\n"},
    "PUT /suites/{path}": {"text": "cases: [{inputs: {branch: Orchard Road}}]\n"},
    "POST /views": {"name": "mine"},
    "PUT /views/{view}": {"name": "mine"},
    "PUT /working-copies/{path}": {"text": TEXT},
    "PUT /mirror": {"url": "https://example.com/x.git"},
    "POST /mirror/overwrite": {"refs": {"refs/heads/main": "0" * 40}},
    "POST /reviews": {"path": "hr/letter"},
    "POST /reviews/{number}/decisions": {"decision": "approve"},
    "POST /reviews/{number}/comments": {"body": "Why?"},
    "PATCH /reviews/{number}/comments/{comment}": {"resolved": True},
    "POST /redactions": {"path": "hr/letter", "texts": ["branch staff"], **W},
    "POST /environments": {"name": "trial"},
    "PATCH /environments/{environment}": {"position": 1, **W},
    "POST /environments/{environment}/releases": {"prompts": [{"path": "hr/letter"}], **W},
    "POST /environments/{environment}/rollback": {"to_release": 1, **W},
    "POST /environments/{environment}/suspend": {"prompts": ["hr/letter"], **W},
    "POST /environments/{environment}/unpublish": {"prompts": ["hr/letter"], **W},
    "POST /environments/{environment}/promotions": {"from": "development", **W},
    "POST /environments/{environment}/emergencies/{number}/ratify": W,
    "POST /environments/{environment}/emergencies/{number}/refuse": W,
    "POST /exceptions": {"rule": "review.overdue", "scope": "hr/letter", "control": REASON, **W},
    "POST /exceptions/{exception}/accept": W,
    "POST /exceptions/{exception}/revoke": W,
    "POST /certifications": {"path": "hr/letter", **W},
    "POST /certifications/{certification}/keep": W,
    "POST /runs": {"path": "hr/letter", "targets": ["local"]},
    "POST /retirements": {"path": "hr/letter", **W},
    "POST /retirements/undo": {"path": "hr/letter", **W},
}
SUITE = """cases:
  - {name: one, inputs: {branch: here}}
evaluators:
  - {name: says something, string: {contains: x}}
"""
BODIES |= {k.replace(" ", " /projects/{project}", 1): v for k, v in IN_PROJECT.items()}
QUERIES = {
    "DELETE /grants": {"user": "reader", "project": "bank", "role": "viewer"},
    "GET /search": {"q": "letter"},
    "GET /projects/{project}/names": {"name": "reader"},
    "GET /me/can": {"action": "write", "address": "bank/hr/letter"},
    "GET /access/who": {"action": "publish", "project": "bank"},
    "GET /projects/{project}/compare": {"from": "staging", "to": "production"},
    "GET /audit/proof": {"seq": "1", "project": "bank"},
    "GET /audit/consistency": {"from": "1", "project": "bank"},
    "GET /audit/events": {"project": "bank"},
    "GET /audit/events/stream": {"project": "bank"},
    "GET /audit/events/{seq}": {"project": "bank"},
    "GET /audit/checkpoints": {"project": "bank"},
    "GET /holds": {"project": "bank"},
}
UNMADE = (
    "/emergencies/{number}",
    "/certifications/{certification}",
    "POST /projects/{project}/certifications",
)
"""What the fixture makes none of: found by nobody who only reads, so that 404 says nothing wrong. `approvals` tests them."""


def of_project(route: str) -> bool:
    return "{project}" in route or "{share}" in route


UNSAFE = sorted(r for r, asks in ROUTES.items() if asks not in (OPEN, OWN, READ))


@dataclass
class Site:
    """The server, its people's clients, and what stands for the parameters of a path."""

    server: RunningServer
    clients: dict[str, httpx2.Client] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def call(self, who: str, route: str, **values: str) -> httpx2.Response:
        method, path = route.split(" ")
        for name, value in (self.values | values).items():
            path = path.replace("{" + name + "}", value)
        assert "{" not in path, f"no value for a parameter of {path}"
        more: dict[str, Any] = {"params": QUERIES.get(route)}
        if route in BODIES:
            more["json"] = BODIES[route]
        if route.endswith("/prompts/{path}") and method != "GET":
            more["headers"] = {"If-Match": '"v1"', "Content-Type": "application/yaml"}
            if method == "PUT":
                more["content"] = TEXT
        return self.clients[who].request(method, path, **more)


@pytest.fixture(scope="module")
def site(server: RunningServer) -> Iterator[Site]:
    """bank holds one of nearly everything; `reader` is its viewer, `clerk` all roles of clinic, `app` a delivery token."""
    made = Site(server)
    root = server.api(server.token("root", "admin"))
    for project in ("bank", "clinic"):
        assert root.post("/projects", json={"name": project}).is_success
        put = {"content": reviewed_prompt(), "headers": {"Content-Type": "application/yaml"}}
        assert root.put(f"/projects/{project}/prompts/hr/letter", **put).status_code == 201
    every = [
        "author",
        "reviewer",
        "validator",
        "approver",
        "risk",
        "publisher",
        "emergency",
        "auditor",
    ]
    roles = {"reader": ("bank", ["viewer"]), "clerk": ("clinic", every), "nobody": ("", [])}
    roles["writer"] = ("bank", ["author"])
    for name, (project, held) in roles.items():
        password = f"correct horse {name}"
        assert root.post("/users", json={"name": name, "password": password}).is_success
        for role in held:
            grant = {"user": name, "project": project, "role": role}
            assert root.post("/grants", json=grant).is_success
        with httpx2.Client(auth=(name, password), base_url=server.url) as basic:
            token = basic.post("/api/v1/tokens", json={"name": "test"}).json()["token"]
        made.clients[name] = server.api(token)
    made.clients["app"] = server.api(server.token("app", "delivery", "bank", "staging"))
    made.clients["stranger"] = httpx2.Client(base_url=f"{server.url}/api/v1", timeout=30)
    made.values = _things(root, made.clients["writer"])
    yield made
    for client in (root, *made.clients.values()):
        client.close()


def _things(root: httpx2.Client, writer: httpx2.Client) -> dict[str, str]:
    bank = "/projects/bank"

    def post(api: httpx2.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = api.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    release = {"prompts": [{"path": "hr/letter"}], **W}
    later = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    post(writer, f"{bank}/reviews", {"path": "hr/letter"})
    number = "1"
    schedule = post(writer, f"{bank}/environments/staging/releases", {**release, "at": later})
    post(writer, f"{bank}/environments/staging/releases", release)
    text = {"text": TEXT, "parent": 1}
    assert writer.put(f"{bank}/working-copies/hr/letter", json=text).is_success
    local = {"provider": "vllm", "model": "m", "base_url": "http://127.0.0.1:9/v1"}
    if "local" not in str(root.get("/models").json()):
        post(root, "/models", {"name": "local", **local})
    suite = {"name": "own.suite.yml", "content": SUITE}
    run = {"path": "hr/letter", "targets": ["local"], "suite_texts": [suite]}
    assert str(post(writer, f"{bank}/runs", run)["number"]) == number
    exception = {"rule": "review.overdue", "scope": "hr/letter", "control": REASON, **W}
    redaction = {"path": "hr/letter", "texts": ["branch staff"], **W}
    return {
        "project": "bank",
        "path": "hr/letter",
        "module": "hr",
        "address": "hr/letter",
        "environment": "staging",
        "name": "writer",
        "number": number,
        "ordinal": "0",
        "comment": post(writer, f"{bank}/reviews/{number}/comments", {"body": "Why?"})["id"],
        "schedule": schedule["id"],
        "view": post(writer, f"{bank}/views", {"name": "all", "shared": True})["id"],
        "share": post(writer, f"{bank}/working-copies/hr/letter/share", {})["id"],
        "exception": post(writer, f"{bank}/exceptions", exception)["id"],
        "redaction": post(writer, f"{bank}/redactions", redaction)["id"],
        "seq": "1",
        "hold_id": post(root, "/holds", {"project": "bank", **W})["id"],
        "certification": "01a21b4f-eda4-725a-a85e-e16bbaea91df",
        "job_id": "01a21b4f-eda4-725a-a85e-e16bbaea91df",
        "key_id": "0" * 16,
        "token_id": "01a21b4f-eda4-725a-a85e-e16bbaea91df",
        "session_id": "01a21b4f-eda4-725a-a85e-e16bbaea91df",
    }


def test_every_route_has_its_line(site: Site) -> None:
    paths = httpx2.get(f"{site.server.url}/openapi.json", timeout=30).json()["paths"]
    offered = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in paths.items()
        for method in operations
    }
    assert offered - ROUTES.keys() == set(), "say in ROUTES what these ask for"
    assert ROUTES.keys() - offered == set(), "these are gone"
    assert set(ROUTES.values()) - set(get_args(Action)) == {OPEN, OWN, "view:change"}


@pytest.mark.parametrize("route", sorted(r for r, asks in ROUTES.items() if asks != OPEN))
def test_without_a_sign_in_nothing_answers(site: Site, route: str) -> None:
    assert site.call("stranger", route).status_code == 401


@pytest.mark.parametrize("who", ["nobody", "clerk", "app"])
@pytest.mark.parametrize("route", sorted(filter(of_project, ROUTES)))
def test_who_may_not_read_a_project_does_not_learn_that_it_is_there(
    site: Site, route: str, who: str
) -> None:
    there = site.call(who, route)
    assert there.status_code == 404, there.text
    missing = site.call(who, route, project="missing", share="A" * 32)
    assert missing.status_code == 404

    def told(answer: httpx2.Response) -> str:
        text: str = answer.json()["detail"] + answer.json()["remedy"]
        for name in ("bank", "missing", site.values["share"], "A" * 32):
            text = text.replace(name, "…")
        return text

    assert told(there) == told(missing)


@pytest.mark.parametrize("who", ["nobody", "clerk", "app", "reader"])
@pytest.mark.parametrize("route", [r for r in UNSAFE if not of_project(r)])
def test_what_concerns_the_installation_is_refused(site: Site, route: str, who: str) -> None:
    answer = site.call(who, route)
    assert (answer.status_code, answer.json().get("action")) == (403, ROUTES[route]), answer.text


@pytest.mark.parametrize("route", list(filter(of_project, UNSAFE)))
def test_a_reader_is_refused_all_that_changes(site: Site, route: str) -> None:
    answer = site.call("reader", route)
    if any(part in route for part in UNMADE):
        assert answer.status_code in (403, 404), answer.text
    else:
        assert (answer.status_code, answer.json().get("action")) == (403, ROUTES[route]), (
            answer.text
        )


@pytest.mark.parametrize(
    "route",
    [
        r
        for r in filter(of_project, ROUTES)
        if any(
            part in r
            for part in ("{view}", "{redaction}", "{exception}", "{schedule}", "{comment}")
        )
    ],
)
def test_an_id_of_another_project_opens_nothing(site: Site, route: str) -> None:
    answer = site.call("clerk", route, project="clinic")
    # Approving redactions is the administrators', and asked before the id is looked at.
    assert answer.status_code == (403 if route.endswith("/approve") else 404), answer.text


@pytest.mark.parametrize("who", ["nobody", "clerk", "app"])
@pytest.mark.parametrize(
    "route",
    [
        "GET /me",
        "GET /me/can",
        "GET /me/work",
        "GET /projects",
        "GET /inventory",
        "GET /tokens",
        "GET /search",
    ],
)
def test_lists_over_projects_name_no_other_project(site: Site, route: str, who: str) -> None:
    answer = site.call(who, route)
    if route == "GET /me" and who == "app":
        assert answer.json()["token"]["project"] == "bank"
    elif route == "GET /tokens" and who == "app":
        assert answer.status_code == 403  # a narrowed token lists none
    elif route == "GET /me/can":
        assert answer.json()["allowed"] is False
    else:
        assert "bank" not in answer.text
