"""`login` with codes, `me …` and what `user` says about people, against a server that runs."""

from __future__ import annotations

import time

import pyotp
import pytest

from support.cli import Cli
from support.server import RunningServer

FIRST, OWN = "given by somebody", "only I know this one"


@pytest.fixture
def person(
    signed_in: Cli,
    server: RunningServer,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> str:
    """Somebody with a password an administrator chose; nobody is signed in any more."""
    name = "p." + request.node.name.replace("_", "-")[:60]
    made = signed_in("user", "create", name, "--password-stdin", stdin=f"{FIRST}\n")
    assert made.code == 0, made.err
    return name


@pytest.fixture
def me(cli: Cli, person: str, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line of that person."""
    monkeypatch.delenv("PROMPTOPS_TOKEN")
    done = cli("login", "--user", person, "--password-stdin", stdin=f"{FIRST}\n")
    assert done.code == 0, done.err
    assert "promptops me password" in done.err
    return cli


def test_a_person_changes_their_password_and_may_then_sign(me: Cli, person: str) -> None:
    blocked = me("me", "signing", "--json").json
    assert blocked["rule"] == "signature.password-set-by-other"
    wrong = me("me", "password", "--password-stdin", stdin=f"guess\n{OWN}\n")
    assert wrong.code == 1
    assert "wrong" in wrong.err
    assert me("me", "password", "--password-stdin", stdin=f"{FIRST}\n{OWN}\n").code == 0
    assert me("me", "signing", "--json").json["components"] == [["password"]]
    assert me("login", "--user", person, "--password-stdin", stdin=f"{OWN}\n").code == 0


def test_with_an_app_signing_in_takes_a_code_and_a_recovery_code_helps(
    me: Cli, person: str
) -> None:
    made = me("me", "totp", "enrol", "--password-stdin", "--json", stdin=f"{FIRST}\n")
    app = pyotp.TOTP(made.json["secret"])
    codes = me("me", "totp", "confirm", app.at(int(time.time()) - 30), "--json").json["codes"]
    assert len(codes) == 10
    login = ("login", "--user", person, "--password-stdin")
    without = me(*login, stdin=f"{FIRST}\n")
    assert without.code == 2
    assert "code" in without.err
    assert me(*login, stdin=f"{FIRST}\n{app.now()}\n").code == 0
    assert me(*login, stdin=f"{FIRST}\n{codes[0]}\n").code == 0
    assert me(*login, stdin=f"{FIRST}\n{codes[0]}\n").code == 2
    new = me("me", "recovery-codes", "--password-stdin", stdin=f"{FIRST}\n{codes[1]}\n")
    assert len(new.out.split()) == 10
    gone = me("me", "totp", "off", "--password-stdin", stdin=f"{FIRST}\n{new.out.split()[0]}\n")
    assert gone.code == 0
    assert me(*login, stdin=f"{FIRST}\n").code == 0


def test_secrets_are_no_arguments_and_are_asked_for_only_at_a_terminal(me: Cli) -> None:
    for words in (("me", "password"), ("me", "totp", "enrol"), ("me", "totp", "confirm")):
        done = me(*words)
        assert done.code == 2
        assert "terminal" in done.err


def test_signing_in_leaves_no_session_behind_but_its_token(me: Cli) -> None:
    assert me("me", "sessions", "--json").json == {"items": []}
    assert me("me", "sessions", "--end-all").code == 0
    assert me("me", "sessions", "--end", "none-such").code == 2


def test_an_administrator_closes_accounts_and_links_them(
    me: Cli, person: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as admin:
        admin.setenv("PROMPTOPS_TOKEN", token)
        assert me("user", "create", f"{person}2", "--kind", "service").code == 0
        assert me("user", "link", person, "--same-person-as", f"{person}2").code == 2
        linked = me("user", "link", person, "--same-person-as", "admin", "--json")
        assert linked.code == 0, linked.err
        assert me("user", "unlink", person, "--reason", "short").code == 2
        apart = me("user", "unlink", person, "--reason", "linked in a test only", "--json")
        assert apart.json["person"] != linked.json["person"]
        assert me("user", "reset-totp", person).code == 1
        assert me("user", "deactivate", person).code == 0
    assert me("whoami").code == 2
    with monkeypatch.context() as admin:
        admin.setenv("PROMPTOPS_TOKEN", token)
        assert me("user", "activate", person).code == 0
        assert me("user", "confirm", person, "--reason", "short").code == 2
        # A token made on the server's machine confirms nothing; nor is there anything for a service account.
        reason = ("--reason", "seen in person at the desk")
        assert me("user", "confirm", f"{person}2", *reason).code == 1
        ended = me("user", "end-sessions", person, "--tokens", "--json")
        assert ended.json == {"sessions": 0, "tokens": 0}
    assert me("whoami").code == 2


def test_without_an_identity_provider_sso_says_so(me: Cli) -> None:
    done = me("login", "--sso")
    assert done.code == 2
    assert "no identity provider" in done.err
