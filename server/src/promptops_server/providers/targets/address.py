"""Where a target's endpoint may lie: the grammar of a base URL, and addresses no target may have. Pure but for `lookup`.

The server sends a secret and prompts to this address, and shows what comes back. So the addresses at which a cloud hands
out its machine's own credentials are refused, however they are spelt, and plain HTTP stays inside private networks.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from promptops_server.infra.plain_text import control_in

MAX_URL = 1000
Lookup = Callable[[str], Sequence[str]]
"""The addresses of a host name; raises OSError when it has none."""

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,252}[a-z0-9])?")
_METADATA_NAMES = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.azure.internal",
        "metadata.tencentyun.com",
        "instance-data",
        "instance-data.ec2.internal",
    }
)
# Beside the link-local range, where most clouds have it (169.254.169.254, fe80::a9fe:a9fe).
_METADATA = (
    ip_network("fd00:ec2::/32"),  # AWS over IPv6
    ip_network("100.100.100.200/32"),  # Alibaba Cloud
    ip_network("168.63.129.16/32"),  # Azure's host
    ip_network("192.0.0.192/32"),  # Oracle Cloud
)
_NAT64 = ip_network("64:ff9b::/96")


class BadAddress(ValueError):
    """This cannot be a target's address; the text says why and what to do."""


def check_base_url(text: str, *, plain_http: bool, lookup: Lookup | None = None) -> str:
    """A base URL as it is kept: without a closing slash, host in lower case.

    Args:
        plain_http: whether http:// may leave private networks.
        lookup: asked for the addresses of a name with http://.

    Raises:
        BadAddress: it is none, holds a secret, or its host is refused.
    """
    if not text or len(text) > MAX_URL or control_in(text, lines=False) or re.search(r"\s", text):
        raise BadAddress(
            f"it is empty, longer than {MAX_URL} characters, or holds blanks or control characters"
        )
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        raise BadAddress("its host and port are not host:port") from None
    if parts.scheme not in ("http", "https"):
        raise BadAddress("it does not start with https:// or http://")
    if "@" in parts.netloc:
        raise BadAddress("it holds a user or password; give the secret as the credential")
    if "?" in text or "#" in text:
        raise BadAddress(
            "it holds a ? or #; a key does not belong there: give it as the credential"
        )
    if "\\" in text:
        raise BadAddress("it holds a backslash")
    literal = _literal(host)
    if literal is None and not _HOST.fullmatch(host):
        raise BadAddress("its host is no host name and no IP address")
    if host in _METADATA_NAMES or (literal is not None and is_refused(literal)):
        raise BadAddress(
            f"{host} is a link-local address or one where a cloud keeps a machine's credentials"
        )
    if parts.scheme == "http" and not plain_http:
        _refuse_plain(host, literal, lookup or system_lookup)
    shown = f"[{host}]" if ":" in host else host
    place = shown if port is None else f"{shown}:{port}"
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}"


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what a credential belongs to."""
    parts = urlsplit(url)
    usual = 443 if parts.scheme == "https" else 80
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or usual


def is_refused(address: IPv4Address | IPv6Address) -> bool:
    """Whether no target may be here: link-local, a cloud's metadata service, or no address of one machine.

    For whoever connects, too: a name may come to mean such an address after it was set.
    """
    inner = _inside(address)
    if inner is not None:
        return is_refused(inner)
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or any(address in network for network in _METADATA if network.version == address.version)
    )


def system_lookup(host: str) -> list[str]:
    """What the system's resolver says. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]).partition("%")[0] for entry in found]


def _refuse_plain(host: str, literal: IPv4Address | IPv6Address | None, lookup: Lookup) -> None:
    remedy = "use https://, or ask the operator for the setting models.allow_plain_http"
    if literal is None:
        if host == "localhost" or host.endswith(".localhost"):
            return
        try:
            found = [ip_address(text) for text in lookup(host)]
        except (OSError, UnicodeError, ValueError):
            raise BadAddress(
                f"http:// may only go to private addresses, and the name {host} has no address now; {remedy}"
            ) from None
        if any(map(is_refused, found)):
            raise BadAddress(f"the name {host} means a link-local or metadata address")
    else:
        found = [literal]
    if not found or not all(map(_is_near, found)):
        raise BadAddress(
            f"http:// sends keys and prompts in the clear, and {host} is not in a private network; {remedy}"
        )


def _is_near(address: IPv4Address | IPv6Address) -> bool:
    inner = _inside(address)
    if inner is not None:
        return _is_near(inner)
    return address.is_loopback or (address.is_private and not address.is_unspecified)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address a host is written as, also in the old spellings that resolvers take (`0xa9fea9fe`, `127.1`)."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    if re.fullmatch(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}", host):
        try:
            return IPv4Address(socket.inet_aton(host))
        except OSError:
            raise BadAddress("its host is no IP address") from None
    return None


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address an IPv6 one leads to."""
    if not isinstance(address, IPv6Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    # ::a.b.c.d, long out of use, is still taken by some stacks; :: and ::1 are themselves.
    if address in _NAT64 or 1 < int(address) < 2**32:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
