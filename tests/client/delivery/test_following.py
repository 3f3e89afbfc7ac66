"""What a follower promises, over both transports alike: one contract, HTTP and Redis."""

from __future__ import annotations

import json
import stat
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from publisher import Publisher, artifact_text, until

from promptops import NotConnected, PromptNotLive, PromptSuspended, Release, TooOld
from promptops.delivery import header as h

if TYPE_CHECKING:
    from conftest import Setting


def test_a_client_starts_with_what_is_live(setting: Setting) -> None:
    setting.publisher.publish(triage="one", letter="two")
    client = setting.client()
    triage = client.get("claims/triage")
    assert triage.render() == [{"role": "user", "content": "one"}]
    assert (triage.address, triage.version, triage.release, triage.commit, triage.environment) == (
        "retail-bank/claims/triage", 1, 1, "c0ffee", "production",
    )  # fmt: skip
    assert triage.digest == h.digest_of(triage.artifact)
    assert client.get("retail-bank/claims/letter").version == 1
    health = client.health()
    assert (health.connected, health.epoch, health.release, health.source) == (True, 1, 1, "live")
    assert health.age < 5
    assert health.last_error == ""
    assert health.refusals == 0


def test_an_environment_without_releases_is_live_and_empty(setting: Setting) -> None:
    client = setting.client()
    assert client.health().connected
    with pytest.raises(PromptNotLive, match=r"retail-bank/claims/triage is not live in production"):
        client.get("claims/triage", fallback="never for a prompt that is not live")


def test_a_publish_is_seen(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.publisher.publish(triage="two")
    setting.until_release(client, 2)
    assert setting.said(client, "claims/triage") == "two"
    assert client.get("claims/triage").version == 2
    assert client.get("claims/triage").release == 2
    assert client.health().refusals == 0


def test_prompts_of_one_release_change_together_or_not_at_all(setting: Setting) -> None:
    setting.publisher.publish(first="0", second="0")
    client = setting.client()
    torn: list[tuple[str, str]] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            held = client.snapshot()
            seen = (
                held.get("claims/first").render()[0]["content"],
                held.get("claims/second").render()[0]["content"],
            )
            if seen[0] != seen[1]:
                torn.append(seen)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 31):
        setting.publisher.publish(first=str(number), second=str(number))
    setting.until_release(client, 31)
    ended.set()
    reader.join()
    assert torn == []
    assert setting.said(client, "claims/second") == "30"


