"""`promptops-server redis acl`: what an application and the servers may do in Redis, enforced by a real Valkey."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import NoPermissionError
from typer.testing import CliRunner

from promptops import PromptOps
from promptops_server.app.cli import app
from support.redis_topologies import Cluster, Node, SentinelSet, until
from support.server import RunningServer

ADMIN = "an administrator's password"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str, data: Path) -> Done:
    done = CliRunner().invoke(app, ["redis", "acl", "--data", str(data), *arguments])
    return Done(done.exit_code, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A Redis that keeps users in a file and lets nobody in but its administrator."""
    folder = tmp_path_factory.mktemp("redis")
    users = folder / "users.acl"
    users.write_text(f"user default off\nuser root on >{ADMIN.replace(' ', '_')} ~* &* +@all\n")
    made = Node(folder, (f"aclfile {users}",)).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def admin_url(node: Node) -> str:
    return f"redis://root:{ADMIN.replace(' ', '_')}@127.0.0.1:{node.port}/0"


@pytest.fixture(scope="module")
def running(
    node: Node, admin_url: str, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server whose user of Redis may do no more than the command gives it."""
    data = tmp_path_factory.mktemp("server") / "data"
    data.mkdir()
    shutil.copyfile(sqlite_template, data / "promptops.sqlite")
    made = run("--server", "--apply", "--redis-url", admin_url, "--json", data=data)
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout)
    assert found["kept"] is True
    url = f"redis://promptops-server:{found['password']}@127.0.0.1:{node.port}/0"
    server = RunningServer(data, args=("--redis-url", url)).start()
    with server.api(server.token("root", "admin")) as api:
        assert api.post("/projects", json={"name": "bank"}).status_code == 201
        body = "messages:\n  - role: user\n    content: one\n"
        kind = {"Content-Type": "application/yaml"}
        assert api.put("/projects/bank/prompts/a", content=body, headers=kind).is_success
        made_release = api.post(
            "/projects/bank/environments/staging/releases",
            json={"prompts": [{"path": "a"}], "reason": "for a test"},
        )
        assert made_release.json()["delivery"] == "applied", made_release.text
        keys = api.get("/system/keys").json()["items"]
    server.env["TRUST"] = keys[0]["public"]
    yield server
    log = server.log.read_text()
    server.stop()
    assert "NOPERM" not in log
    assert "no permissions" not in log.lower()


@pytest.fixture
def application(running: RunningServer, node: Node, admin_url: str) -> str:
    """The address that an application of bank/staging is given."""
    made = run(
        *("--project", "bank", "--environment", "staging", "--apply", "--json"),
        *("--redis-url", admin_url),
        data=running.data,
    )
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout)
    assert found["user"] == "promptops.bank.staging"
    return f"redis://{found['user']}:{found['password']}@127.0.0.1:{node.port}/0"


def follow(running: RunningServer, url: str, environment: str, **more: Any) -> PromptOps:
    return PromptOps(
        redis_url=url, trust_key=running.env["TRUST"], project="bank", environment=environment,
        disk_cache=False, **{"start_timeout": 20, **more},
    )  # fmt: skip


def test_an_application_follows_its_environment_and_reports(
    running: RunningServer, application: str
) -> None:
    with follow(running, application, "staging") as ops:
        assert ops.get("a").version == 1
        with running.api(running.token("root", "admin")) as api:
            of = "/projects/bank/environments/staging"
            until(lambda: api.get(f"{of}/followers").json()["summary"]["total"], "it is counted")
            gone = {"prompts": ["a"], "reason": "away"}
            assert api.post(f"{of}/unpublish", json=gone).is_success
            again = {"prompts": [{"path": "a"}], "reason": "again"}
            head = api.post(f"{of}/releases", json=again).json()["number"]
        until(lambda: ops.health().release == head, "the next release arrives by its nudge")


def test_another_environment_is_refused_and_the_client_says_so(
    running: RunningServer, application: str
) -> None:
    with follow(running, application, "production", start_timeout=3) as ops:
        said = ops.health().last_error
        assert "does not let this Redis user do what following bank/production takes" in said
        assert "promptops-server redis acl" in said


P = "promptops:{bank/staging}:"
OTHER = "promptops:{bank/production}:"
FORBIDDEN = [
    ("HSET", f"{P}state", "header", "x"),
    ("SET", f"{P}state", "x"),
    ("DEL", f"{P}state"),
    ("GET", f"{P}receipt:{'0' * 32}"),
    ("SET", f"{P}receipt:{'0' * 32}", "x", "GET"),
    ("DEL", f"{P}receipt:{'0' * 32}"),
    ("PUBLISH", f"{P}nudge", "x"),
    ("HMGET", f"{OTHER}state", "header"),
    ("HGETALL", f"{OTHER}entries:1"),
    ("SET", f"{OTHER}receipt:{'0' * 32}", "x"),
    ("PUBLISH", f"{OTHER}receipts", "x"),
    ("SUBSCRIBE", f"{OTHER}nudge"),
    ("SUBSCRIBE", f"{P}receipts"),
    ("PSUBSCRIBE", "*"),
    ("EVAL", "return 1", "0"),
    ("KEYS", "*"),
    ("SCAN", "0"),
    ("CONFIG", "GET", "*"),
    ("ACL", "LIST"),
    ("FLUSHALL",),
    ("SET", "unrelated", "x"),
]


@pytest.mark.parametrize("command", FORBIDDEN, ids=lambda c: " ".join(c)[:40])
def test_an_application_may_do_nothing_else(application: str, command: tuple[str, ...]) -> None:
    with redis.Redis.from_url(application) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)


@pytest.mark.parametrize(
    "command",
    [
        ("GET", "unrelated"),
        ("SET", "unrelated", "x"),
        ("CONFIG", "GET", "*"),
        ("ACL", "LIST"),
        ("FLUSHALL",),
        ("KEYS", "*"),
        ("PUBLISH", "unrelated", "x"),
        ("EVAL", "return redis.call('GET', KEYS[1])", "1", "unrelated"),
    ],
    ids=" ".join,
)
def test_the_servers_may_do_nothing_outside_delivery(
    running: RunningServer, command: tuple[str, ...]
) -> None:
    url = running.args[1]
    with (
        redis.Redis.from_url(url) as client,
        pytest.raises(redis.ResponseError, match=r"(?i)no ?perm|permissions"),
    ):
        client.execute_command(*command)


def test_a_user_is_printed_named_and_removed(
    running: RunningServer, admin_url: str, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text("a password of the operator\n")
    place = ("--project", "bank", "--environment", "staging", "--user", "shop")
    printed = run(*place, "--password-file", str(secret), data=running.data)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith("user shop on #")
    assert "a password of the operator" not in printed.stdout + printed.stderr
    with redis.Redis.from_url(admin_url, decode_responses=True) as client:
        assert "shop" not in client.acl_users()
        name, *rules = printed.stdout.split()[1:]
        client.execute_command(
            "ACL", "SETUSER", name, *_rules(rules)
        )  # what is printed is what Redis takes
        assert "shop" in client.acl_users()
        gone = run(
            "--user", "shop", *place[:4], "--remove", "--redis-url", admin_url, data=running.data
        )
        assert (gone.returncode, "shop is removed from" in gone.stdout) == (0, True), gone.stderr
        assert "shop" not in client.acl_users()
        again = run(
            "--user", "shop", *place[:4], "--remove", "--redis-url", admin_url, data=running.data
        )
        assert (again.returncode, "There is no user shop" in again.stderr) == (2, True)
    with running.api(running.token("root", "admin")) as api:
        events = api.get("/audit/events", params={"limit": 200}).json()["items"]
    told = [e for e in events if e["action"].startswith("redis.user.")]
    assert {e["action"] for e in told} == {"redis.user.set", "redis.user.remove"}
    assert all(e["actor"]["name"] == "operator" for e in told)


def _rules(words: list[str]) -> list[str]:
    """Words of a line, with what stands in parentheses as one."""
    found, inside = [], False
    for word in words:
        if inside:
            found[-1] += f" {word}"
        else:
            found.append(word)
        inside = (inside or word.startswith("(")) and not word.endswith(")")
    return found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--project and --environment, or --server"),
        (("--project", "bank"), "--project and --environment, or --server"),
        (("--server", "--project", "bank", "--environment", "staging"), "or --server"),
        (("--project", "bank", "--environment", "stagin"), "no environment bank@stagin"),
        (("--server", "--user", "default"), "no name for a user"),
        (("--server", "--apply", "--remove"), "not both"),
        (("--server", "--apply"), "no address"),
        (("--server", "--apply", "--redis-url", "redis://127.0.0.1:1/0"), "127.0.0.1:1"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    running: RunningServer, arguments: tuple[str, ...], words: str
) -> None:
    done = run(*arguments, data=running.data)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", [Cluster, SentinelSet])
def test_a_user_is_set_on_every_server(
    kind: Callable[[Path], Any], running: RunningServer, tmp_path: Path
) -> None:
    made = kind(tmp_path / "redis")
    try:
        done = run(
            *("--project", "bank", "--environment", "staging", "--apply", "--json"),
            *("--redis-url", made.url),
            data=running.data,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        nodes = made.nodes if isinstance(made, Cluster) else [made.first, made.second]
        assert sorted(found["nodes"]) == sorted(f"127.0.0.1:{n.port}" for n in nodes)
        for one in nodes:
            assert found["user"] in one.client().acl_users()
        url = made.url.replace("://", f"://{found['user']}:{found['password']}@")
        with follow(running, url, "staging", start_timeout=0.1) as ops:
            until(lambda: "holds nothing for" in ops.health().last_error, "the user may look")
    finally:
        made.stop()
