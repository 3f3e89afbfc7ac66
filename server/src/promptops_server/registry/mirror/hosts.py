"""Which hosts the server may connect to, so that a mirror's address cannot reach into the operator's own network.

Names are resolved here, once, and the connection goes to the addresses that were judged: a name that changes its
address in between gains nothing. Listed hosts are trusted; others must have public addresses only.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from promptops_server.registry.mirror.errors import PushFailed

Lookup = Callable[[str, int], Sequence[str]]

# Ranges through which an IPv6 address leads to an IPv4 one that is judged instead.
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class HostRules:
    """The operator's rules. `allowed` empty: any host with public addresses; else only these, wherever they lie."""

    allowed: tuple[str, ...] = ()

    @classmethod
    def of(cls, setting: str) -> HostRules:
        """From the setting's text: names with commas between."""
        return cls(tuple(h.strip().lower() for h in setting.split(",") if h.strip()))

    def lists(self, host: str) -> bool:
        """Whether the operator named this host."""
        return any(
            host.endswith(pattern[1:]) and host != pattern[2:]
            if pattern.startswith("*.")
            else host == pattern.strip("[]")
            for pattern in self.allowed
        )


def refuse_by_name(host: str, rules: HostRules) -> None:
    """What can be said without asking for the name's addresses.

    Raises:
        PushFailed: the host is not listed, or is a private address itself.
    """
    if rules.allowed and not rules.lists(host):
        raise PushFailed(
            "host-refused",
            f"This server does not mirror to {host}.",
            "Ask the operator: the setting mirror.allowed_hosts names the hosts that are allowed.",
        )
    if rules.lists(host):
        return
    try:
        literal = ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            raise _private(host) from None
        return
    if not is_public(literal):
        raise _private(host)


def resolve(host: str, port: int, rules: HostRules, lookup: Lookup | None = None) -> list[str]:
    """The addresses to connect to, in the order to try them.

    Raises:
        PushFailed: the host is refused, or its name has no address (transient).
    """
    refuse_by_name(host, rules)
    try:
        found = list(dict.fromkeys((lookup or system_lookup)(host, port)))
    except (OSError, UnicodeError) as error:
        raise PushFailed(
            "unreachable",
            f"The name {host} has no address: {getattr(error, 'strerror', None) or 'not found'}.",
            "Check the mirror's address; the server tries again.",
            transient=True,
        ) from None
    if not found:
        raise PushFailed("unreachable", f"The name {host} has no address.", transient=True)
    if not rules.lists(host):
        for address in found:
            # One private address among several is enough: which of them answers is not ours to choose.
            if not is_public(ip_address(address.partition("%")[0])):
                raise _private(host)
    return found


def first_answering(addresses: Sequence[str], port: int, seconds: float) -> str:
    """The first of several addresses that takes a connection; the last when none does."""
    for address in addresses[:-1]:
        try:
            socket.create_connection((address, port), timeout=min(seconds, 3.0)).close()
        except OSError:
            continue
        return address
    return addresses[-1]


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public Internet, also when it is an IPv4 one in IPv6 dress."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def system_lookup(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _private(host: str) -> PushFailed:
    return PushFailed(
        "host-refused",
        f"{host} is in a private network (or this machine itself), where this server mirrors only to listed hosts.",
        f"Ask the operator to add {host} to the setting mirror.allowed_hosts.",
    )