def test_a_snapshot_stays_at_its_release(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    pinned = client.snapshot()
    setting.publisher.publish(triage="two")
    setting.until_release(client, 2)
    assert pinned.release == 1
    assert pinned.get("claims/triage").render()[0]["content"] == "one"
    assert pinned.paths() == ("claims/triage",)
    assert client.snapshot().release == 2


def test_a_rollback_puts_earlier_content_back_under_a_new_release(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    setting.publisher.publish(triage="two")
    client = setting.client()
    setting.publisher.release_versions({"claims/triage": 1})
    setting.until_release(client, 3)
    triage = client.get("claims/triage")
    assert (triage.version, triage.release) == (1, 3)
    assert setting.said(client, "claims/triage") == "one"


def test_a_suspended_prompt_is_stopped_with_its_reason(setting: Setting) -> None:
    setting.publisher.publish(triage="one", letter="two")
    client = setting.client()
    setting.publisher.suspend("claims/triage", "it leaks names")
    setting.until_release(client, 2)
    with pytest.raises(PromptSuspended, match="it leaks names") as caught:
        client.get("claims/triage", fallback="not this")
    assert caught.value.reason == "it leaks names"
    assert caught.value.code == "prompt-suspended"
    assert setting.said(client, "claims/letter") == "two"
    setting.publisher.publish(triage="mended")
    setting.until_release(client, 3)
    assert setting.said(client, "claims/triage") == "mended"


def test_a_suspended_prompt_stays_stopped_when_started_from_disk(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.publisher.suspend("claims/triage", "it leaks names")
    setting.until_release(client, 2)
    setting.until_copied(2)
    client.close()
    setting.target.stop()
    again = setting.client(start_timeout=2)
    try:
        assert again.health().source == "disk"
        with pytest.raises(PromptSuspended, match="it leaks names"):
            again.get("claims/triage", fallback="not this")
    finally:
        setting.target.start()


def test_an_unpublished_prompt_is_not_live_any_more(setting: Setting) -> None:
    setting.publisher.publish(triage="one", letter="two")
    client = setting.client()
    setting.publisher.unpublish("claims/triage", "no longer used")
    setting.until_release(client, 2)
    with pytest.raises(PromptNotLive, match="no longer used") as caught:
        client.get("claims/triage", fallback="not this")
    assert not isinstance(caught.value, PromptSuspended)
    assert client.snapshot().paths() == ("claims/letter",)


def test_missed_releases_are_healed_by_the_next(setting: Setting) -> None:
    setting.publisher.publish(triage="one", letter="one")
    client = setting.client()
    setting.publisher.publish(triage="two", tell=False)
    setting.publisher.publish(letter="two")
    setting.until_release(client, 3)
    assert setting.said(client, "claims/triage") == "two"
    assert setting.said(client, "claims/letter") == "two"
    assert client.health().refusals == 0


def test_releases_while_disconnected_arrive_after_it(setting: Setting) -> None:
    setting.publisher.publish(triage="one", letter="one")
    client = setting.client()
    setting.target.stop()
    setting.until_disconnected(client)
    for number in range(2, 6):
        setting.publisher.publish(triage=str(number), deliver=False)
    assert setting.said(client, "claims/triage") == "one"
    setting.target.start()
    setting.target.store(setting.publisher)
    setting.until_release(client, 5)
    until(lambda: client.health().connected, "it is connected again")
    assert setting.said(client, "claims/triage") == "5"
    assert client.health().last_error == ""


def test_without_a_source_the_last_good_release_stays_and_its_age_is_told(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.target.stop()
    setting.until_disconnected(client)
    try:
        before = client.health().age
        until(lambda: client.health().age > before + 0.1, "the age grows")
        until(lambda: client.health().last_error, "the error is told")
        assert setting.said(client, "claims/triage") == "one"
        assert client.health().source == "live"
    finally:
        setting.target.start()


def test_an_emptied_store_changes_nothing_and_a_rebuilt_one_converges(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.target.lose_store()
    time.sleep(0.1)
    assert setting.said(client, "claims/triage") == "one"
    setting.publisher.publish(triage="two", deliver=False)
    if hasattr(setting.target, "rebuild"):
        setting.target.rebuild()
    else:
        setting.publisher.deliver()
    setting.until_release(client, 2)
    assert setting.said(client, "claims/triage") == "two"


def test_a_changed_artifact_is_refused_and_the_right_one_taken_when_it_comes(
    setting: Setting,
) -> None:
    setting.publisher.publish(triage="one", letter="one")
    client = setting.client()
    digest = h.digest_of(artifact_text("claims/triage", 2, "two"))
    setting.target.replaced[digest] = artifact_text("claims/triage", 2, "something else")
    setting.publisher.publish(triage="two", letter="two")
    setting.until_refused(client, "wrong-artifact")
    assert setting.said(client, "claims/triage") == "one"
    assert setting.said(client, "claims/letter") == "one"
    assert not client.health().connected
    assert "claims/triage version 2" in client.health().last_error
    setting.target.replaced.clear()
    setting.target.store(setting.publisher)
    setting.until_release(client, 2)
    assert setting.said(client, "claims/triage") == "two"
    until(lambda: client.health().connected, "all is well again")


def test_an_artifact_of_another_address_is_refused(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.publisher.versions["claims/triage"].append(artifact_text("claims/other", 2, "two"))
    setting.publisher.release_versions({"claims/triage": 2})
    setting.until_refused(client, "wrong-artifact")
    assert "says path 'claims/other'" in client.health().last_error
    assert setting.said(client, "claims/triage") == "one"


def test_a_header_signed_by_an_unknown_key_is_refused(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.publisher.rotate_key(vouched_for=False)
    setting.publisher.publish(triage="two")
    setting.until_refused(client, "unknown-key")
    assert setting.said(client, "claims/triage") == "one"


def test_a_header_under_the_name_of_a_trusted_key_needs_its_signature(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    good = setting.publisher.publish(triage="two", deliver=False)
    other = h.sign_header(
        Ed25519PrivateKey.generate(), good.statement_text, good.as_of, key_id=good.key_id
    )
    setting.target.tell(other, setting.publisher.live_artifacts())
    setting.until_refused(client, "wrong-signature")
    assert setting.said(client, "claims/triage") == "one"


def test_a_replayed_old_head_is_refused(setting: Setting) -> None:
    first = setting.publisher.publish(triage="one")
    setting.publisher.publish(triage="two")
    client = setting.client()
    assert setting.said(client, "claims/triage") == "two"
    setting.target.tell(first, setting.publisher.live_artifacts())
    setting.target.head = first
    setting.target.store(setting.publisher)
    if not hasattr(setting.target, "rebuild"):
        setting.target.stop()
        setting.target.start()
    setting.until_refused(client, "older")
    assert client.health().release == 2
    assert setting.said(client, "claims/triage") == "two"
    assert not client.health().connected


def test_two_statements_at_one_position_are_refused_and_reported(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    held = setting.publisher.head.statement
    other = h.Statement(**{**held.__dict__, "acknowledged_at": h.format_time(datetime.now(UTC))})
    setting.target.tell(setting.publisher.sign(other), {})
    setting.until_refused(client, "conflicting")
    assert setting.said(client, "claims/triage") == "one"


def test_a_release_that_does_not_follow_the_one_held_is_refused(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    good = setting.publisher.publish(triage="two", deliver=False).statement
    forked = h.Statement(**{**good.__dict__, "previous": "f" * 64})
    setting.target.tell(setting.publisher.sign(forked), setting.publisher.live_artifacts())
    setting.until_refused(client, "broken-chain")
    assert setting.said(client, "claims/triage") == "one"


def test_changes_that_do_not_give_the_signed_root_are_refused(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    good = setting.publisher.publish(triage="two", deliver=False).statement
    wrong = h.Statement(**{**good.__dict__, "root": "e" * 64})
    setting.target.tell(setting.publisher.sign(wrong), setting.publisher.live_artifacts())
    setting.until_refused(client, "wrong-root")
    assert setting.said(client, "claims/triage") == "one"


def test_another_environments_release_is_refused(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    staging = Publisher(environment="staging", environment_id="env-2", key=setting.publisher.key)
    staging.publish(triage="from staging")
    foreign = staging.publish(triage="from staging again")
    setting.target.tell(foreign, staging.live_artifacts())
    setting.until_refused(client, "other-environment")
    assert setting.said(client, "claims/triage") == "one"


def test_an_environment_of_the_same_name_made_anew_is_refused(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    anew = Publisher(environment_id="env-9", key=setting.publisher.key)
    anew.publish(triage="two")
    setting.target.tell(anew.publish(triage="three"), anew.live_artifacts())
    setting.until_refused(client, "other-environment")
    assert setting.said(client, "claims/triage") == "one"


def test_a_feature_this_client_lacks_is_refused_by_name(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.publisher.requires = ("holograms",)
    setting.publisher.publish(triage="two")
    setting.until_refused(client, "unknown-feature")
    assert "holograms" in client.health().last_error
    assert setting.said(client, "claims/triage") == "one"


def test_a_malformed_message_is_reported_and_does_no_harm(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    bad = setting.publisher.head.to_value() | {"signature": "!"}
    if hasattr(setting.target, "nudge"):
        setting.target.nudge(json.dumps({"header": bad}))
    else:
        setting.target.send("release", {"header": bad})
    setting.until_refused(client, "malformed")
    setting.publisher.publish(triage="two")
    setting.until_release(client, 2)
    assert setting.said(client, "claims/triage") == "two"


def test_a_new_epoch_is_followed(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    setting.publisher.begin_epoch()
    until(lambda: client.health().epoch == 2, "the new epoch arrives")
    assert setting.said(client, "claims/triage") == "one"
    setting.publisher.publish(triage="two")
    setting.until_release(client, 3)
    assert setting.said(client, "claims/triage") == "two"
    assert client.health().refusals == 0


def test_a_renewed_signature_is_not_a_new_release(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    client = setting.client()
    releases: list[Release] = []
    client.on_release(releases.append)
    setting.publisher.vouch(datetime.now(UTC) + timedelta(minutes=5))
    setting.target.store(setting.publisher)
    setting.target.vouch(setting.publisher.head)
    until(
        lambda: client._follower.held.state.header == setting.publisher.head,
        "the renewed header is held",
    )
    assert client.health().release == 1
    assert releases == []
    assert client.health().refusals == 0


def test_the_copy_on_disk_answers_when_nothing_else_does(setting: Setting) -> None:
    setting.publisher.vouch()
    setting.publisher.publish(triage="one")
    setting.client().close()
    setting.target.stop()
    try:
        client = setting.client(start_timeout=2)
        assert setting.said(client, "claims/triage") == "one"
        health = client.health()
        assert (health.source, health.connected, health.release) == ("disk", False, 1)
        assert 0.5 < health.age < 60
        assert health.last_error
        assert "release 1-1" in health.disk
    finally:
        setting.target.start()
    until(lambda: client.health().source == "live", "it becomes live")


def test_the_copy_on_disk_is_for_its_user_alone(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    setting.client().close()
    (copy,) = setting.copies
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    assert list(copy.parent.glob(".*")) == []


@pytest.mark.parametrize("damage", ["artifact", "entry", "header", "cut", "empty", "binary"])
def test_a_changed_copy_on_disk_is_not_used_and_says_why(setting: Setting, damage: str) -> None:
    setting.publisher.publish(triage="one")
    setting.client().close()
    (copy,) = setting.copies
    content = copy.read_text()
    value = json.loads(content)
    if damage == "artifact":
        digest = next(iter(value["artifacts"]))
        value["artifacts"][digest] = value["artifacts"][digest].replace("one", "two")
    elif damage == "entry":
        value["entries"][0][2] = 5
    elif damage == "header":
        value["header"]["statement"] = value["header"]["statement"].replace(
            '"count":1', '"count":2'
        )
    changed = {
        "cut": content[: len(content) // 2].encode(),
        "empty": b"",
        "binary": b"\xff\x00" * 50,
    }.get(damage, json.dumps(value).encode())
    copy.write_bytes(changed)
    setting.target.stop()
    try:
        client = setting.client(start_timeout=0.3)
        assert client.health().source == "none"
        assert str(copy) in client.health().disk
        with pytest.raises(NotConnected, match="copy"):
            client.get("claims/triage")
    finally:
        setting.target.start()


def test_a_copy_on_disk_never_leads_back(setting: Setting) -> None:
    """What was seen before a restart counts: an older head is refused after it, too."""
    first = setting.publisher.publish(triage="one")
    setting.publisher.publish(triage="two")
    setting.client().close()
    setting.target.head = first
    setting.target.store(setting.publisher)
    client = setting.client(start_timeout=0.5)
    setting.until_refused(client, "older")
    assert setting.said(client, "claims/triage") == "two"
    assert client.health().source == "disk"


def test_without_anything_a_fallback_answers_and_without_one_an_error_says_what_was_tried(
    setting: Setting,
) -> None:
    setting.publisher.publish(triage="one")
    setting.target.stop()
    client = setting.client(start_timeout=0.3)
    try:
        given = client.get("claims/triage", fallback="Sort: {{ claim }}")
        assert given.render(claim="x") == [{"role": "user", "content": "Sort: x"}]
        assert (given.version, given.release, given.path) == (0, 0, "claims/triage")
        with pytest.raises(NotConnected) as caught:
            client.get("claims/triage")
        assert client.health().where in str(caught.value)
        assert "no copy on disk" in str(caught.value)
        assert client.health().age == float("inf")
    finally:
        setting.target.start()
    until(lambda: client.health().connected, "it connects in the end")
    assert setting.said(client, "claims/triage") == "one"


def test_max_age_refuses_a_disconnected_copy_but_not_a_live_one(setting: Setting) -> None:
    setting.publisher.publish(triage="one", letter="two")
    setting.publisher.suspend("claims/letter", "stopped")
    client = setting.client(max_age=1.0)
    setting.until_release(client, 2)
    assert setting.said(client, "claims/triage") == "one"
    setting.target.stop()
    try:
        until(lambda: client.health().age > 1.0, "the copy gets too old")
        with pytest.raises(TooOld, match="max_age is 1 s") as caught:
            client.get("claims/triage")
        assert caught.value.age > 1.0
        with pytest.raises(TooOld):
            client.snapshot()
        assert client.get("claims/triage", fallback="old").render()[0]["content"] == "old"
        with pytest.raises(PromptSuspended):
            client.get("claims/letter", fallback="old")
    finally:
        setting.target.start()
        setting.target.store(setting.publisher)
    until(lambda: client.health().age < 1.0, "it is vouched for again")
    assert setting.said(client, "claims/triage") == "one"
