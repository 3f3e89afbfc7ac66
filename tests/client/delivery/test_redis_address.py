"""Addresses of a Redis: what each form means, and that nothing secret is repeated."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promptops.delivery.redis_address import parse_redis_url


def test_sentinels_with_service_database_and_both_passwords() -> None:
    found = parse_redis_url(
        "rediss+sentinel://app:p%40ss@s-1:26379,s-2,[::1]:5/prompts/3"
        "?sentinel_user=watch&sentinel_password=w&ca_file=/etc/ca.pem&cert_file=/c&key_file=/k"
    )
    assert (found.kind, found.service, found.database, found.tls) == (
        "sentinel",
        "prompts",
        3,
        True,
    )
    assert found.nodes == (("s-1", 26379), ("s-2", 26379), ("::1", 5))
    assert (found.user, found.password) == ("app", "p@ss")
    assert (found.sentinel_user, found.sentinel_password) == ("watch", "w")
    assert (found.ca_file, found.cert_file, found.key_file) == ("/etc/ca.pem", "/c", "/k")
    assert found.shown == "rediss+sentinel://s-1:26379,s-2,[::1]:5/prompts/3"
    assert "p@ss" not in repr(found)
    assert "p%40ss" not in repr(found)


def test_a_cluster_by_its_nodes() -> None:
    found = parse_redis_url("redis+cluster://:secret@a:7000,b")
    assert (found.kind, found.nodes) == ("cluster", (("a", 7000), ("b", 6379)))
    assert (found.user, found.password, found.tls) == (None, "secret", False)


def test_one_server_stays_as_it_was_apart_from_our_own_options() -> None:
    found = parse_redis_url("rediss://u:p@cache:6380/2?ca_file=/ca.pem&health_check_interval=5")
    assert found.url == "rediss://u:p@cache:6380/2?health_check_interval=5"
    assert (found.ca_file, found.shown) == ("/ca.pem", "rediss://cache:6380/2")
    assert parse_redis_url("unix:///run/redis.sock?password=x").shown == "unix:///run/redis.sock"
    assert parse_redis_url("redis://h").with_files("/other").ca_file == "/other"
    assert found.with_files("/other").ca_file == "/ca.pem"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hidden@cache", "begins with 'http'"),
        ("redis://:hidden@a:1,b:2/0", r"several hosts: use redis\+sentinel"),
        ("redis://:hidden@a:port", "not host:port"),
        ("redis+sentinel://:hidden@a:1", "needs the service's name"),
        ("redis+sentinel://:hidden@a:1/x/y", "needs the service's name"),
        ("redis+cluster://:hidden@a:1/3", "no database but 0"),
        ("redis+cluster://:hidden@a:1,:2", "empty"),
        ("redis+cluster://:hidden@a:1?sentinel_user=x", r"belong to redis\+sentinel"),
        ("redis://:hidden@a:1?sentinel_password=hidden", r"belong to redis\+sentinel"),
        ("redis+cluster://:hidden@a:1?decode=1", r"has \?decode="),
        ("redis://:hidden@a:1?db=1&db=hidden", "twice"),
    ],
)
def test_a_wrong_address_is_refused_without_repeating_a_secret(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        parse_redis_url(url)
    assert "hidden" not in str(refused.value)


@example("redis", "ℂ")
@given(
    st.sampled_from(["redis", "rediss", "unix", "redis+sentinel", "redis+cluster", "x"]),
    st.text(max_size=40),
)
def test_any_text_is_an_address_or_refused(scheme: str, rest: str) -> None:
    said = ""
    try:
        said = parse_redis_url(f"{scheme}://user:Geheim77@{rest}").shown
    except ValueError as refused:
        said = str(refused)
    assert "Geheim77" not in said
