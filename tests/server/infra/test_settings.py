"""Settings: which source wins, what is refused and how, what `doctor` is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptops_server.infra.settings import SettingsError, load, names, variable


def write(folder: Path, text: str) -> Path:
    path = folder / "promptops.toml"
    path.write_text(text)
    return path


def test_defaults_make_a_local_server() -> None:
    settings = load(environ={})
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8470)
    assert settings.database_url == "sqlite:///.promptops/promptops.sqlite"
    assert settings.redis.url is None
    assert settings.sources == {}


def test_the_command_line_wins_over_variable_over_file_over_default(tmp_path: Path) -> None:
    write(tmp_path, 'port = 1\nhost = "file"\npublic_url = "http://file"\n')
    env = {"PROMPTOPS_PORT": "2", "PROMPTOPS_HOST": "variable"}
    settings = load({"data_dir": tmp_path, "port": 3, "redis.url": None}, environ=env)
    assert (settings.server.port, settings.server.host) == (3, "variable")
    assert settings.server.public_url == "http://file"
    assert settings.sources["port"] == "command line"
    assert settings.sources["host"] == "variable PROMPTOPS_HOST"
    assert settings.sources["public_url"] == f"file {tmp_path / 'promptops.toml'}"
    assert "redis.url" not in settings.sources


def test_sections_are_read_from_file_and_environment(tmp_path: Path) -> None:
    write(tmp_path, '[database]\nurl = "postgresql://a@b/c"\n[jobs]\nthreads = 2\n')
    env = {"PROMPTOPS_DATA_DIR": str(tmp_path), "PROMPTOPS_JOBS_THREADS": "9"}
    settings = load(environ=env)
    assert settings.database_url == "postgresql://a@b/c"
    assert settings.jobs.threads == 9


def test_the_process_environment_does_not_leak_into_given_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROMPTOPS_PORT", "99")
    assert load(environ={}).server.port == 8470
    assert load().server.port == 99


def test_a_named_file_is_used_and_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    with pytest.raises(SettingsError, match="does not exist"):
        load(config=path, environ={})
    path.write_text("port = 7\n")
    assert load(config=path, environ={}).server.port == 7
    assert load(environ={"PROMPTOPS_CONFIG": str(path)}).server.port == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prt = 1", "unknown key 'prt'; did you mean 'port'"),
        ("[database]\nulr = 'x'", "'database.ulr'; did you mean 'database.url'"),
        ("[databse]\nurl = 'x'", "unknown key 'databse'"),
        ("port = ", "not valid TOML"),
        ("data_dir = 'x'", "cannot move it"),
        ("port = 700000", "Setting port .*promptops.toml"),
        ("[database]\nurl = 'mysql://x'", "database.url .*starts with postgresql://"),
        ("secret_key = 'short'", "at least 32 characters"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsError, match=message):
        load({"data_dir": tmp_path}, environ={})


def test_a_misspelt_variable_is_refused_naming_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"PROMPTOPS_DATABASE_ULR.*PROMPTOPS_DATABASE_URL"):
        load(environ={"PROMPTOPS_DATABASE_ULR": "x"})
    with pytest.raises(SettingsError, match=r"PROMPTOPS_DATADIR.*PROMPTOPS_DATA_DIR"):
        load(environ={"PROMPTOPS_DATADIR": "x"})


def test_variables_of_the_client_are_none_of_ours() -> None:
    load(environ={"PROMPTOPS_URL": "http://x", "PROMPTOPS_TOKEN": "t", "PROMPTOPS_PLUGINS": "p"})


def test_two_secrets_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="keep one of them"):
        load({"secret_key": "x" * 32, "secret_key_file": tmp_path / "s"}, environ={})


def test_every_setting_explains_itself_and_hides_secrets() -> None:
    env = {
        "PROMPTOPS_SECRET_KEY": "s" * 40,
        "PROMPTOPS_DATABASE_URL": "postgresql://me:hunter2@db/x",
        "PROMPTOPS_REDIS_URL": "redis://:hunter3@cache:6379/0",
    }
    explained = load(environ=env).explain()
    assert [item.name for item in explained] == names()
    assert all(item.description for item in explained)
    shown = " ".join(item.value for item in explained)
    assert "hunter" not in shown
    assert "ssss" not in shown
    assert "postgresql://me:********@db/x" in shown
    by_name = {item.name: item for item in explained}
    assert by_name["secret_key"].source == "variable PROMPTOPS_SECRET_KEY"
    assert by_name["port"].source == "default"


def test_variable_names_follow_one_rule() -> None:
    assert variable("database.url") == "PROMPTOPS_DATABASE_URL"
    assert variable("data_dir") == "PROMPTOPS_DATA_DIR"
    assert len({variable(name) for name in names()}) == len(names())
