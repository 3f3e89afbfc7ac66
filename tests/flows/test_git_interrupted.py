"""Large and interrupted pushes against a real server process: all of a push or nothing, and memory stays bounded."""

from __future__ import annotations

import random
import re
import select
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.doorway import Doorway
from support.git_remote import WorkTree
from support.histories import prompt
from support.server import RunningServer
from support.stock_git import Git

PROJECT = "retail-bank"
MiB = 1024 * 1024


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """The stock client."""
    return Git(tmp_path / "home")


def new_project(running: RunningServer) -> str:
    """An empty project; returns an administrator's token."""
    token = running.token("maya", "admin")
    with running.api(token) as api:
        api.post("/projects", json={"name": PROJECT}).raise_for_status()
    return token


def repository(git: Git, folder: Path, megabytes: int) -> WorkTree:
    """A prompt with two versions, beside files that do not compress."""
    git("init", "-q", str(folder))
    tree = WorkTree(git, folder)
    noise = random.Random(megabytes)
    files: dict[str, str | bytes | None] = {"a.prompt.yml": prompt(1)}
    for number in range(0, megabytes, 20):
        files[f"data/{number}.bin"] = noise.randbytes(min(20, megabytes - number) * MiB)
    tree.write(files, "First")
    tree.write({"a.prompt.yml": prompt(2)}, "Second")
    return tree


def url(port: int, token: str) -> str:
    return f"http://x:{token}@127.0.0.1:{port}/git/{PROJECT}.git"


class Wire(Doorway):
    """A line to the server that stops carrying a push's body after some bytes."""

    def __init__(self, port: int, limit: int) -> None:
        self._to, self._limit = port, limit
        self.full = threading.Event()
        self._open = True
        super().__init__()

    def close(self) -> None:
        self._open = False
        super().close()

    def carry(self, client: socket.socket) -> None:
        sent = 0
        with socket.create_connection(("127.0.0.1", self._to)) as far:
            while self._open:
                waiting = [far] if sent >= self._limit else [client, far]
                for ready in select.select(waiting, [], [], 0.1)[0]:
                    data = ready.recv(64 * 1024)
                    if not data:
                        return
                    (far if ready is client else client).sendall(data)
                    sent += len(data) if ready is client else 0
                if sent >= self._limit:
                    self.full.set()


@contextmanager
def stalled_push(
    git: Git, tree: WorkTree, port: int, token: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A `git push` of which the server has had two megabytes and gets no more."""
    wire = Wire(port, 2 * MiB)
    push = subprocess.Popen(
        ["git", "push", "-q", url(wire.port, token), "main"],
        cwd=tree.folder,
        env=git.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert wire.full.wait(30)
        yield push
    finally:
        push.kill()
        push.wait(10)
        wire.close()


def heads(git: Git, port: int, token: str) -> str:
    """What pushes have moved; the environments' branches come with the project."""
    return git("ls-remote", url(port, token), "refs/heads/main", "refs/heads/try*")


def assert_arrives(
    git: Git, tree: WorkTree, running: RunningServer, token: str, into: Path
) -> None:
    """The next push works, with the whole history."""
    tree("push", "-q", url(running.port, token), "main")
    git("clone", "-q", url(running.port, token), str(into))
    assert git("rev-parse", "HEAD", cwd=into) == tree("rev-parse", "main")
    assert git.run("fsck", "--strict", cwd=into).code == 0
    with running.api(token) as api:
        items = api.get(f"/projects/{PROJECT}/versions/a").json()["items"]
    assert [item["version"] for item in items] == [2, 1]


def test_a_push_cut_off_on_the_way_leaves_nothing_whoever_dies(
    start_server: Callable[..., RunningServer], git: Git, tmp_path: Path
) -> None:
    running = start_server()
    token = new_project(running)
    tree = repository(git, tmp_path / "work", megabytes=6)
    database = running.data / "promptops.sqlite"
    before = sum(f.stat().st_size for f in database.parent.glob(f"{database.name}*"))
    with stalled_push(git, tree, running.port, token) as client:
        client.kill()  # the client first
        client.wait(10)
    assert heads(git, running.port, token) == ""
    with stalled_push(git, tree, running.port, token):
        running.kill()  # then the server
    running.start()
    assert heads(git, running.port, token) == ""
    after = sum(f.stat().st_size for f in database.parent.glob(f"{database.name}*"))
    assert after < before + MiB, "what arrived of the pushes lies in the database"
    assert_arrives(git, tree, running, token, tmp_path / "back")


def test_a_server_killed_while_it_works_keeps_all_of_a_push_or_nothing(
    start_server: Callable[..., RunningServer], git: Git, tmp_path: Path
) -> None:
    running = start_server()
    token = new_project(running)
    tree = repository(git, tmp_path / "work", megabytes=12)
    tip = tree("rev-parse", "main")
    rng = random.Random(7)
    for turn in range(2):
        push = subprocess.Popen(
            ["git", "push", "-q", url(running.port, token), f"main:refs/heads/try{turn}", "main"],
            cwd=tree.folder,
            env=git.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(rng.uniform(0.1, 1.0))
        running.kill()
        acknowledged = push.wait(30) == 0
        running.start()
        listed = heads(git, running.port, token)
        assert ("refs/heads/main" in listed) == (f"try{turn}" in listed)
        assert not acknowledged or "refs/heads/main" in listed
        assert set(re.findall(r"^[0-9a-f]{40}", listed, re.MULTILINE)) <= {tip}
        if listed:
            break
    assert_arrives(git, tree, running, token, tmp_path / "back")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_pack_of_100_mb_arrives_in_bounded_memory(
    start_server: Callable[..., RunningServer], git: Git, tmp_path: Path
) -> None:
    running = start_server()
    token = new_project(running)
    tree = repository(git, tmp_path / "work", megabytes=105)
    idle = peak_memory(running)
    assert_arrives(git, tree, running, token, tmp_path / "back")
    assert (tmp_path / "back/data/80.bin").read_bytes() == (
        tree.folder / "data/80.bin"
    ).read_bytes()
    # The pack itself lies in temporary files; in memory are single objects and the batch that is being stored.
    assert peak_memory(running) - idle < 250 * MiB


def peak_memory(running: RunningServer) -> int:
    """The most memory the server process ever had, in bytes."""
    assert running.process is not None
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024
