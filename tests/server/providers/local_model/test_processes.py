"""The process of a model lives while it is used, and never longer than the process that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from promptops_server.providers.local_model.files import model_file_of
from promptops_server.providers.local_model.processes import ModelProcesses, Served
from promptops_server.providers.model import Target

FILE = model_file_of(Target(id="t", name="n", provider="local", model="smollm2-135m-instruct"))


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def answer(served: Served, tokens: int) -> int:
    asked = httpx2.post(
        f"{served.url}/v1/chat/completions",
        headers={"authorization": f"Bearer {served.key}"},
        json={
            "messages": [{"role": "user", "content": "Tell a long story."}],
            "max_tokens": tokens,
            "ignore_eos": True,
        },
        timeout=60,
    )
    asked.raise_for_status()
    return int(asked.json()["usage"]["completion_tokens"])


def test_one_that_nobody_uses_is_ended_and_started_again_when_asked_for() -> None:
    models = ModelProcesses(idle_seconds=3, look_seconds=0.05)
    first = models.use(FILE).result(60)
    pid = models.running()[FILE.model]
    until(lambda: not alive(pid))
    assert models.running() == {}
    assert models.key_of(first.url) is None
    second = models.use(FILE).result(60)
    assert answer(second, 1) == 1
    models.close()


def test_an_answer_that_takes_longer_than_the_idle_time_is_given() -> None:
    models = ModelProcesses(idle_seconds=2, look_seconds=0.05)
    served = models.use(FILE).result(60)
    started = time.monotonic()
    assert answer(served, 900) == 900
    assert time.monotonic() - started > 2.1
    until(lambda: not models.running())


def test_one_that_crashed_is_started_again() -> None:
    models = ModelProcesses()
    models.use(FILE).result(60)
    pid = models.running()[FILE.model]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not models.running())
    assert answer(models.use(FILE).result(60), 1) == 1
    assert models.running()[FILE.model] != pid
    models.close()


def test_it_ends_with_a_parent_that_is_killed() -> None:
    program = (
        "import sys, time\n"
        "from promptops_server.providers.local_model.files import model_file_of\n"
        "from promptops_server.providers.local_model.processes import ModelProcesses\n"
        "from promptops_server.providers.model import Target\n"
        "models = ModelProcesses()\n"
        "target = Target(id='t', name='n', provider='local', model='smollm2-135m-instruct')\n"
        "models.use(model_file_of(target)).result(60)\n"
        "print(*models.running().values(), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(next(line for line in parent.stdout if line.strip().isdigit()))
        assert alive(pid)
        parent.kill()
        until(lambda: not alive(pid), 5)


def test_it_has_nothing_of_our_environment_and_no_key_on_its_command_line() -> None:
    os.environ["PROMPTOPS_A_SECRET"] = "hush"
    models = ModelProcesses()
    try:
        served = models.use(FILE).result(60)
        process = Path(f"/proc/{models.running()[FILE.model]}")
        assert b"PROMPTOPS" not in (process / "environ").read_bytes()
        assert served.key.encode() not in (process / "cmdline").read_bytes()
        assert served.key not in repr(served)
    finally:
        del os.environ["PROMPTOPS_A_SECRET"]
        models.close()
