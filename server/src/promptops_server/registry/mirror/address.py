"""Where a mirror lies: ``https://host/path``, ``ssh://user@host/path`` or ``user@host:path``, as Git writes them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from promptops_server.infra.plain_text import control_in
from promptops_server.registry.mirror.errors import BadAddress

MAX_URL = 1000

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?\.?")
_ADDRESS_6 = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,63}")
_SCP = re.compile(r"(?:(?P<user>[^@/:]+)@)?(?P<host>[^@/:\[\]]+|\[[^\]/@]+\]):(?P<path>[^:].*)")
_GIVE = (
    "Give them apart: promptops mirror set PROJECT URL --user NAME --password-stdin "
    "(or --ssh-key FILE --known-host FILE)."
)


@dataclass(frozen=True, slots=True)
class Address:
    """A mirror's address, taken apart."""

    url: str
    """As it is stored and shown."""
    scheme: Literal["https", "http", "ssh"]
    host: str
    """Lower case, without brackets."""
    port: int
    user: str
    """The SSH user; empty for HTTP."""
    path: str
    """As it goes to the host: with a query string never, for SSH as Git's command gets it."""

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials belong to: another scheme, host or port must not get them."""
        return self.scheme, self.host, self.port

    @property
    def target(self) -> str:
        """The path of an HTTP request, with a slash at the end."""
        return self.path.rstrip("/") + "/"

    @property
    def place(self) -> str:
        """``host:port`` as a URL has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80, "ssh": 22}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


def parse_address(text: str, *, plain_http: bool) -> Address:
    """Read a mirror's address.

    Raises:
        BadAddress: it is none, has a password in it, or its scheme is not allowed here.
    """
    if not text or len(text) > MAX_URL or control_in(text, lines=False) or " " in text:
        raise BadAddress(
            f"The address is empty, longer than {MAX_URL} characters, or holds blanks or control characters.",
            remedy="Write it like https://git.example.com/bank/prompts.git",
        )
    scheme, separator, _ = text.partition("://")
    if not separator:
        return _scp(text)
    match scheme.lower():
        case "https":
            return _url(text, "https", 443)
        case "http" if plain_http:
            return _url(text, "http", 80)
        case "http":
            raise BadAddress(
                "http:// sends passwords and prompts in the clear, and this server does not allow it.",
                remedy="Use https://, or ask the operator for the setting mirror.allow_plain_http.",
            )
        case "ssh" | "git+ssh" | "ssh+git":
            return _url(text, "ssh", 22)
        case _:
            raise BadAddress(
                f"{scheme[:20]}:// is no way to a mirror.",
                remedy="Use https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH. "
                "A path on the server's own disk is never a mirror.",
            )


def _url(text: str, scheme: Literal["https", "http", "ssh"], usual: int) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port or usual
    except ValueError:
        raise BadAddress("Its host and port are not host:port.") from None
    if parts.password is not None or (scheme != "ssh" and parts.username is not None):
        raise BadAddress("An address must not hold a user or password.", remedy=_GIVE)
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise BadAddress(
            "The address of a repository has no ? and no #.",
            remedy="A token does not belong into it either. " + _GIVE,
        )
    host = _host(parts.hostname or "")
    path = parts.path
    if len(path.strip("/")) == 0:
        raise BadAddress(f"{scheme}://{host} names no repository.", remedy="Add its path.")
    user = ""
    if scheme == "ssh":
        user = _user(unquote(parts.username or "git"))
        path = unquote(path)
        if path.startswith("/~"):
            path = path[1:]
        path = _ssh_path(path)
    return Address(text, scheme, host, port, user, path)


def _scp(text: str) -> Address:
    found = _SCP.fullmatch(text)
    if found is None:
        raise BadAddress(
            "This is no address of a Git repository.",
            remedy="Write https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH.",
        )
    host = _host(found["host"].strip("[]"))
    return Address(text, "ssh", host, 22, _user(found["user"] or "git"), _ssh_path(found["path"]))


def _host(text: str) -> str:
    if not (_HOST.fullmatch(text) or (":" in text and _ADDRESS_6.fullmatch(text))):
        raise BadAddress("Its host is no host name and no IP address.")
    return text.lower().rstrip(".")


def _user(text: str) -> str:
    if not _USER.fullmatch(text):
        raise BadAddress(
            "Its SSH user holds a character that no user name has.", remedy="It is mostly git."
        )
    return text


def _ssh_path(path: str) -> str:
    if path.startswith("-") or control_in(path, lines=False):
        raise BadAddress("Its path starts with a dash or holds a control character.")
    return path
