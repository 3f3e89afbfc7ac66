"""Exit codes, help, start-up, interruption: what holds for every command."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from promptops.cli import app as tree
from promptops.cli import run
from support.cli import Cli

BARE = [sys.executable, "-c", "from promptops.cli import main; main()"]


def _commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    command = getattr(command, "real", command)
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _commands(inner, (*words, name))
    else:
        yield words, command


COMMANDS = list(_commands(typer.main.get_command(tree.app)))


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(w) for w, _ in COMMANDS])
def test_every_command_explains_itself(words: tuple[str, ...], command: Any, cli: Cli) -> None:
    shown = cli(*words, "--help")
    assert shown.code == 0
    assert command.help
    assert "--json" in shown.out
    examples = shown.out.partition("Examples:\n")[2]
    assert f"promptops {' '.join(words)}" in examples


@pytest.mark.parametrize("later", list(typer.main.get_command(tree.app).commands.values()), ids=str)
def test_the_list_of_commands_says_what_their_own_help_begins_with(later: Any) -> None:
    assert later.real.name == later.name
    assert later.get_short_help_str(60) == later.real.get_short_help_str(60)


def test_a_command_reads_no_other_commands_file() -> None:
    code = "import sys; from promptops.cli import run; run(['test', '--help']); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    prefix = "promptops.cli.commands."
    read = {name for name in shown.stdout.splitlines()[-1].split() if name.startswith(prefix)}
    assert read == {f"{prefix}test"}


def test_help_starts_quickly_and_loads_nothing_heavy() -> None:
    code = "import sys; from promptops.cli import run; run(['--help']); print(*sorted(sys.modules))"
    seconds = []
    for _ in range(3):  # of the processor, so that a busy machine does not count
        before = os.times()
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        after = os.times()
        seconds.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    loaded = shown.stdout.splitlines()[-1].split()
    heavy = {"httpx2", "rich", "yaml", "ruamel", "redis", "cryptography", "jsonschema"}
    assert heavy & set(loaded) == set()
    assert min(seconds) < 0.2


@pytest.mark.parametrize("arguments", [["nonsense"], ["whoami", "--nonsense"], ["token", "create"]])
def test_what_is_not_understood_is_bad_input(arguments: list[str], cli: Cli) -> None:
    done = cli(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("error: The command line is not understood")
    as_json = cli(*arguments, "--json")
    assert as_json.code == 2
    assert as_json.problem["type"] == "urn:promptops:problem:usage"


def test_without_a_command_the_help_is_shown(cli: Cli) -> None:
    for words in ((), ("token",)):
        done = cli(*words)
        assert done.code == 2
        assert "Commands:" in done.out + done.err


def test_without_a_token_the_remedy_is_to_sign_in(cli: Cli) -> None:
    done = cli("--url", "http://127.0.0.1:1", "whoami")
    assert done.code == 2
    assert "promptops login --url http://127.0.0.1:1" in done.err


ASKING_THE_SERVER = [
    "whoami",
    "token list",
    "token create ci",
    "token revoke 1",
    "user list",
    "user create anna",
    "user grant anna author",
    "audit log",
    "project list",
    "project show bank",
    "project create bank",
    "prompt list bank",
    "prompt show bank/a",
    "prompt log bank/a",
    "prompt diff bank/a",
    "prompt render bank/a",
    "prompt put FILE bank/a",
    "prompt archive bank/a",
    "prompt edit bank/a",
    "import FOLDER -p bank",
    "publish bank/a@1 --to staging -r why",
    "rollback bank/a --in staging -r why",
    "suspend bank/a --in staging -r why",
    "unpublish bank/a --in staging -r why",
    "releases bank --in staging",
    "env list bank",
    "env show bank@staging",
    "env create bank@canary",
    "get bank/a@staging",
]


@pytest.mark.parametrize("words", ASKING_THE_SERVER)
def test_no_server_is_exit_code_3(
    words: str, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "folder" / "a.prompt.yml"
    file.parent.mkdir()
    file.write_text("messages:\n  - role: user\n    content: hi\n")
    arguments = words.replace("FILE", str(file)).replace("FOLDER", str(file.parent)).split()
    monkeypatch.setattr("promptops.cli.commands.get._START_SECONDS", 0.3)
    with socket.socket() as taken:  # bound, but nobody listens: refused at once
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PROMPTOPS_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("PROMPTOPS_TOKEN", "t")
        done = cli(*arguments)
        as_json = cli(*arguments, "--json")
    assert done.code == 3
    assert "no answer from http://127.0.0.1" in done.err
    assert (as_json.code, as_json.out) == (3, "")
    assert as_json.problem["type"] == "urn:promptops:problem:unreachable"


BAD_INPUT = [
    "prompt show bank",
    "prompt show bank/a@0",
    "prompt put /nowhere bank/a",
    "prompt put - bank/a",
    "prompt list bank@staging",
    "prompt list bank/m --module n",
    "prompt diff bank/a bank/b --from 3",
    "prompt render bank/a -i nothing",
    "prompt render /nowhere.prompt.yml",
    "import /nowhere -p bank",
    "import . -p bank/m",
    "publish bank/a bank2/b --to staging -r why",
    "publish bank/a --to staging",
    "rollback bank --in staging -r why",
    "rollback bank --to 3 --in staging -r why",
    "rollback bank/a --to r3 --in staging -r why",
    "rollback bank/a@3 --in staging -r why",
    "suspend bank --in staging -r why",
    "suspend bank/a@3 --in staging -r why",
    "env show bank",
    "env create bank/x@y",
    "get bank/a",
    "login --password-stdin --token-stdin",
    "login",
    "login --user anna",
    "login --token-stdin",
    "logout",
    "--url nonsense whoami",
]


@pytest.mark.parametrize("words", BAD_INPUT)
def test_bad_input_is_exit_code_2_before_anything_is_sent(
    words: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Port 1 refuses: whatever reached for the server would end with 3.
    monkeypatch.setenv("PROMPTOPS_URL", "http://127.0.0.1:1")
    if not words.startswith("log"):
        monkeypatch.setenv("PROMPTOPS_TOKEN", "t")
    done = cli(*words.split(), "--json")
    assert (done.code, done.out) == (2, ""), done.err
    assert done.problem["detail"]


def test_something_else_than_a_server_is_reported_as_such(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"http://127.0.0.1:{other.getsockname()[1]}"
        server = subprocess.Popen(
            [sys.executable, "-c", _NOT_OURS, str(other.fileno())], pass_fds=[other.fileno()]
        )
        try:
            done = cli("--url", url, "login", "--token-stdin", stdin="t\n")
        finally:
            server.kill()
            server.wait()
    assert done.code == 2
    assert f"{url} answered 404" in done.err
    assert "address of a PromptOps server" in done.err


_NOT_OURS = """
import socket, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(404)
    def log_message(self, *_):
        pass
server = HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=int(sys.argv[1]))
server.serve_forever()
"""


def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            [*BARE, "whoami"],
            env={**os.environ, "PROMPTOPS_URL": url, "PROMPTOPS_TOKEN": "t"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = silent.accept()  # it waits for an answer now
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        connection.close()
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_a_reader_that_goes_away_is_no_error_to_talk_about() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*BARE, "--help"], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert done.stderr == ""
    assert done.returncode != 0


def test_an_unexpected_error_is_one_line_and_a_hint(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the roof fell in")

    monkeypatch.setattr("promptops.cli.config.load", broken)
    done = cli("whoami")
    assert done.code == 1
    assert "RuntimeError: the roof fell in" in done.err
    assert "--debug" in done.err
    assert "Traceback" not in done.err
    assert "Traceback" in cli("--debug", "whoami").err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("promptops pub", "publish"), ("promptops prompt ren", "render"), ("promptops en", "env")],
)
def test_the_shell_completes_commands(typed: str, offered: str) -> None:
    words = typed.split()
    shown = subprocess.run(
        BARE,
        env={
            **os.environ,
            "_PROMPTOPS_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
    )
    assert shown.stdout.split() == [offered]


def test_the_version_is_shown(cli: Cli) -> None:
    shown = cli("--version")
    assert shown.code == 0
    assert shown.out.startswith("promptops 0.")


def test_run_returns_the_code_instead_of_leaving(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out
