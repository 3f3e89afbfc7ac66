"""Where a client connects and whom it trusts: arguments first, then `PROMPTOPS_*` variables.

Owns the settings of the SDK and the sentences about wrong ones. Leaves using them to `client`.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from promptops.delivery.redis_address import parse_redis_url
from promptops.errors import SettingsError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class ClientSettings:
    """What a client needs to follow one environment. `repr` does not show the token."""

    project: str
    environment: str
    url: str | None = None
    token: str | None = None
    redis_url: str | None = None
    trust_key: str | None = None
    cache_dir: Path | None = None
    disk_cache: bool = True
    ca_file: str | None = None
    receipts: bool = True

    def __repr__(self) -> str:
        return f"<ClientSettings {self.project}/{self.environment}>"


def resolve(
    *,
    url: str | None,
    token: str | None,
    project: str | None,
    environment: str | None,
    redis_url: str | None,
    trust_key: str | None,
    cache_dir: str | Path | None,
    disk_cache: bool,
    ca_file: str | Path | None,
    receipts: bool | None = None,
    variables: Mapping[str, str] | None = None,
) -> ClientSettings:
    """The settings from arguments and environment variables. Raises `SettingsError`.

    A variable that is set but empty is an error: somebody's command that should fill it has failed.

    An address given as an argument is not mixed with one from the variables: with `url` given,
    `PROMPTOPS_REDIS_URL` is not looked at, and the other way round for following; `PROMPTOPS_URL`
    may still name the server that Redis' keys come from.
    """
    read = os.environ if variables is None else variables

    def given(value: str | None, name: str) -> str | None:
        if value:
            return value
        value = read.get(name)
        if value is not None and not value.strip():
            raise SettingsError(f"{name} is set but empty: give it a value, or unset it")
        return value

    if redis_url is None and url is None:
        redis_url = given(None, "PROMPTOPS_REDIS_URL")
    url = given(url, "PROMPTOPS_URL")
    if url is None and redis_url is None:
        raise SettingsError(
            "no address: give url= (PROMPTOPS_URL, such as http://localhost:8470) or redis_url= "
            "(PROMPTOPS_REDIS_URL)"
        )
    if url is not None:
        _check_url(url)
    if redis_url is not None:
        try:
            parse_redis_url(redis_url)
        except ValueError as error:
            raise SettingsError(f"redis_url (PROMPTOPS_REDIS_URL): {error}") from None
    if receipts is not None and not isinstance(receipts, bool):
        raise SettingsError(f"receipts is {receipts!r}: give True or False")
    if ca_file is not None and not Path(ca_file).is_file():
        raise SettingsError(f"ca_file {str(ca_file)!r} is not a file")
    return ClientSettings(
        project=_name(given(project, "PROMPTOPS_PROJECT"), "project", "PROMPTOPS_PROJECT"),
        environment=_name(
            given(environment, "PROMPTOPS_ENVIRONMENT"), "environment", "PROMPTOPS_ENVIRONMENT"
        ),
        url=url,
        token=_token(given(token, "PROMPTOPS_TOKEN")),
        redis_url=redis_url,
        trust_key=given(trust_key, "PROMPTOPS_TRUST_KEY"),
        cache_dir=None if cache_dir is None else Path(cache_dir),
        disk_cache=disk_cache,
        ca_file=None if ca_file is None else str(ca_file),
        receipts=_on(given(None, "PROMPTOPS_RECEIPTS")) if receipts is None else receipts,
    )


def check_seconds(*, optional: bool = True, **given: object) -> None:
    """Raise `SettingsError` unless each is a number of seconds from 0 up, or None where that is a choice."""
    for name, value in given.items():
        if value is None and optional:
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= cast(float, value) < math.inf:
            choice = ", or None" if optional else ""
            raise SettingsError(f"{name} is {value!r}: give a number of seconds from 0 up{choice}")


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (AttributeError, TypeError, ValueError):  # no text, or a port that is none
        right = False
    if not right:
        raise SettingsError(f"url {_bare(str(url))!r} is not an http:// or https:// address")
    if "@" in parts.netloc:  # it would be sent in place of the token
        raise SettingsError(
            f"url {_bare(url)!r} was given with a user or password: leave them out, the token is enough"
        )


def _token(value: str | None) -> str | None:
    # Checked here: a library that refuses it later would say it in full, in logs.
    if value is None or (isinstance(value, str) and re.fullmatch(r"[!-~]+", value)):
        return value
    raise SettingsError(
        "the token (token=, PROMPTOPS_TOKEN) holds a blank, a line break or another character that no "
        "token has: give it as it was printed, without the end of its line"
    )


def _on(value: str | None) -> bool:
    if value is None or value.strip().lower() == "on":
        return True
    if value.strip().lower() == "off":
        return False
    raise SettingsError(f"PROMPTOPS_RECEIPTS is {value!r}: write on or off")


def _name(value: str | None, argument: str, variable: str) -> str:
    if value is None:
        raise SettingsError(f"no {argument}: give {argument}= or set {variable}")
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise SettingsError(
            f"{argument} {value!r} is not a name: letters, digits, '.', '_' and '-', at most 100"
        )
    return value


def _bare(url: str) -> str:
    """The address without user and password."""
    return re.sub(r"//[^/@]*@", "//", url)
