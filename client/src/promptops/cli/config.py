"""The file in which `login` keeps addresses and tokens, and what a command takes from it.

Owns the file's form and its protection (0600, replaced in one step). A token is kept under the
address it was made for and never sent to another.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from promptops.cli.failures import BadInput

DEFAULT_URL = "http://localhost:8470"

_HEADER = "# Written by `promptops login`. Tokens are secrets: keep this file to yourself.\n"


@dataclass(frozen=True, slots=True)
class Login:
    """What is kept for one server. `token_id` lets `logout` revoke the token; "" when unknown."""

    token: str
    user: str = ""
    token_id: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """`url` is the server used when none is named."""

    url: str = ""
    servers: Mapping[str, Login] = field(default_factory=dict)

    def with_login(self, url: str, login: Login) -> Config:
        """The same with this server's login, which also becomes the server used by default."""
        return replace(self, url=url, servers={**self.servers, url: login})

    def without(self, url: str) -> Config:
        """The same without this server's login."""
        rest = {known: login for known, login in self.servers.items() if known != url}
        return replace(self, servers=rest)


@dataclass(frozen=True, slots=True)
class Target:
    """The server a command talks to. `origin` says where the token came from, for messages."""

    url: str
    token: str
    origin: str


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """`PROMPTOPS_LOGIN_FILE`, else `config.toml` in the user's configuration folder."""
    named = environ.get("PROMPTOPS_LOGIN_FILE")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("promptops", appauthor=False)) / "config.toml"


def load(path: Path) -> Config:
    """The file's content; an empty Config when there is none. Raises BadInput for a broken file."""
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError) as error:
        raise BadInput(
            f"the configuration file {path} cannot be read: {error}",
            remedy="correct it, or delete it and run `promptops login` again",
        ) from None
    raw = data.get("servers")
    servers: dict[str, Login] = {}
    for url, entry in raw.items() if isinstance(raw, dict) else ():
        if isinstance(entry, dict) and isinstance(entry.get("token"), str):
            servers[url] = Login(
                token=entry["token"],
                user=str(entry.get("user", "")),
                token_id=str(entry.get("token_id", "")),
            )
    return Config(url=str(data.get("url", "")), servers=servers)


def save(path: Path, config: Config) -> None:
    """Replace the file in one step, readable by its owner only. Raises BadInput when it cannot."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes the file 0600 before anything is in it.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".config-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(_to_toml(config))
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadInput(
            f"the configuration file {path} cannot be written: {error.strerror or error}",
            remedy="name another file in PROMPTOPS_LOGIN_FILE, or set PROMPTOPS_URL and PROMPTOPS_TOKEN",
        ) from None


def _to_toml(config: Config) -> str:
    lines = [_HEADER, f"url = {_quoted(config.url)}\n"]
    for url, login in sorted(config.servers.items()):
        lines.append(f"\n[servers.{_quoted(url)}]\n")
        lines.append(f"token = {_quoted(login.token)}\n")
        if login.user:
            lines.append(f"user = {_quoted(login.user)}\n")
        if login.token_id:
            lines.append(f"token_id = {_quoted(login.token_id)}\n")
    return "".join(lines)


def _quoted(text: str) -> str:
    """A TOML basic string. JSON's escapes are a subset of TOML's, but for DEL."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def check_url(url: str) -> str:
    """`url` without a trailing slash, if it can name a server. Raises BadInput."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadInput(f"{url!r} is not an address of a server: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadInput(
            f"{url!r} is not an address of a server",
            remedy=f"write it like {DEFAULT_URL} or https://promptops.example.com",
        )
    if parts.username or parts.password:
        raise BadInput(
            "the address of a server holds no user or password",
            remedy="sign in with `promptops login`, or set PROMPTOPS_TOKEN",
        )
    if parts.query or parts.fragment:
        raise BadInput(f"{url!r} has something after the path: give the address of the server only")
    return url.strip().rstrip("/")


def _variable(environ: Mapping[str, str], name: str) -> str:
    """The variable's text; "" when it is not set. Raises BadInput when it is set and empty."""
    value = environ.get(name)
    if value is None:
        return ""
    if not value.strip():
        raise BadInput(
            f"{name} is set but empty",
            remedy=f"give it a value, or `unset {name}` to use what `promptops login` kept",
        )
    return value.strip()


def target_of(given_url: str, environ: Mapping[str, str], config: Config) -> Target:
    """Which server and token to use: what was typed, then the environment, then the file.

    Raises BadInput for an address that cannot name a server, and for a variable that is set but
    empty: a script whose token command failed must not go on as whoever signed in here last. The
    token is "" when there is none.
    """
    url = given_url or _variable(environ, "PROMPTOPS_URL") or config.url or DEFAULT_URL
    url = check_url(url)
    token = _variable(environ, "PROMPTOPS_TOKEN")
    if token:
        return Target(url, token, "PROMPTOPS_TOKEN")
    login = config.servers.get(url)
    return Target(url, login.token if login else "", "promptops login")
