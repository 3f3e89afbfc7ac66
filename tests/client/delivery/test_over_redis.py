"""What is particular to following Redis: healing without a nudge, large releases, trust, passwords."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from publisher import PROJECT, HttpTarget, Valkey, until

from promptops import NotConnected, PromptOps, SettingsError
from promptops.delivery.header import Position
from promptops.delivery.source import Head, Reset, SnapshotDocument
from promptops.delivery.source_redis import RedisSource

if TYPE_CHECKING:
    from conftest import Setting


def test_a_lost_nudge_is_healed_by_looking_again(redis_setting: Setting) -> None:
    setting = redis_setting
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.publisher.publish(triage="two", tell=False)
    setting.until_release(client, 2)
    assert setting.said(client, "claims/triage") == "two"


def test_a_nudge_without_content_is_enough(redis_setting: Setting) -> None:
    setting = redis_setting
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.publisher.publish(triage="two", tell=False)
    setting.target.nudge(json.dumps({"epoch": 1, "release": 2}))
    setting.until_release(client, 2)
    assert setting.said(client, "claims/triage") == "two"


def test_many_releases_behind_are_caught_up_from_the_log(redis_setting: Setting) -> None:
    setting = redis_setting
    setting.publisher.publish(triage="0")
    client = setting.client()
    for number in range(1, 21):
        setting.publisher.publish(triage=str(number), deliver=False)
    setting.target.store(setting.publisher)
    setting.until_release(client, 21)
    assert setting.said(client, "claims/triage") == "20"


def test_a_log_with_a_hole_leads_to_a_snapshot(redis_setting: Setting) -> None:
    setting = redis_setting
    setting.publisher.publish(triage="0")
    source = RedisSource(setting.target.valkey.unix_url, PROJECT, "production")
    for number in range(1, 4):
        setting.publisher.publish(triage=str(number))
    with setting.target.client as redis:
        redis.hdel(f"{setting.target.prefix}log", "1-3")
    events = source.events(lambda: Position(1, 1))
    assert isinstance(next(events), Head)
    assert isinstance(next(events), Reset)
    source.close()


def test_a_follower_too_far_behind_takes_a_snapshot(redis_setting: Setting) -> None:
    setting = redis_setting
    setting.publisher.publish(triage="0")
    for number in range(1, 503):
        setting.publisher.publish(triage=str(number), deliver=False)
    setting.target.store(setting.publisher)
    source = RedisSource(setting.target.valkey.unix_url, PROJECT, "production")
    events = source.events(lambda: Position(1, 1))
    assert isinstance(next(events), Head)
    assert isinstance(next(events), Reset)
    source.close()


def test_a_snapshot_is_whole_while_the_projection_is_written(redis_setting: Setting) -> None:
    setting = redis_setting
    setting.publisher.publish(first="0", second="0")
    ended = threading.Event()

    def write() -> None:
        for number in range(1, 15):
            setting.publisher.publish(first=str(number), second=str(number), tell=False)
            if number % 3 == 0:
                setting.target.rebuild()
        ended.set()

    source = RedisSource(setting.target.valkey.unix_url, PROJECT, "production")
    writer = threading.Thread(target=write)
    writer.start()
    taken: list[SnapshotDocument] = []
    while not ended.is_set():
        taken.append(source.snapshot())
    writer.join()
    source.close()
    assert taken
    for document in taken:
        releases = {entry.release for entry in document.entries}
        assert releases == {document.header.position.release}


def test_redis_alone_needs_a_trusted_key() -> None:
    with pytest.raises(SettingsError, match="never read from Redis"):
        PromptOps(redis_url="redis://127.0.0.1:1", project="p", environment="e")


def test_the_key_may_come_from_the_server_while_redis_is_followed(redis_setting: Setting) -> None:
    setting = redis_setting
    setting.publisher.publish(triage="one")
    server = HttpTarget(setting.publisher)
    server.start()
    client = setting.client(trust_key=None, url=server.url, token=server.token)
    assert setting.said(client, "claims/triage") == "one"
    assert set(server.requests) == {"/delivery/v1/keys"}
    server.stop()
    setting.publisher.publish(triage="two")
    setting.until_release(client, 2)


def test_a_redis_with_a_password_over_tcp(redis_setting: Setting) -> None:
    setting = redis_setting
    setting.publisher.publish(triage="one")
    valkey: Valkey = setting.target.valkey
    with setting.target.client as redis:
        redis.execute_command(
            "ACL", "SETUSER", "app", "on", ">s3cret", "~promptops:*", "&promptops:*", "+@all"
        )
    good = f"redis://app:s3cret@127.0.0.1:{valkey.port}/0"
    client = setting.client(redis_url=good)
    assert setting.said(client, "claims/triage") == "one"
    assert client.health().where == f"redis://127.0.0.1:{valkey.port}/0"
    wrong = setting.client(redis_url=good.replace("s3cret", "wr0ng"), disk_cache=False)
    with pytest.raises(NotConnected, match="refused user or password") as caught:
        wrong.get("claims/triage")
    for text in (str(caught.value), repr(wrong), str(wrong.health()), str(client.health())):
        assert "s3cret" not in text
        assert "wr0ng" not in text


def test_a_header_nobody_renews_is_told_as_old_though_redis_answers(redis_setting: Setting) -> None:
    """Redis without its server does not vouch: the server signs its head again every hour."""
    setting = redis_setting
    setting.publisher.publish(triage="one", deliver=False)
    setting.publisher.vouch(datetime.now(UTC) - timedelta(hours=3))
    setting.publisher.deliver()
    client = setting.client()
    assert client.health().age > 10_000
    setting.publisher.vouch()
    setting.target.store(setting.publisher)
    until(lambda: client.health().age < 10, "the renewed signature counts")


def test_content_a_stranger_wrote_into_redis_is_refused(redis_setting: Setting) -> None:
    setting = redis_setting
    setting.publisher.publish(triage="one")
    client = setting.client()
    with setting.target.client as redis:
        redis.hset(f"{setting.target.prefix}state", "header", '{"statement": "{}"}')
    setting.until_refused(client, "malformed")
    assert setting.said(client, "claims/triage") == "one"
    setting.target.rebuild()
    until(lambda: client.health().connected, "the rebuilt projection is followed")
