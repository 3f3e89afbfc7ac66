"""What a client reports about itself, and that reporting never costs the application anything."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from publisher import until

from promptops import SettingsError
from promptops.delivery import reporter, source_redis
from promptops.delivery.header import Position
from promptops.delivery.reporter import Reporter
from promptops.delivery.source import Pace
from promptops.errors import SourceError

if TYPE_CHECKING:
    from conftest import Setting


def reports(setting: Setting) -> list[dict[str, Any]]:
    """What lies there: everything over HTTP, the newest of each follower over Redis."""
    if hasattr(setting.target, "receipts"):
        return list(setting.target.receipts)
    found = []
    with setting.target.client as client:
        for key in client.scan_iter(match=setting.target.prefix + "receipt:*"):
            receipt = json.loads(client.get(key))
            assert key.decode().endswith(":" + receipt["follower"])
            assert 0 < client.pttl(key) <= 60_000
            found.append(receipt)
    return found


def until_reported(setting: Setting, release: int) -> dict[str, Any]:
    def last() -> dict[str, Any] | None:
        matching = [one for one in reports(setting) if one["release"] == f"1-{release}"]
        return matching[-1] if matching else None

    until(lambda: last() is not None, f"release {release} is reported")
    found = last()
    assert found is not None
    return found


def test_a_client_says_what_it_has_and_how_long_that_took(setting: Setting) -> None:
    setting.publisher.publish_paths({"claims/triage": "One"})
    client = setting.client()
    first = until_reported(setting, 1)
    assert (first["host"], first["process"]) == (socket.gethostname(), os.getpid())
    assert first["sdk"].startswith("promptops-client")
    assert len(first["follower"]) == 32
    assert first["applied"] == []  # it did not wait for what was there at its start
    setting.publisher.publish_paths({"claims/triage": "Two"})
    second = until_reported(setting, 2)
    assert second["follower"] == first["follower"]
    (applied,) = second["applied"]
    assert applied["release"] == "1-2"
    assert 0 < applied["took_ms"] < 1000
    assert applied["ago_ms"] == pytest.approx(second["held_ms"], abs=5)
    client.close()
    assert until_reported(setting, 2).get("leaving") or reports(setting)[-1]["leaving"]


def test_releases_in_quick_succession_are_told_in_one_report(setting: Setting) -> None:
    setting.publisher.publish_paths({"claims/triage": "1"})
    setting.client()
    until_reported(setting, 1)
    for number in range(2, 8):
        setting.publisher.publish_paths({"claims/triage": str(number)})
    until_reported(setting, 7)
    told = [one["release"] for report in reports(setting) for one in report["applied"]]
    assert told[-1] == "1-7"
    assert len(told) == len(set(told))
    assert len(reports(setting)) <= 6


def test_who_wants_no_receipts_sends_none(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting.publisher.publish_paths({"claims/triage": "1"})
    quiet = setting.client(receipts=False)
    monkeypatch.setenv("PROMPTOPS_RECEIPTS", "off")
    also = setting.client()
    assert quiet.get("claims/triage").version == also.get("claims/triage").version == 1
    time.sleep(0.3)
    assert reports(setting) == []
    monkeypatch.setenv("PROMPTOPS_RECEIPTS", "perhaps")
    with pytest.raises(SettingsError, match="PROMPTOPS_RECEIPTS"):
        setting.client()


def test_a_server_that_hangs_over_receipts_delays_nothing(http_setting: Setting) -> None:
    http_setting.target.receipts_take = 20.0
    http_setting.publisher.publish_paths({"claims/triage": "1"})
    client = http_setting.client()
    until(lambda: bool(http_setting.target.receipts), "a report was sent")
    began = time.monotonic()
    http_setting.publisher.publish_paths({"claims/triage": "2"})
    http_setting.until_release(client, 2)
    assert time.monotonic() - began < 1.0
    began = time.monotonic()
    client.close()
    assert time.monotonic() - began < 2.0


def test_an_older_server_is_left_in_peace(
    http_setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    http_setting.target.receipts_refused_with = 405
    http_setting.publisher.publish_paths({"claims/triage": "1"})
    client = http_setting.client()
    for number in range(2, 6):
        http_setting.publisher.publish_paths({"claims/triage": str(number)})
        http_setting.until_release(client, number)
        time.sleep(0.1)
    assert len(http_setting.target.receipts) == 1
    assert client.health().connected
    assert not client.health().last_error
    client.close()
    assert [one for one in caplog.records if "receipt" in one.getMessage()] == []


def test_a_child_of_a_fork_is_a_follower_of_its_own(setting: Setting) -> None:
    setting.publisher.publish_paths({"claims/triage": "1"})
    client = setting.client()
    parent = until_reported(setting, 1)
    child = os.fork()
    if child == 0:
        time.sleep(1.5)
        os._exit(0)
    until(
        lambda: any(one["process"] == child for one in reports(setting)), "the child has reported"
    )
    own = next(one for one in reports(setting) if one["process"] == child)
    assert own["follower"] != parent["follower"]
    os.waitpid(child, 0)
    client.close()


class Failing:
    """A source that takes no report until it is told to."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.works = False

    def report(self, follower: str, receipt: str) -> None:
        if not self.works:
            raise SourceError("unreachable", "away")
        self.texts.append(receipt)


