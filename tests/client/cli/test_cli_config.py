"""The file with addresses and tokens."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.cli import config
from promptops.cli.config import Config, Login
from promptops.cli.failures import BadInput

HERE = "http://localhost:8470"
THERE = "https://prompts.example.com"


def test_what_is_saved_is_loaded_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    kept = Config().with_login(HERE, Login("t1", "anna", "id1")).with_login(THERE, Login("t2"))
    config.save(path, kept)
    assert config.load(path) == kept
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["config.toml"]


def test_saving_over_a_readable_file_makes_it_private(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    path.chmod(0o644)
    config.save(path, Config().with_login(HERE, Login("t")))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_name_survives_the_file(name: str) -> None:
    import tomllib

    kept = Config().with_login(HERE, Login("t", name))
    read = tomllib.loads(config._to_toml(kept))
    assert read["servers"][HERE]["user"] == name


def test_a_broken_file_is_bad_input_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("url = \n")
    with pytest.raises(BadInput, match=r"config\.toml"):
        config.load(path)


def test_a_folder_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        config.save(tmp_path / "file" / "config.toml", Config())


def test_a_token_is_only_used_for_the_server_it_was_made_for() -> None:
    known = Config().with_login(THERE, Login("secret"))
    assert config.target_of("", {}, known).token == "secret"
    assert config.target_of("", {"PROMPTOPS_URL": HERE}, known).token == ""
    assert config.target_of("https://evil.example", {}, known).token == ""


def test_what_is_typed_goes_before_the_environment_and_that_before_the_file() -> None:
    known = Config().with_login(THERE, Login("kept"))
    environ = {"PROMPTOPS_URL": "http://env:1", "PROMPTOPS_TOKEN": "given"}
    assert config.target_of("", environ, known).url == "http://env:1"
    typed = config.target_of("http://typed:2/", environ, known)
    assert (typed.url, typed.token) == ("http://typed:2", "given")
    assert config.target_of("", {}, Config()).url == config.DEFAULT_URL


@pytest.mark.parametrize("name", ["PROMPTOPS_TOKEN", "PROMPTOPS_URL"])
@pytest.mark.parametrize("value", ["", " \n"])
def test_a_variable_that_is_set_but_empty_never_falls_back_to_the_kept_login(
    name: str, value: str
) -> None:
    known = Config().with_login(THERE, Login("an administrator's"))
    with pytest.raises(BadInput, match=f"{name} is set but empty") as caught:
        config.target_of("", {name: value}, known)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "url",
    ["localhost:8470", "ftp://a", "http://", "http://u:p@host", "http://a:99999", "http://a?b=c"],
)
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        config.check_url(url)


def test_the_path_comes_from_the_environment_or_the_users_folder(tmp_path: Path) -> None:
    assert config.config_path({"PROMPTOPS_LOGIN_FILE": str(tmp_path / "c")}) == tmp_path / "c"
    assert config.config_path({}).parts[-2:] == ("promptops", "config.toml")
    assert os.path.isabs(config.config_path({}))
