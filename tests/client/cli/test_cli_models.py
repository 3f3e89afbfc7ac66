"""Model targets from the command line of an administrator, checked against endpoints that answer, refuse, or are not there."""

from __future__ import annotations

import datetime
import io
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from promptops.cli.commands.models.change import _credential
from promptops.cli.failures import BadInput
from support.cli import Cli
from support.openai_server import OpenAIServer, Step, forbidden
from support.server import RunningServer, free_port

KEY = "sk-the-right-key-0123456789"
MODELS = ("gpt-small-2026-01-15", "gpt-large", "llama-3")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[OpenAIServer]:
    """An endpoint that wants `KEY` and has `MODELS`."""
    with OpenAIServer(lambda body: "ready", models=MODELS, api_key=KEY) as running:
        yield running


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with a key in its environment and one in a file."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "keys").mkdir()
    (folder / "keys" / "endpoint").write_text(KEY + "\n")
    env = {
        "RIGHT_API_KEY": KEY,
        "WRONG_API_KEY": "sk-wrong",
        "PROMPTOPS_MODELS_CREDENTIAL_DIR": str(folder / "keys"),
    }
    running = RunningServer(folder / "data", env=env).start()
    yield running
    running.stop()


@pytest.fixture
def admin(cli: Cli, own_server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """The administrator's command line; targets of the test are removed behind it."""
    monkeypatch.setenv("PROMPTOPS_URL", own_server.url)
    monkeypatch.setenv("PROMPTOPS_TOKEN", own_server.token("maya", "admin"))
    yield cli
    for item in cli("models", "list", "--json").json["items"]:
        assert cli("models", "remove", item["name"], "--yes").code == 0


def add(admin: Cli, endpoint: OpenAIServer, name: str, *more: str, stdin: str = "") -> None:
    done = admin(
        *("models", "add", name, "--provider", "openai_compatible", "--model", "gpt-large"),
        *("--base-url", endpoint.url, *more),
        stdin=stdin,
    )
    assert done.code == 0, done.err


@pytest.fixture
def strange_certificate() -> Iterator[int]:
    """The port of an endpoint whose certificate no authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    there = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([there]), critical=False)
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        pem = Path(f"/tmp/promptops-certificate-{port}.pem")
        pem.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context.load_cert_chain(pem)
        pem.unlink()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                    context.wrap_socket(connection, server_side=True).close()
                except ssl.SSLError:
                    continue
                except OSError:
                    if listening.fileno() < 0:
                        return

        threading.Thread(target=serve, daemon=True).start()
        yield port


def test_a_target_is_added_shown_changed_and_removed(admin: Cli, endpoint: OpenAIServer) -> None:
    add(
        *(admin, endpoint, "big", "--secret-stdin", "--budget", "2.50", "--concurrency", "16"),
        *("--region", "eu", "--data-class", "confidential"),
        stdin=KEY + "\n",
    )
    shown = admin("models", "show", "big")
    assert shown.code == 0
    for line in ("$2.50", "credential: sealed", "16 calls", "confidential", "last check: never"):
        assert line in " ".join(shown.out.split()), shown.out
    assert KEY not in shown.out + admin("models", "list", "--json").out
    again = admin(
        "models", "add", "BIG", "--provider", "openai", "--model", "x", "--env", "A_API_KEY"
    )
    assert again.code == 1
    assert "differs only by case" in again.err

    set_ = admin("models", "set", "big", "--no-budget", "--disable", "--region", "", "--json")
    assert set_.code == 0, set_.err
    assert (set_.json["budget_month"], set_.json["enabled"], set_.json["region"]) == (
        None,
        False,
        "",
    )
    assert set_.json["limits"]["concurrency"] == 16
    assert set_.json["credential"]["there"]

    moved = admin("models", "set", "big", "--base-url", "https://elsewhere.example/v1")
    assert moved.code == 2
    assert "credential belongs to the provider and address" in moved.err
    assert admin("models", "remove", "big").code == 1
    assert admin("models", "remove", "big", "--yes").code == 0
    assert admin("models", "show", "big").code == 2


def test_each_way_a_target_can_be_unwell_is_told_in_words(
    admin: Cli, endpoint: OpenAIServer, strange_certificate: int
) -> None:
    dead = free_port()
    add(admin, endpoint, "well", "--env", "RIGHT_API_KEY")
    add(admin, endpoint, "by-file", "--file", "endpoint")
    add(admin, endpoint, "wrong-key", "--env", "WRONG_API_KEY")
    add(admin, endpoint, "no-key", "--env", "LOST_API_KEY")
    add(admin, endpoint, "unknown", "--env", "RIGHT_API_KEY", "--model", "gpt-smal-2026-01-15")
    add(admin, endpoint, "dead", "--env", "RIGHT_API_KEY", "--base-url", f"http://127.0.0.1:{dead}")
    add(
        *(admin, endpoint, "tls", "--env", "RIGHT_API_KEY"),
        *("--base-url", f"https://127.0.0.1:{strange_certificate}/v1"),
    )
    done = admin("models", "check", "--all", "--json")
    assert done.code == 1
    found = {item["name"]: item for item in done.json["items"]}
    assert {name for name, item in found.items() if item["ok"]} == {"well", "by-file"}
    well = found["well"]
    assert (well["model"], well["model_there"], well["authenticated"]) == ("gpt-large", True, True)
    assert well["latency_ms"] >= well["first_token_ms"] > 0
    assert well["input_tokens"] and well["output_tokens"]

    problems = {name: item["problem"] for name, item in found.items()}
    assert problems["wrong-key"].startswith(f"{endpoint.root} does not take the key.")
    assert problems["no-key"] == "The variable LOST_API_KEY is not set where the server runs."
    assert problems["unknown"].startswith(
        "The endpoint has no model gpt-smal-2026-01-15; it lists: gpt-small-2026-01-15, "
    )
    assert "gpt-small-2026-01-15" in found["unknown"]["remedy"]
    assert problems["dead"].startswith(f"Nothing answers at http://127.0.0.1:{dead}.")
    assert "certificate of 127.0.0.1" in problems["tls"]
    assert "models.ca_file" in problems["tls"] + found["tls"]["remedy"]
    assert (found["dead"]["reachable"], found["tls"]["reachable"]) == (False, False)
    assert found["wrong-key"]["authenticated"] is False
    assert found["no-key"]["reachable"] is None
    assert all(KEY not in text for text in (done.out, done.err))

    listed = admin("models", "list")
    assert "dead\topenai_compatible\tgpt-large\tinternal\tenv\tnot well: not reached" in listed.out
    assert "well\topenai_compatible\tgpt-large\tinternal\tenv\twell" in listed.out


def test_a_key_without_access_and_an_alias_are_told(admin: Cli, endpoint: OpenAIServer) -> None:
    add(admin, endpoint, "barred", "--env", "RIGHT_API_KEY")
    endpoint.script([forbidden()])
    barred = admin("models", "check", "barred")
    assert barred.code == 1
    assert "The key is valid but has no access to gpt-large." in barred.out
    assert "not well: barred" in barred.err

    endpoint.script([Step(model="gpt-large-2026-03-01")])
    alias = admin("models", "check", "barred", "--json")
    assert alias.code == 0, alias.err
    assert alias.json["items"][0]["stands_for"] == "gpt-large-2026-03-01"
    assert "is an alias" in alias.json["items"][0]["notes"][0]


def test_who_tests_in_a_project_sees_and_checks_what_it_may_use(
    admin: Cli, endpoint: OpenAIServer, own_server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin("project", "create", "bank")
    add(admin, endpoint, "all", "--env", "RIGHT_API_KEY")
    add(admin, endpoint, "bank-only", "--env", "RIGHT_API_KEY", "--project", "bank")
    refused = admin(
        *("models", "add", "x", "--provider", "ollama", "--model", "m", "--project", "nowhere")
    )
    assert refused.code == 2
    assert "there is no project 'nowhere'" in refused.err
    with monkeypatch.context() as patch:
        patch.setenv("PROMPTOPS_TOKEN", own_server.token("anna", "author", "bank"))
        assert admin("models", "list", "--project", "bank").out == (
            "all\topenai_compatible\tgpt-large\tinternal\tthere\tnever\n"
            "bank-only\topenai_compatible\tgpt-large\tinternal\tthere\tnever\n"
        )
        closed = admin("models", "list")
        assert closed.code == 1
        assert "models list --project NAME" in closed.err
        assert admin("models", "check", "--all", "--project", "bank").code == 0
        assert admin("models", "check", "all").code == 1
        assert admin("models", "set", "all", "--budget", "9").code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "a", "--all"),
        ("add", "x", "--model", "m"),
        ("add", "x", "--provider", "openai", "--model", "m", "--env", "A", "--secret-stdin"),
        ("add", "x", "--provider", "openai", "--model", "m", "--secret-stdin"),
        ("add", "x", "--provider", "openai", "--model", "m", "--ask-secret"),
        ("add", "x", "--provider", "openai", "--model", "m", "--budget", "much"),
        ("add", "x", "--provider", "openai", "--model", "m", "--option", "x"),
        ("add", "catalogue", "--provider", "ollama", "--model", "m"),
        ("add", "x", "--provider", "opanai", "--model", "m", "--env", "OPENAI_API_KEY"),
        ("add", "x", "--provider", "openai", "--model", "m"),
        ("add", "x", "--provider", "openai", "--model", "m", "--env", "PATH"),
    ],
)
def test_what_cannot_be_understood_is_bad_input(admin: Cli, arguments: tuple[str, ...]) -> None:
    done = admin("models", *arguments)
    assert done.code == 2, done.err
    assert done.err.startswith("error: ")


def test_a_key_is_typed_unseen(
    admin: Cli, endpoint: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[bool] = []

    def prompt(text: str, *, hide_input: bool, err: bool) -> str:
        hidden.append(hide_input and err)
        return KEY

    monkeypatch.setattr("promptops.cli.commands.models.change.is_terminal", lambda stream: True)
    monkeypatch.setattr("typer.prompt", prompt)
    add(admin, endpoint, "typed", "--ask-secret")
    assert hidden == [True]
    assert admin("models", "check", "typed").code == 0


def test_doctor_says_which_credential_is_missing_without_a_call(
    admin: Cli, endpoint: OpenAIServer, own_server: RunningServer
) -> None:
    from promptops_server.app.diagnosis import diagnose
    from promptops_server.infra.settings import load

    add(admin, endpoint, "well", "--secret-stdin", stdin=KEY)
    add(admin, endpoint, "lost", "--env", "LOST_API_KEY")
    before = len(endpoint.requests)
    settings = load({"data_dir": own_server.data, "port": 0}, environ={})
    told = [(f.level, f.text) for f in diagnose(settings) if f.check == "models"]
    assert told == [("advice", "lost: The variable LOST_API_KEY is not set where the server runs.")]
    assert len(endpoint.requests) == before


def test_a_key_that_is_no_text_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), "utf-8"))
    with pytest.raises(BadInput, match="no text in UTF-8"):
        _credential("x", None, None, True, False, False)
