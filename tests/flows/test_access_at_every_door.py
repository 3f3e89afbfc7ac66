"""Who may do what, asked at every door of a real server: API, command line, Git, delivery; and between projects."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.server import BIN, RunningServer
from support.stock_git import Git

TEXT = "messages:\n  - role: user\n    content: hello {0}\n"
PATHS = ("claims/triage", "claims/motor/triage", "hr/letter")
HALT = (
    'forbid (principal, action, resource) when {{ resource.project == "bank" }} unless {{ {0} }};'
)


@dataclass
class Site:
    """The server, and a token by who holds it."""

    server: RunningServer
    tokens: dict[str, str]

    def api(self, who: str) -> httpx2.Client:
        return self.server.api(self.tokens[who])

    def cli(self, who: str, *args: str) -> subprocess.CompletedProcess[str]:
        env = {
            **os.environ,
            "PROMPTOPS_URL": self.server.url,
            "PROMPTOPS_TOKEN": self.tokens[who],
            "PROMPTOPS_LOGIN_FILE": str(self.server.data / "no-login.toml"),
        }
        return subprocess.run(
            [str(BIN / "promptops"), *args], env=env, capture_output=True, text=True, timeout=60
        )

    def remote(self, who: str, project: str = "bank") -> str:
        return self.server.url.replace("//", f"//x:{self.tokens[who]}@") + f"/git/{project}.git"


@pytest.fixture(scope="module")
def site(server: RunningServer) -> Site:
    """Two projects with the same prompts; `mod` writes in bank/claims alone, and releases it to staging alone."""
    made = Site(server, {"root": server.token("root", "admin")})
    with made.api("root") as api:
        for project in ("bank", "clinic"):
            assert api.post("/projects", json={"name": project}).is_success
            for path in PATHS:
                assert put(api, path, "1", project=project).status_code == 201
        for name in ("mod", "ana", "carl"):
            body = {"name": name, "password": f"correct horse {name}"}
            assert api.post("/users", json=body).is_success
        for user, project, role, module, environment in (
            ("mod", "bank", "author", "claims", ""),
            ("mod", "bank", "publisher", "claims", "staging"),
            ("ana", "bank", "author", "", ""),
            ("carl", "clinic", "author", "", ""),
            ("carl", "clinic", "publisher", "", ""),
        ):
            body = {
                "user": user,
                "project": project,
                "role": role,
                "module": module,
                "environment": environment,
            }
            assert api.post("/grants", json=body).status_code == 201
    for name in ("mod", "ana", "carl"):
        with httpx2.Client(auth=(name, f"correct horse {name}"), base_url=server.url) as basic:
            answer = basic.post("/api/v1/tokens", json={"name": "laptop"})
            made.tokens[name] = answer.json()["token"]
    made.tokens["app"] = server.token("app", "delivery", "bank", "staging")
    return made


def put(
    api: httpx2.Client, path: str, text: str, *, project: str = "bank", parent: str = ""
) -> httpx2.Response:
    headers = {"If-Match": parent} if parent else {}
    return api.put(
        f"/projects/{project}/prompts/{path}",
        content=TEXT.format(text),
        headers={"Content-Type": "application/yaml", **headers},
    )


def test_a_module_grant_reads_the_whole_project_and_writes_its_folder(site: Site) -> None:
    with site.api("mod") as api:
        assert api.get("/projects/bank/prompts/hr/letter").is_success
        assert put(api, "claims/new", "1").status_code == 201
        refused = put(api, "hr/new", "1")
        assert refused.status_code == 403
        assert refused.json()["rule"] == "role.missing"
        assert "hr/new" in refused.json()["detail"]
        assert api.get("/projects/bank/working-copies").is_success
        assert api.put(
            "/projects/bank/working-copies/hr/letter", json={"text": "x"}
        ).status_code in (403, 422)
        assert put(api, "claimsx/new", "1").status_code == 403
        assert put(api, "claims", "1").status_code == 403


def test_edits_of_many_prompts_stay_inside_the_folder(site: Site) -> None:
    with site.api("mod") as api:

        def post(what: str, **body: Any) -> httpx2.Response:
            return api.post(f"/projects/bank/{what}", json=body)

        def bulk(operations: list[dict[str, Any]], *paths: str) -> httpx2.Response:
            select = {"prompts": [{"path": path} for path in paths]}
            return post("bulk", select=select, operations=operations)

        inside = [{"path": "claims/imp", "content": TEXT.format("i")}]
        outside = [{"path": "hr/imp", "content": TEXT.format("i")}]
        assert post("imports", prompts=inside).is_success
        refused = post("imports", prompts=[*inside, *outside])
        assert refused.status_code == 403
        assert refused.json()["paths"] == ["hr/imp"]
        tag = [{"op": "add_tags", "tags": ["x"]}]
        found = bulk(tag, "claims/triage", "hr/letter")
        assert (found.status_code, found.json().get("paths")) == (403, ["hr/letter"]), found.text
        assert bulk(tag, "claims/triage").is_success
        to_hr = [{"op": "move_to", "module": "hr"}]
        assert bulk(to_hr, "claims/triage").status_code == 403
        for what in ("move", "copy"):
            gone = post(what, **{"from": "claims/imp", "to": "hr/imp"})
            assert gone.status_code == 403, (what, gone.text)
            module = post(what, **{"from": "claims/motor/", "to": "hr/motor/"})
            assert module.status_code == 403, (what, module.text)
        assert post("move", **{"from": "hr/letter", "to": "claims/letter"}).status_code == 403
        assert post("copy", **{"from": "hr/letter", "to": "claims/letter"}).is_success
        assert post("move", **{"from": "claims/letter", "to": "claims/moved"}).is_success
        archived = api.delete("/projects/bank/prompts/hr/letter", headers={"If-Match": '"v1"'})
        assert archived.status_code == 403


def test_releases_stay_inside_the_folder_and_the_environment(site: Site) -> None:
    with site.api("mod") as api:

        def publish(environment: str, *paths: str, **more: Any) -> httpx2.Response:
            body = {"prompts": [{"path": p} for p in paths], "reason": "because it is due", **more}
            return api.post(f"/projects/bank/environments/{environment}/releases", json=body)

        assert publish("staging", "claims/triage").is_success
        refused = publish("staging", "claims/motor/triage", "hr/letter")
        assert (refused.status_code, refused.json()["paths"]) == (403, ["hr/letter"])
        assert publish("production", "claims/triage").status_code == 403
        preview = publish("staging", "hr/letter", dry_run=True).json()
        assert [u["rule"] for u in preview["unmet"]] == ["role.missing"]
        later = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert publish("staging", "hr/letter", at=later).status_code == 403
    with site.api("root") as root:
        body = {"prompts": [{"path": "hr/letter"}], "reason": "because it is due"}
        assert root.post("/projects/bank/environments/staging/releases", json=body).is_success
    with site.api("mod") as api:
        stop = api.post(
            "/projects/bank/environments/staging/suspend",
            json={"prompts": ["hr/letter"], "reason": "not mine to stop"},
        )
        assert stop.status_code == 403, stop.text
        back = api.post(
            "/projects/bank/environments/staging/rollback",
            json={"to_release": 1, "reason": "as it was before"},
        )
        assert (back.status_code, back.json()["paths"]) == (403, ["hr/letter"])


@pytest.fixture
def clone(site: Site, tmp_path: Path) -> tuple[Git, Path]:
    """A clone of bank by `mod`."""
    git, work = Git(tmp_path / "home"), tmp_path / "work"
    git("clone", site.remote("mod"), str(work))
    return git, work


def write(git: Git, work: Path, path: str, text: str) -> None:
    file = work / f"{path}.prompt.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(TEXT.format(text))
    git("add", ".", cwd=work)
    git("commit", "-m", f"Change {path}", cwd=work)


def test_a_push_is_judged_by_every_path_of_every_step(site: Site, clone: tuple[Git, Path]) -> None:
    git, work = clone
    write(git, work, "claims/pushed", "1")
    git("push", "origin", "main", cwd=work)
    # What a later step takes back made versions all the same.
    write(git, work, "hr/smuggled", "1")
    git("rm", "-q", "hr/smuggled.prompt.yml", cwd=work)
    git("commit", "-m", "Take it back", cwd=work)
    pushed = git.run("push", "origin", "main", cwd=work)
    assert pushed.code != 0
    assert "hr/smuggled" in pushed.err
    git("reset", "--hard", "origin/main", cwd=work)
    (work / "README.md").write_text("at the top\n")
    git("add", ".", cwd=work)
    git("commit", "-m", "A file beside", cwd=work)
    assert "README.md" in git.run("push", "origin", "main", cwd=work).err
    git("reset", "--hard", "origin/main", cwd=work)
    assert git.run("push", "origin", "HEAD:refs/heads/idea", cwd=work).code != 0


def test_an_own_policy_takes_effect_at_every_door_at_once(
    site: Site, clone: tuple[Git, Path], tmp_path: Path
) -> None:
    rule = tmp_path / "halt.cedar"
    rule.write_text(HALT.format("principal.admin"))
    delivery = httpx2.Client(headers={"Authorization": f"Bearer {site.tokens['app']}"})
    live = f"{site.server.url}/delivery/v1/bank/staging"
    assert delivery.get(live).is_success
    git, work = clone
    write(git, work, "claims/later", "1")
    checked = site.cli(
        "root",
        "policy",
        "check",
        str(rule),
        "--who",
        "ana",
        "--action",
        "write",
        "--on",
        "bank/hr/x",
    )
    assert checked.returncode == 0, checked.stderr
    assert "ana\tprompt:write\tyes\tno\tpolicy.candidate" in checked.stdout
    done = site.cli("root", "policy", "put", "halt", str(rule), "--comment", "Bank is closed.")
    assert done.returncode == 0, done.stderr
    try:
        with site.api("ana") as ana:
            assert put(ana, "hr/other", "1").status_code == 404  # it cannot even be seen any more
            answer = ana.get("/me/can", params={"action": "write", "address": "bank/hr/x"}).json()
            assert (answer["allowed"], answer["rule"]) == (False, "policy.halt")
            assert answer["remedy"] == "Bank is closed."
            assert len(answer["policy_version"]) == 64
        said = site.cli("ana", "whoami", "--can", "write", "bank/hr/x")
        assert said.returncode == 1
        assert "policy.halt" in said.stdout
        assert git.run("push", "origin", "main", cwd=work).code != 0
        deadline = time.monotonic() + 5
        while delivery.get(live).is_success and time.monotonic() < deadline:
            time.sleep(0.1)
        assert delivery.get(live).status_code in (401, 403, 404)
    finally:
        removed = site.cli("root", "policy", "remove", "halt")
    assert removed.returncode == 0
    git("push", "origin", "main", cwd=work)
    with site.api("root") as root:
        events = root.get("/audit/events", params={"limit": 50}).json()["items"]
    by_action = {event["action"]: event for event in events}
    assert by_action["policy.put"]["after"]["text"] == rule.read_text()
    assert by_action["policy.remove"]["before"]["comment"] == "Bank is closed."
    assert by_action["policy.put"]["after"]["policy_version"]


def test_policies_that_widen_are_wrong_or_lock_everybody_out_are_refused(site: Site) -> None:
    with site.api("root") as root:

        def attempt(text: str) -> httpx2.Response:
            return root.put("/policies/mine", json={"text": text})

        widening = attempt("// why\npermit (principal, action, resource);")
        assert widening.status_code == 422
        assert widening.json()["errors"][0]["line"] == 2
        wrong = attempt("forbid (principal, action, resource)\nwhen {\n  principal.nme == 'x' };")
        assert wrong.status_code == 422
        wrong = attempt('forbid (principal, action, resource)\nwhen {\n  principal.nme == "x" };')
        assert (wrong.status_code, wrong.json()["errors"][0]["line"]) == (422, 3)
        assert "nme" in wrong.json()["errors"][0]["message"]
        lockout = attempt('forbid (principal, action == Action::"policy:manage", resource);')
        assert lockout.status_code == 409
        assert lockout.json()["type"].endswith("policy-lockout")
        assert root.get("/policies").json()["items"] == []
        assert root.get("/policies/mine").status_code == 404
        assert root.put("/policies/Mine", json={"text": "x"}).status_code == 422
    with site.api("ana") as ana:
        assert ana.get("/policies").status_code == 403
        assert ana.put("/policies/mine", json={"text": "x"}).status_code == 403


def test_roles_in_one_project_open_nothing_in_another(site: Site) -> None:
    """Every operation below a project, as somebody of another project."""
    document = httpx2.get(f"{site.server.url}/openapi.json").json()
    values = {
        "path": "claims/triage",
        "environment": "staging",
        "project": "bank",
        "number": "1",
        "view": "x",
    }
    asked = 0
    with site.api("carl") as carl:
        for template, operations in document["paths"].items():
            if not template.startswith("/api/v1/projects/{project}"):
                continue
            url = template
            for name in set(_names(template)):
                url = url.replace("{" + name + "}", values.get(name, "x"))
            for method in operations:
                if method not in ("get", "put", "post", "delete", "patch"):
                    continue
                asked += 1
                body = None if method in ("get", "delete") else {"reason": "because it is due"}
                answer = carl.request(method.upper(), url.removeprefix("/api/v1"), json=body)
                assert answer.status_code in (400, 403, 404, 415, 422, 428), (method, url, answer)
                if method in ("get", "delete"):
                    assert answer.status_code in (404, 400, 422), (method, url, answer.text)
    assert asked > 40
    assert carl_cannot_move(site)


def carl_cannot_move(site: Site) -> bool:
    """Between projects both sides are asked."""
    with site.api("carl") as carl:
        out = carl.post(
            "/projects/bank/copy",
            json={"from": "claims/triage", "to": "claims/stolen", "to_project": "clinic"},
        )
        into = carl.post(
            "/projects/clinic/copy",
            json={"from": "claims/triage", "to": "claims/planted", "to_project": "bank"},
        )
    return out.status_code == 404 and into.status_code == 404


def _names(template: str) -> list[str]:
    return [part.partition("}")[0] for part in template.split("{")[1:]]


def test_ids_of_another_project_lead_nowhere(site: Site) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with site.api("root") as root:
        scheduled = root.post(
            "/projects/bank/environments/staging/releases",
            json={
                "prompts": [{"path": "claims/motor/triage"}],
                "reason": "because it is due",
                "at": later,
            },
        ).json()
        view = root.post(
            "/projects/bank/views", json={"name": "mine", "shared": True, "query": {"tag": ["x"]}}
        )
        assert view.is_success, view.text
        token = root.post("/tokens", json={"name": "other"}).json()
        copy = "/projects/bank/working-copies/claims/triage"
        assert root.put(copy, json={"text": TEXT.format("draft")}).is_success
        share = root.post(f"{copy}/share").json()["id"]
    schedule = scheduled["id"]
    with site.api("carl") as carl:
        base = f"/projects/clinic/environments/staging/schedule/{schedule}"
        assert carl.get(base).status_code == 404
        assert carl.delete(base).status_code == 404
        assert carl.post(f"{base}/run").status_code == 404
        name = view.json().get("id", "mine")
        for method in ("GET", "DELETE"):
            tagged = {"If-Match": view.headers["ETag"]}
            there = carl.request(method, f"/projects/clinic/views/{name}", headers=tagged)
            assert there.status_code == 404
        assert carl.delete(f"/tokens/{token['id']}").status_code == 404
        assert carl.get(f"/shared-working-copies/{share}").status_code == 404
        assert carl.post(f"/shared-working-copies/{share}/take").status_code == 404
        assert carl.delete(f"/shared-working-copies/{share}").status_code == 404
    with site.api("root") as root:
        found = root.get("/projects/bank/schedule").json()["items"]
        assert [item["state"] for item in found] == ["scheduled"]


def test_whoami_can_tells_rule_remedy_and_what_the_gate_lacks(site: Site) -> None:
    yes = site.cli("mod", "whoami", "--can", "write", "bank/claims/triage")
    assert yes.returncode == 0, yes.stderr
    assert "role.author" in yes.stdout
    no = site.cli("mod", "whoami", "--can", "write", "bank/hr/letter")
    assert no.returncode == 1
    assert "role.missing" in no.stdout
    assert "author" in no.stdout
    live = site.cli("mod", "whoami", "--can", "publish", "bank/claims/triage", "--in", "staging")
    assert live.returncode in (0, 1)
    assert "release:publish" in live.stdout
    bad = site.cli("mod", "whoami", "--can", "fly", "bank")
    assert bad.returncode == 2
    assert "publish" in bad.stderr


def test_nobody_grants_to_themself_and_grants_name_real_places(site: Site) -> None:
    with site.api("root") as root:

        def grant(**body: Any) -> httpx2.Response:
            return root.post("/grants", json=body)

        assert grant(user="root", project="bank", role="approver").status_code == 409
        for body in (
            {"user": "ana", "project": "bank@production", "role": "viewer"},
            {"user": "ana", "project": "bank", "role": "viewer", "module": "a//b"},
            {"user": "ana", "project": "bank", "role": "viewer", "environment": "a:b"},
            {"user": "ana", "project": "*", "role": "viewer", "module": "claims"},
            {"user": "ana", "project": "bank", "role": "admin"},
        ):
            assert grant(**body).status_code == 422, body
        held = root.get("/grants", params={"project": "bank"}).json()["items"]
        wanted = {
            "user": "mod",
            "project": "bank",
            "role": "publisher",
            "module": "claims",
            "environment": "staging",
        }
        assert [wanted.items() <= one.items() for one in held].count(True) == 1
        params = {"user": "mod", "project": "bank", "role": "publisher"}
        assert root.delete("/grants", params=params).status_code == 404
    with site.api("ana") as ana:
        body = {"user": "ana", "project": "bank", "role": "publisher"}
        assert ana.post("/grants", json=body).status_code == 403
