"""Eight processes writing versions to one project at once, beside one: nothing is lost, and it is no slower."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time

from benchmarks.engines import engines
from benchmarks.row import Row
from benchmarks.stage import PROJECT, project, prompt_text, server

WRITERS = 8


def run(quick: bool) -> list[Row]:
    """Versions a second, and whether every acknowledged one is there."""
    each = 40 if quick else 200
    return [_row(name, args, each) for name, args in engines()]


def _row(name: str, args: tuple[str, ...], each: int) -> Row:
    with server(*args) as running, project(running) as api:
        token = running.token("bench", "admin")
        _write_all(running.port, token, ["warm"], 30)
        alone = _write_all(running.port, token, ["alone"], each * WRITERS)
        names = [f"writer-{n}" for n in range(WRITERS)]
        together = _write_all(running.port, token, names, each)
        lost = 0
        for writer in names:
            newest = api.get(
                f"/projects/{PROJECT}/versions/load/{writer}", params={"limit": 1}
            ).json()
            lost += each - newest["items"][0]["version"]
    ratio = alone / together
    return Row(f"{WRITERS} processes writing to one project, {name}", f"{each * WRITERS / together:,.0f} /s, {lost} lost",
               f"one process {each * WRITERS / alone:,.0f} /s", ratio, "≥ 1 (noise 5 %), nothing lost",
               ratio >= 0.95 and lost == 0)  # fmt: skip


def _write_all(port: int, token: str, names: list[str], count: int) -> float:
    """Seconds until every process has had all its versions acknowledged."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.rows.writers", str(port), name, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    for process in started:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(token + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
    begin = time.time()
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    # Each says when it was done: taking an interpreter down is not our time.
    ends = [float(process.stdout.readline()) for process in started if process.stdout is not None]
    codes = [process.wait() for process in started]
    assert not any(codes)
    return max(ends) - begin


def _writer(port: int, name: str, count: int) -> None:
    """One process: its own prompt, each version on the one before; ends with an error unless all are acknowledged."""
    token = sys.stdin.readline().strip()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    texts = [prompt_text(f"{name} {n}").encode() for n in range(count)]
    print("ready", flush=True)
    sys.stdin.read()
    for number, text in enumerate(texts):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/yaml"}
        if number:
            headers["If-Match"] = f'"v{number}"'
        target = f"/api/v1/projects/{PROJECT}/prompts/load/{name}?message=Change"
        connection.request("PUT", target, body=text, headers=headers)
        answer = connection.getresponse()
        body = json.load(answer)
        if answer.status != 201 or body["version"] != number + 1:
            sys.exit(f"{name} {number}: {answer.status} {body}")
    print(time.time(), flush=True)


if __name__ == "__main__":
    _writer(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