def test_what_could_not_be_told_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter, "_FIRST_WAIT", 0.05)
    source = Failing()
    reporting = Reporter(lambda: source)  # type: ignore[arg-type,return-value]
    reporting.holds(Position(1, 1))
    for number in range(2, 80):
        reporting.applied(Position(1, number), 0.001)
    time.sleep(0.4)
    source.works = True
    until(lambda: bool(source.texts), "it is told")
    told = [one["release"] for one in json.loads(source.texts[0])["applied"]]
    assert told == [f"1-{number}" for number in range(80 - reporter.KEPT, 80)]
    reporting.close()
    assert json.loads(source.texts[-1])["leaving"] is True


def test_noting_a_release_costs_microseconds() -> None:
    reporting = Reporter(lambda: None)
    reporting.holds(Position(1, 1))
    began = time.perf_counter()
    for number in range(2, 2_002):
        reporting.applied(Position(1, number), 0.001)
    each = (time.perf_counter() - began) / 2_000
    reporting.close()
    assert each < 0.000_2


def test_closing_while_the_first_report_begins_ends_it() -> None:
    for _ in range(200):
        reporting = Reporter(lambda: None)
        first = threading.Thread(target=reporting.holds, args=(Position(1, 1),))
        first.start()
        reporting.close()
        first.join()
    until(
        lambda: not [t for t in threading.enumerate() if t.name == "promptops-receipts"],
        "the threads end",
    )


def test_who_follows_redis_waits_as_long_as_the_server_wrote_there(redis_setting: Setting) -> None:
    redis_setting.publisher.publish_paths({"claims/triage": "One"})
    with redis_setting.target.client as redis:
        redis.hset(redis_setting.target.prefix + "state", "pace_ms", "1500")
    redis_setting.client()
    until_reported(redis_setting, 1)
    redis_setting.publisher.publish_paths({"claims/triage": "Two"})
    began = time.monotonic()
    until_reported(redis_setting, 2)
    assert time.monotonic() - began > 0.7


@pytest.mark.parametrize("written", [None, b"", b"-5", b"soon", b"1e9", "١".encode()])
def test_a_pace_that_makes_no_sense_is_passed_over(written: bytes | None) -> None:
    assert source_redis._pace(written) == Pace()


def test_a_release_that_comes_while_a_report_is_made_is_told_in_it_or_right_after() -> None:
    source = Failing()
    source.works = True
    came: list[int] = []

    def connection() -> Failing:
        if not came:
            came.append(2)
            reporting.applied(Position(1, 2), 0.001)
        return source

    reporting = Reporter(connection)  # type: ignore[arg-type]
    reporting.holds(Position(1, 1))
    until(
        lambda: any(
            one["release"] == "1-2" for text in source.texts for one in json.loads(text)["applied"]
        ),
        "it is told",
    )
    reporting.close()
