"""The life of a client, over both transports alike: callbacks, forks, closing, and what a misuse is told."""

from __future__ import annotations

import os
import pickle
import threading
import time
from typing import TYPE_CHECKING

import pytest
from publisher import until

from promptops import PromptNotLive, Release, TooOld

if TYPE_CHECKING:
    from conftest import Setting


def test_callbacks_get_every_release_and_never_hold_one_up(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    seen: list[Release] = []
    hold = threading.Event()

    def slow(release: Release) -> None:
        seen.append(release)
        hold.wait(10)

    client.on_release(slow)
    client.on_release(lambda release: 1 / 0)
    setting.publisher.publish(triage="two")
    setting.publisher.publish(letter="three")
    setting.until_release(client, 3)  # while the first callback still runs
    hold.set()
    until(lambda: len(seen) == 2, "both releases are told")
    assert [(r.number, r.changed) for r in seen] == [
        (2, ("claims/triage",)),
        (3, ("claims/letter",)),
    ]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_a_forked_child_follows_on_its_own(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:  # the child
        try:
            os.write(writer, client.get("claims/triage").render()[0]["content"].encode() + b"\n")
            setting.until_release(client, 2)
            os.write(writer, client.get("claims/triage").render()[0]["content"].encode() + b"\n")
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        assert said.readline() == b"one\n"
        until(lambda: setting.target.followers == 2, "both follow")
        setting.publisher.publish(triage="two")
        assert said.readline() == b"two\n"
    os.waitpid(pid, 0)
    setting.until_release(client, 2)
    assert setting.said(client, "claims/triage") == "two"


def test_closing_ends_the_threads_and_keeps_what_is_held(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    client.on_release(lambda release: None)
    began = time.monotonic()
    client.close()
    client.close()
    assert time.monotonic() - began < 1.5
    until(
        lambda: not [t for t in threading.enumerate() if t.name.startswith("promptops-")],
        "the threads end",
    )
    assert setting.said(client, "claims/triage") == "one"
    assert not client.health().connected
    until(lambda: setting.target.followers == 0, "the connection is closed")


def test_a_client_that_is_forgotten_stops_following(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.clients.clear()
    del client
    until(lambda: setting.target.followers == 0, "the connection is closed")


def test_a_callback_that_asks_to_exit_ends_no_other(http_setting: Setting) -> None:
    http_setting.publisher.publish(triage="one")
    client = http_setting.client()
    seen: list[int] = []

    def leave(release: Release) -> None:
        raise SystemExit(3)

    client.on_release(leave)
    client.on_release(lambda release: seen.append(release.number))
    http_setting.publisher.publish(triage="two")
    until(lambda: seen == [2], "the other callback is called")
    with pytest.raises(TypeError, match="not NoneType"):
        client.on_release(None)  # type: ignore[arg-type]

    async def later(release: Release) -> None: ...

    with pytest.raises(TypeError, match="AsyncPromptOps"):
        client.on_release(later)


def test_a_closed_client_says_so_and_is_not_entered_again(http_setting: Setting) -> None:
    http_setting.publisher.publish(triage="one")
    with (
        http_setting.client(max_age=0.05) as client,
        pytest.raises(TypeError, match="make one there"),
    ):
        pickle.dumps(client)
    assert "closed" in client.health().last_error
    until(lambda: client.health().age > 0.05, "it is too old")
    with pytest.raises(TooOld, match="closed"):
        client.get("claims/triage")
    with pytest.raises(RuntimeError, match="closed"):
        client.__enter__()


@pytest.mark.parametrize(
    "path", ["/claims/triage", "claims/triage ", "claims/triage.prompt.yml", "Claims/triage/"]
)
def test_an_address_with_trimmings_is_told_how_it_is_meant(
    http_setting: Setting, path: str
) -> None:
    http_setting.publisher.publish(triage="one")
    client = http_setting.client()
    for get in (client.get, client.snapshot().get):
        with pytest.raises(PromptNotLive, match=r"did you mean claims/triage\?"):
            get(path)
        for wrong in (None, 5, ["claims/triage"]):
            with pytest.raises(TypeError, match="address of a prompt is a text"):
                get(wrong)
        with pytest.raises(PromptNotLive) as caught:
            get("\ud800" * 5000)
        assert len(str(caught.value).encode()) < 2000
