"""Base URLs of targets: which are kept and how, and that no spelling reaches where a cloud keeps its keys."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.providers.targets.address import (
    BadAddress,
    check_base_url,
    is_refused,
    origin_of,
)


def nowhere(host: str) -> list[str]:
    raise OSError("no such name")


def check(url: str, *, plain_http: bool = False, **names: list[str]) -> str:
    def lookup(host: str) -> list[str]:
        if host.split(".")[0] in names:
            return names[host.split(".")[0]]
        raise OSError("no such name")

    return check_base_url(url, plain_http=plain_http, lookup=lookup)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("https://API.OpenAI.com/v1/", "https://api.openai.com/v1"),
        ("https://models.bank.internal", "https://models.bank.internal"),
        ("https://10.1.2.3:8443/v1", "https://10.1.2.3:8443/v1"),
        ("https://[2001:DB8::1]:8443/v1", "https://[2001:db8::1]:8443/v1"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://192.168.7.9/v1", "http://192.168.7.9/v1"),
        ("http://[fd12:3456::1]/v1", "http://[fd12:3456::1]/v1"),
    ],
)
def test_an_address_is_kept_in_one_spelling(given_: str, kept: str) -> None:
    assert check(given_) == kept
    assert check(kept) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.openai.com/v1",
        "ftp://files.example.com",
        "file:///etc/passwd",
        "https://",
        "https:///v1",
        "https://user:key@api.example.com/v1",
        "https://key@api.example.com/v1",
        "https://api.example.com/v1?api_key=abc",
        "https://api.example.com/v1#key",
        "https://api.example.com\\@evil.example/v1",
        "https://api.example.com /v1",
        "https://api.example.com/v1\n",
        "https://api.example.com:port/v1",
        "https://api.example.com:99999/v1",
        "https://exa_mple..com-/",
        "https://ex%61mple.com/v1",
        "https://a" + "b" * 1000,
    ],
)
def test_what_is_no_address_or_holds_a_secret_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        check(url)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.1.1",
        "169.254.169.254.",
        "2852039166",
        "0xa9fea9fe",
        "0xA9.0xFE.0xA9.0xFE",
        "0251.0376.0251.0376",
        "169.254.43518",
        "[fe80::1]",
        "[fe80::a9fe:a9fe%25eth0]",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "metadata",
        "instance-data",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
    ],
)
def test_no_spelling_of_a_metadata_address_is_taken(scheme: str, host: str) -> None:
    with pytest.raises(BadAddress):
        check(f"{scheme}://{host}/latest", plain_http=True)


@given(st.integers(0, 2**16 - 1), st.sampled_from(["dec", "hex", "dotted", "mapped", "nat64"]))
def test_every_link_local_address_is_refused_in_every_dress(last: int, dress: str) -> None:
    address = IPv4Address((169 << 24 | 254 << 16) + last)
    host = {
        "dec": str(int(address)),
        "hex": hex(int(address)),
        "dotted": str(address),
        "mapped": f"[::ffff:{address}]",
        "nat64": f"[64:ff9b::{address}]",
    }[dress]
    with pytest.raises(BadAddress):
        check_base_url(f"https://{host}/", plain_http=True, lookup=nowhere)


@given(st.ip_addresses(v=4).map(str) | st.integers(0, 2**32 - 1).map(str))
def test_an_old_spelling_is_judged_as_the_resolver_reads_it(host: str) -> None:
    means = ip_address(socket.inet_ntoa(socket.inet_aton(host)))
    try:
        check_base_url(f"https://{host}/", plain_http=True, lookup=nowhere)
        taken = True
    except BadAddress:
        taken = False
    assert taken == (not is_refused(means))


@given(st.ip_addresses(v=6))
def test_what_is_refused_for_ipv6_includes_what_it_leads_to(address: IPv6Address) -> None:
    inner = address.ipv4_mapped or address.sixtofour
    if inner is not None:
        assert is_refused(address) == is_refused(inner)


@pytest.mark.parametrize(
    "url", ["http://8.8.8.8/v1", "http://[2001:4860:4860::8888]/v1", "http://public.example.com/v1"]
)
def test_plain_http_does_not_leave_private_networks(url: str) -> None:
    with pytest.raises(BadAddress, match=r"models\.allow_plain_http"):
        check(url, public=["8.8.8.8"])
    assert check(url, plain_http=True, public=["8.8.8.8"]) == url


def test_a_name_may_have_plain_http_when_all_its_addresses_are_private() -> None:
    assert check("http://ollama:11434/v1", ollama=["172.18.0.3"]) == "http://ollama:11434/v1"
    with pytest.raises(BadAddress):
        check("http://both:11434/v1", both=["172.18.0.3", "8.8.8.8"])
    with pytest.raises(BadAddress, match="no address now"):
        check("http://missing:11434/v1")
    with pytest.raises(BadAddress, match="link-local"):
        check("http://rebound/v1", rebound=["169.254.169.254"])


def test_the_origin_is_scheme_host_and_port() -> None:
    assert origin_of("https://a.example/v1") == ("https", "a.example", 443)
    assert origin_of("http://[::1]:8000/v1") == ("http", "::1", 8000)
