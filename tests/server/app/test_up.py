"""`promptops-server up` as an operator meets it: what it prints works, it stops cleanly, trouble is one line."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis

from support.server import BIN, RunningServer, free_port

SERVER = str(BIN / "promptops-server")


def printed(running: RunningServer) -> str:
    return running.log.read_text()


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text().split()]
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except OSError:
        return False


def run(*args: str, code: int) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([SERVER, *args], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith(("{", "20"))]  # log lines
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("demo") / "data", args=("--demo",), as_installed=True).start()
    yield running
    assert running.process is not None
    if running.process.poll() is None:
        running.stop()


def test_the_printed_curl_line_works(demo: RunningServer) -> None:
    line = next(line for line in printed(demo).splitlines() if line.startswith("  curl "))
    header, url = re.findall(r"'([^']+)'|(http\S+)", line)
    name, value = header[0].split(": ")
    answer = httpx2.get(url[1], headers={name: value})
    assert answer.status_code == 200
    assert answer.json()["path"] == "claims/triage"
    assert answer.json()["environment"] == "production"


def test_the_printed_python_line_works(demo: RunningServer, tmp_path: Path) -> None:
    line = next(line for line in printed(demo).splitlines() if "from promptops import" in line)
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, timeout=60, env={"HOME": str(tmp_path)}
    )
    assert "Water comes through the ceiling." in done.stdout, done.stderr


def test_the_printed_sign_in_works(demo: RunningServer) -> None:
    found = re.search(r"Sign in   (\S+) / (\S+)", printed(demo))
    assert found
    me = httpx2.get(f"{demo.url}/api/v1/me", auth=(found[1], found[2])).json()
    assert (me["name"], me["admin"]) == ("admin", True)


def test_demo_env_is_private_and_names_the_server(demo: RunningServer) -> None:
    file = demo.data / "demo.env"
    assert file.stat().st_mode & 0o077 == 0
    values = dict(
        line.split("=", 1) for line in file.read_text().splitlines() if not line.startswith("#")
    )
    assert values["PROMPTOPS_URL"] == demo.url
    assert values["PROMPTOPS_PROJECT"] == "retail-bank"


def test_the_sample_workspace_is_what_it_says(demo: RunningServer) -> None:
    with demo.api(demo.token("root", "admin")) as api:
        names = [item["name"] for item in api.get("/projects").json()["items"]]
        assert names == ["city-hospital", "precision-works", "retail-bank"]
        for name in names:
            prompts = api.get(f"/projects/{name}/prompts", params={"limit": 50}).json()["items"]
            assert 5 <= len(prompts) <= 7
            assert all(prompt["valid"] for prompt in prompts)
            for environment in ("staging", "production"):
                url = f"/projects/{name}/environments/{environment}"
                assert api.get(url).json()["release"] >= 1
        kinds = {
            release["kind"]
            for release in api.get("/projects/retail-bank/environments/production/releases").json()[
                "items"
            ]
        }
        assert kinds == {"publish", "rollback", "suspend"}


def test_a_token_made_beside_the_server_works_at_once(demo: RunningServer) -> None:
    made = run(
        *("token", "create", "--data", str(demo.data), "--user", "zoe", "--role", "author"),
        *("--project", "retail-bank", "--expires", "1h", "--json"),
        code=0,
    )
    value = json.loads(made.stdout)
    assert set(value) >= {"token", "id", "user", "role"}
    with demo.api(value["token"]) as api:
        me = api.get("/me").json()
        assert me["auth_method"] == "operator"
        assert me["token"]["project"] == "retail-bank"
        assert api.get("/projects/city-hospital").status_code == 404


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--role", "king"), "no role 'king'"),
        (("--role", "author", "--expires", "soon"), "neither a time"),
        (("--role", "delivery"), "needs its project and environment"),
        (("--role", "author", "--environment", "production"), "needs its project"),
    ],
)
def test_a_wrong_token_request_is_one_line(
    demo: RunningServer, args: tuple[str, ...], message: str
) -> None:
    done = run("token", "create", "--data", str(demo.data), "--user", "zoe", *args, code=2)
    assert message in one_line(done.stderr)


def test_a_second_server_on_the_same_data_is_refused(demo: RunningServer) -> None:
    done = run("up", "--data", str(demo.data), "--port", str(free_port()), code=2)
    assert demo.process is not None
    assert f"running server (process {demo.process.pid})" in one_line(done.stderr)
    done = run("worker", "--data", str(demo.data), code=2)
    assert "used by a running server" in one_line(done.stderr)


def test_a_port_in_use_is_one_line(demo: RunningServer, tmp_path: Path) -> None:
    done = run("up", "--data", str(tmp_path / "d"), "--port", str(demo.port), code=2)
    assert f"Port {demo.port} on 127.0.0.1 cannot be used" in one_line(done.stderr)


@pytest.mark.parametrize(("folder", "message"), [("file", "is a file"), ("/proc/x", "cannot be")])
def test_a_data_directory_that_cannot_be_written_is_one_line(
    tmp_path: Path, folder: str, message: str
) -> None:
    (tmp_path / "file").touch()
    done = run("up", "--data", str(tmp_path / folder), "--port", str(free_port()), code=2)
    assert message in one_line(done.stderr)


def test_wrong_settings_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "promptops.toml").write_text("prot = 1\n")
    done = run("up", "--data", str(tmp_path), code=2)
    assert "did you mean 'port'" in one_line(done.stderr)


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    done = run(
        *("up", "--data", str(tmp_path), "--port", str(free_port()), "--database-url", url),
        code=2,
    )
    assert "The database does not answer" in one_line(done.stderr)


def test_openapi_of_the_whole_server_is_valid(demo: RunningServer) -> None:
    import schemathesis

    document = httpx2.get(f"{demo.url}/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    schema = schemathesis.openapi.from_dict(document)
    schema.validate()
    paths = document["paths"]
    for path in ("/api/v1/projects", "/api/v1/me", "/api/v1/tokens", "/api/v1/audit/events"):
        assert path in paths


def test_an_idle_server_stays_small(tmp_path: Path) -> None:
    """One that nobody has used yet: what a first call of a model loads stays."""
    idle = RunningServer(tmp_path / "data", args=("--demo",), as_installed=True).start()
    assert idle.process is not None
    time.sleep(3)  # until what it loads behind its start is there
    status = Path(f"/proc/{idle.process.pid}/status").read_text()
    idle.stop()
    resident = int(status.split("VmRSS:")[1].split()[0]) / 1024
    print(f"resident: {resident:.0f} MB")
    assert resident < 200


def test_the_printed_test_asks_a_real_model_without_any_key(
    demo: RunningServer, tmp_path: Path
) -> None:
    line = next(
        line for line in printed(demo).splitlines() if " test " in line and "--models" in line
    )
    env = {
        "HOME": str(tmp_path),
        "PROMPTOPS_URL": demo.url,
        "PROMPTOPS_TOKEN": demo.token("tess", "admin"),
    }
    done = subprocess.run(
        ["sh", "-c", f"{line} --json"], capture_output=True, text=True, timeout=100, env=env
    )
    run = json.loads(done.stdout)
    assert (run["state"], run["calls"], run["targets"][0]["errors"]) == ("done", 6, 0), done.stderr
    assert 0 < run["targets"][0]["passed"] < 6  # it is a very small model
    assert demo.process is not None
    serving = [
        pid
        for pid in children(demo.process.pid)
        if "local_model" in Path(f"/proc/{pid}/cmdline").read_text()
    ]
    assert len(serving) == 1


def test_a_first_start_without_demo_is_empty_and_told_once(tmp_path: Path) -> None:
    running = RunningServer(tmp_path / "data", as_installed=True).start()
    found = re.search(r"Sign in   (\S+) / (\S+)", printed(running))
    assert found
    auth = (found[1], found[2])
    assert httpx2.get(f"{running.url}/api/v1/projects", auth=auth).json()["items"] == []
    curl = next(line for line in printed(running).splitlines() if line.startswith("  curl "))
    assert f"-u {auth[0]}:{auth[1]} {running.url}/api/v1/me" in curl
    assert not (running.data / "demo.env").exists()
    made = httpx2.post(f"{running.url}/api/v1/projects", json={"name": "kept"}, auth=auth)
    assert made.status_code == 201

    # a stream that never ends by itself must not hold up the stop
    token = running.token("app", "delivery", "kept", "staging")
    assert running.process is not None
    parts = children(running.process.pid)
    assert parts, "the embedded Redis"
    with socket.create_connection(("127.0.0.1", running.port)) as stream:
        stream.sendall(
            b"GET /delivery/v1/kept/staging/events HTTP/1.1\r\nHost: x\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
        )
        assert b"200 OK" in stream.recv(4096)
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 8
    end = time.monotonic() + 5
    while any(alive(pid) for pid in parts):
        assert time.monotonic() < end, "the embedded Redis outlived its server"
        time.sleep(0.02)

    running.log.write_text("")
    running.start()
    assert "Sign in" not in printed(running)
    assert "ended by surprise" not in printed(running)
    items = httpx2.get(f"{running.url}/api/v1/projects", auth=auth).json()["items"]
    assert [item["name"] for item in items] == ["kept"]

    parts = children(running.process.pid)
    running.kill()
    end = time.monotonic() + 5
    while any(alive(pid) for pid in parts):
        assert time.monotonic() < end, "the embedded Redis outlived its server"
        time.sleep(0.02)
    running.log.write_text("")
    running.start()
    assert "ended by surprise" in printed(running)
    items = httpx2.get(f"{running.url}/api/v1/projects", auth=auth).json()["items"]
    assert [item["name"] for item in items] == ["kept"]
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(15) == 0


@pytest.mark.parametrize("given", ["", "the operator's own password"])
def test_the_embedded_redis_opens_its_port_with_a_password_that_lasts(
    start_server: Callable[..., RunningServer], given: str
) -> None:
    port = free_port()
    env = {"PROMPTOPS_REDIS_PORT": str(port), "PROMPTOPS_REDIS_PASSWORD": given}
    running = start_server(env=env)
    assert f"redis://127.0.0.1:{port}/0" in printed(running)
    file = running.data / "redis-password"
    assert file.exists() == (not given)
    if not given:
        assert file.stat().st_mode & 0o077 == 0
        assert str(file) in printed(running)
    password = given or file.read_text().strip()
    assert password not in printed(running)
    for _ in range(2):
        with redis.Redis(port=port) as nobody, pytest.raises(redis.AuthenticationError):
            nobody.ping()
        with redis.Redis(port=port, password=password) as follower:
            assert follower.ping()
        assert httpx2.get(f"{running.url}/readyz").json()["status"] == "ok"
        assert running.stop() == 0
        running.start()


def test_a_worker_runs_beside_a_server_on_postgresql(
    postgres_url: str, valkey: str, start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    shared = ("--database-url", postgres_url, "--redis-url", valkey)
    start_server(*shared)
    log = tmp_path / "worker.log"
    key = tmp_path / "data" / "secret.key"
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [SERVER, "worker", "--data", str(tmp_path / "worker"), *shared],
            stdout=out,
            stderr=out,
            env={"PROMPTOPS_SECRET_KEY_FILE": str(key), "PATH": "/usr/bin:/bin"},
        )
    end = time.monotonic() + 40
    while "worker_ready" not in log.read_text():
        assert worker.poll() is None, log.read_text()
        assert time.monotonic() < end
        time.sleep(0.05)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0, log.read_text()


def test_postgresql_behind_the_program_needs_a_decision(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from promptops_server.app import migrate, up
    from promptops_server.app.errors import CannotStart
    from promptops_server.infra.settings import load

    settings: Any = load({"database.url": postgres_url}, environ={})
    known = [*migrate.revisions(), "9999"]
    monkeypatch.setattr(migrate, "revisions", lambda: known)
    with pytest.raises(CannotStart, match=r"lacks 1 migration.*--migrate"):
        up._open_database(settings, may_migrate=False)
