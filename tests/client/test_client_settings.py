"""Where a client connects: arguments, variables, and clear words about what cannot work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptops import AsyncPromptOps, PromptOps, SettingsError, settings

NOTHING: dict[str, Any] = {
    "url": None,
    "token": None,
    "project": None,
    "environment": None,
    "redis_url": None,
    "trust_key": None,
    "cache_dir": None,
    "disk_cache": True,
    "ca_file": None,
}
VARIABLES = {
    "PROMPTOPS_URL": "https://from.variables",
    "PROMPTOPS_TOKEN": "token-from-variables",
    "PROMPTOPS_PROJECT": "bank",
    "PROMPTOPS_ENVIRONMENT": "staging",
    "PROMPTOPS_REDIS_URL": "redis://from.variables",
    "PROMPTOPS_TRUST_KEY": "key",
}


def resolve(variables: dict[str, str], **given: Any) -> settings.ClientSettings:
    return settings.resolve(**{**NOTHING, **given}, variables=variables)


def test_variables_stand_in_for_arguments() -> None:
    found = resolve(VARIABLES)
    assert (found.url, found.token) == ("https://from.variables", "token-from-variables")
    assert (found.project, found.environment) == ("bank", "staging")
    assert (found.redis_url, found.trust_key) == ("redis://from.variables", "key")


def test_arguments_come_first_and_a_url_given_is_not_mixed_with_redis_from_variables() -> None:
    found = resolve(VARIABLES, url="https://given", environment="production")
    assert (found.url, found.redis_url, found.environment) == ("https://given", None, "production")


@pytest.mark.parametrize("name", sorted(VARIABLES))
@pytest.mark.parametrize("value", ["", "  "])
def test_a_variable_that_is_set_but_empty_is_an_error(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is set but empty"):
        resolve({**VARIABLES, name: value})


def test_settings_do_not_show_the_token() -> None:
    assert "token-from-variables" not in repr(resolve(VARIABLES))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": None}, "PROMPTOPS_URL"),
        ({"url": "localhost:8470"}, "http://"),
        ({"url": "ftp://user:secret@x"}, "http://"),
        ({"url": "https://x:99999"}, "http://"),
        ({"url": 5}, "http://"),
        ({"url": "https://user:secret@x"}, "user or password"),
        ({"token": "pot_secret\n"}, "end of its line"),
        ({"token": "pot_sécret"}, "no token has"),
        ({"receipts": "off"}, "True or False"),
        ({"redis_url": "http://x"}, "redis://"),
        ({"project": None}, "PROMPTOPS_PROJECT"),
        ({"environment": None}, "PROMPTOPS_ENVIRONMENT"),
        ({"project": "a/b"}, "not a name"),
        ({"environment": "production\n"}, "not a name"),
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file"),
    ],
)
def test_what_cannot_work_is_said(given: dict[str, Any], words: str) -> None:
    usual = {"url": "https://x", "project": "bank", "environment": "production"}
    with pytest.raises(SettingsError, match=words) as caught:
        resolve({}, **{**usual, **given})
    assert "secret" not in str(caught.value)
    assert caught.value.code == "settings"


def test_a_ca_file_and_a_cache_folder_may_be_paths(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("")
    found = resolve(VARIABLES, ca_file=file, cache_dir=str(tmp_path))
    assert found.ca_file == str(file)
    assert found.cache_dir == tmp_path


@pytest.mark.parametrize("value", ["5", -1, float("nan"), float("inf"), True])
def test_seconds_are_a_number_from_zero_up(value: object) -> None:
    place = {"url": "http://127.0.0.1:9", "project": "bank", "environment": "production"}
    for name in ("start_timeout", "max_age", "max_start_age"):
        for kind in (PromptOps, AsyncPromptOps):
            with pytest.raises(SettingsError, match=f"{name} is .* seconds"):
                kind(**place, disk_cache=False, **{name: value})  # type: ignore[arg-type]
    settings.check_seconds(max_age=None, max_start_age=0)
