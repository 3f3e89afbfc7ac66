"""Where secrets of targets come from, what is said when they are not there, and that none goes to another address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from promptops_server.infra.database import Database
from promptops_server.providers.model import CallError, Credential, Target
from promptops_server.providers.tables import model_target
from promptops_server.providers.targets import store
from promptops_server.providers.targets.credentials import (
    BadCredential,
    Credentials,
    Given,
    Places,
    check_given,
)
from support.model_targets import SECRET, deps_of

KEY = "sk-very-secret-key-0123456789"


def target(credential: Credential, **more: object) -> Target:
    made = Target("t-1", "gpt", "hosted", "m-1", credential=credential)
    return replace(made, **more)  # type: ignore[arg-type]


def credentials(database: Database, **more: object) -> Credentials:
    return deps_of(database, **more).credentials  # type: ignore[arg-type]


def kept(database: Database, one: Credentials, made: Target, secret: str = KEY) -> None:
    with database.write() as tx:
        sealed = one.seal(made, Given("sealed", secret=secret))
        store.add(tx.conn, made, sealed=sealed, now=tx.now, created_by="u")


def test_none_needs_nothing(database: Database) -> None:
    assert credentials(database).secret_of(target(Credential())) is None


def test_a_variable_is_read_when_it_is_needed(database: Database) -> None:
    environ = {"OPENAI_API_KEY": f" {KEY}\n"}
    one = credentials(database, environ=environ)
    made = target(Credential("env", "OPENAI_API_KEY"))
    assert one.secret_of(made) == KEY
    del environ["OPENAI_API_KEY"]
    with pytest.raises(CallError, match="OPENAI_API_KEY is not set") as told:
        one.secret_of(made)
    assert told.value.fault == "no_credentials"
    environ["OPENAI_API_KEY"] = "  "
    assert "not set" in one.missing(made)


@pytest.mark.parametrize(
    "name", ["PATH", "PROMPTOPS_SECRET_KEY", "promptops_api_key", "PROMPTOPS_X_API_KEY", "HOME", ""]
)
def test_variables_that_the_operator_does_not_allow_are_no_credentials(
    database: Database, name: str
) -> None:
    with pytest.raises(BadCredential):
        check_given(Given("env", name), Places(("*_API_KEY",), None, {name: KEY}))
    with pytest.raises(CallError):
        credentials(database, environ={name: KEY}).secret_of(target(Credential("env", name)))


def test_no_pattern_gives_the_servers_own_settings_away() -> None:
    with pytest.raises(BadCredential):
        check_given(Given("env", "PROMPTOPS_SECRET_KEY"), Places(("*",), None, {}))
    assert check_given(Given("env", "AWS_KEY"), Places(("*",), None, {})).name == "AWS_KEY"


def test_a_pattern_taken_back_closes_a_target_that_named_it(database: Database) -> None:
    made = target(Credential("env", "OPENAI_API_KEY"))
    closed = credentials(database, environ={"OPENAI_API_KEY": KEY}, patterns=("X",))
    assert "models.credential_env" in closed.missing(made)


def test_a_file_is_read_anew_each_time(database: Database, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    one = credentials(database, directory=tmp_path)
    made = target(Credential("file", "key"))
    assert one.secret_of(made) == KEY
    (tmp_path / "key").write_text("rotated")
    assert one.secret_of(made) == "rotated"
    (tmp_path / "key").unlink()
    assert one.missing(made) == "There is no file key in models.credential_dir."


def test_a_mounted_secret_is_a_link_within_its_directory(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "mount" / "..2026").mkdir(parents=True)
    (tmp_path / "mount" / "..2026" / "key").write_text(KEY)
    (tmp_path / "mount" / "..data").symlink_to("..2026")
    (tmp_path / "mount" / "key").symlink_to("..data/key")
    one = credentials(database, directory=tmp_path / "mount")
    assert one.secret_of(target(Credential("file", "key"))) == KEY


def test_no_file_outside_the_directory_is_read(database: Database, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text(KEY)
    home = tmp_path / "home"
    home.mkdir()
    (home / "link").symlink_to("../outside")
    one = credentials(database, directory=home)
    assert "leads out" in one.missing(target(Credential("file", "link")))
    for name in ("../outside", "/etc/passwd", "a/b", ".hidden", "", "a\0b"):
        with pytest.raises(BadCredential):
            check_given(Given("file", name), Places((), home))
    with pytest.raises(BadCredential, match=r"models\.credential_dir"):
        check_given(Given("file", "key"), Places((), None))


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"x" * 200_000])
def test_a_file_that_is_no_secret_is_told(
    database: Database, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "key").write_bytes(content)
    one = credentials(database, directory=tmp_path)
    assert "The file key" in one.missing(target(Credential("file", "key")))


def test_a_sealed_secret_opens_for_its_own_target_and_address_only(any_database: Database) -> None:
    one = credentials(any_database)
    made = target(Credential("sealed"), base_url="https://a.example/v1")
    kept(any_database, one, made)
    assert one.secret_of(made) == KEY
    with any_database.read() as conn:
        raw = conn.execute(select(model_target)).one()
    assert KEY.encode() not in repr(raw).encode()
    for other in (
        replace(made, base_url="https://evil.example/v1", revision=2),
        replace(made, base_url=None, revision=3),
        replace(made, provider="local", revision=4),
    ):
        assert "another address" in one.missing(other)


def test_a_row_pointed_elsewhere_by_hand_does_not_open_the_secret(database: Database) -> None:
    one = credentials(database)
    made = target(Credential("sealed"))
    kept(database, one, made)
    with database.write() as tx:
        tx.conn.execute(model_target.update().values(base_url="https://evil.example", revision=2))
    with database.read() as conn:
        stored = store.by_id(conn, made.id)
    assert stored is not None
    assert "another address" in one.missing(stored.target)


def test_another_secret_key_does_not_open_it(database: Database) -> None:
    made = target(Credential("sealed"))
    kept(database, credentials(database), made)
    other = credentials(database, secret=SECRET[::-1])
    assert "another secret key" in other.missing(made)
    assert "not there to open" in credentials(database, secret=None).missing(made)


def test_a_forgotten_secret_is_told(database: Database) -> None:
    one = credentials(database)
    made = target(Credential("sealed"))
    kept(database, one, made)
    with database.write() as tx:
        assert store.remove(tx.conn, made.id, now=tx.now, seen=1)
    assert "no secret any more" in one.missing(made)


@pytest.mark.parametrize(
    "given",
    [
        Given("sealed"),
        Given("sealed", secret="  \n"),
        Given("sealed", secret="a\0b"),
        Given("sealed", secret="x" * 20_001),
        Given("sealed", name="X", secret=KEY),
        Given("env", "OPENAI_API_KEY", KEY),
        Given("none", secret=KEY),
        Given("none", "OPENAI_API_KEY"),
    ],
)
def test_what_is_no_credential_is_refused_without_repeating_it(given: Given) -> None:
    with pytest.raises(BadCredential) as told:
        check_given(given, Places())
    assert KEY not in str(told.value)
    assert KEY not in repr(given)


KEY_FILE = '{\n  "client_email": "a@b.example",\n  "private_key": "-----BEGIN\\nMII\\n-----"\n}'
UNFIT = [f"{KEY}\nsk-another", f"{KEY}\r\nX-Other: 1", f"sk-\x1b{KEY}", f"sk\t{KEY}"]


@pytest.mark.parametrize("secret", UNFIT)
def test_a_secret_that_cannot_be_sent_is_refused_when_it_is_set(
    database: Database, tmp_path: Path, secret: str
) -> None:
    with pytest.raises(BadCredential, match=r"line breaks|control character"):
        check_given(Given("sealed", secret=secret), Places())
    (tmp_path / "key").write_bytes(secret.encode())
    one = credentials(database, environ={"BANK_API_KEY": secret}, directory=tmp_path)
    for kept_in in (Credential("env", "BANK_API_KEY"), Credential("file", "key")):
        with pytest.raises(BadCredential, match=r"line breaks|control character") as told:
            one.refuse_unfit(target(kept_in))
        assert KEY not in str(told.value)
        said = one.missing(target(kept_in))
        assert kept_in.name in said
        assert KEY not in said


@pytest.mark.parametrize("secret", [f"{KEY}\n", f" {KEY}\r\n", KEY_FILE, f"{KEY_FILE}\n"])
def test_a_last_line_end_and_a_key_file_do_no_harm(
    database: Database, tmp_path: Path, secret: str
) -> None:
    check_given(Given("sealed", secret=secret), Places())
    (tmp_path / "key").write_text(secret, newline="")
    one = credentials(database, environ={"BANK_API_KEY": secret}, directory=tmp_path)
    for kept_in in (Credential("env", "BANK_API_KEY"), Credential("file", "key")):
        one.refuse_unfit(target(kept_in))
        assert one.secret_of(target(kept_in)) == secret.strip()


def test_a_secret_that_was_kept_before_and_cannot_be_sent_is_told(database: Database) -> None:
    one = credentials(database)
    made = target(Credential("sealed"))
    kept(database, one, made, secret=UNFIT[0])
    assert "The secret of gpt has line breaks" in one.missing(made)
    one.refuse_unfit(target(Credential("env", "NOT_SET_API_KEY")))
