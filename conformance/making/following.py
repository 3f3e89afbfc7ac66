"""Cases of starting and following."""

from __future__ import annotations

import base64
import json

from making.server import (
    LETTER,
    TRIAGE,
    Case,
    Server,
    artifact,
    case,
    event,
    follows,
    key,
    listed,
    started,
    step,
)
from promptops.delivery import header as h


@case
def an_empty_environment() -> Case:
    """Release 0: nothing is live, and that is known. Then the first release."""
    server = Server()
    begin = step("Release 0 is held.", server.at_head(), source=server.source())
    first = server.publish()
    return follows(begin, step("The first release.", server.at_head(), stream=[server.told(first)]))


@case
def publish_rollback_suspend_unpublish() -> Case:
    """The four kinds of change, one step each, and a release of two prompts at once."""
    server, steps = started(TRIAGE, LETTER)
    letter = artifact(LETTER, 1, "Résumé : {{ text }} 保険")
    triage = artifact(TRIAGE, 3, "Sort: {{ claim }}")
    server.artifacts |= {h.digest_of(text): text for text in (letter, triage)}

    def tell(about: str, header: h.Header) -> None:
        steps.append(step(about, server.at_head(TRIAGE, LETTER), stream=[server.told(header)]))

    changes = [
        h.Entry(path, h.LIVE, version, 3, h.digest_of(text), "")
        for path, version, text in ((TRIAGE, 3, triage), (LETTER, 1, letter))
    ]
    tell("Two prompts in one release.", server.change(*changes))
    tell("A rollback is a release that puts an earlier version back.", server.publish(2))
    tell(
        "Suspended: no longer usable, with the reason.", server.stop(h.SUSPENDED, "Complaint 4711")
    )
    tell("Live again.", server.publish(3, text="Sort: {{ claim }}"))
    tell("Taken out.", server.stop(h.REMOVED, "No longer needed", LETTER))
    return follows(*steps)


@case
def a_suspended_prompt_in_the_snapshot() -> Case:
    """Who starts after a suspend must not use the prompt, and knows why."""
    server = Server()
    server.publish()
    server.stop(h.SUSPENDED, "Complaint 4711")
    return follows(step("Suspended from the start.", server.at_head(), source=server.source()))


@case
def an_artifact_left_out_is_fetched() -> Case:
    """Large artifacts are not in the event: they are fetched by digest before anything changes."""
    server, steps = started()
    header = server.publish(3)
    steps.append(
        step(
            "The event has none.",
            server.at_head(),
            source=server.source(snapshot=None),
            stream=[server.told(header, {})],
        )
    )
    return follows(*steps)


@case
def missed_releases_told_one_by_one() -> Case:
    """A new connection: the head first, then what was missed since the `Last-Event-ID` that was sent."""
    server, steps = started()
    missed = [server.publish(version) for version in (3, 4, 5)]
    steps.append(
        step(
            "Three releases were missed.",
            {**server.at_head(), "last_event_id": "1-2"},
            cut=True, source=server.source(snapshot=None),
            stream=[server.told(header) for header in missed],
        )
    )  # fmt: skip
    return follows(*steps)


@case
def a_gap_needs_the_snapshot() -> Case:
    """A release that is not the next one: its `changes` alone do not lead there."""
    server, steps = started()
    server.publish(1, LETTER)
    header = server.publish(3)
    steps.append(
        step(
            "Release 4 is told to one who holds 2.",
            server.at_head(TRIAGE, LETTER),
            source=server.source(),
            stream=[server.told(header)],
        )
    )
    return follows(*steps)


@case
def a_reset_needs_the_snapshot() -> Case:
    """`reset`: the server cannot continue from the position held."""
    server, steps = started()
    server.publish(3)
    steps.append(
        step(
            "Reset.",
            server.at_head(),
            source=server.source(),
            stream=[event("reset", {"epoch": 1, "release": 3})],
        )
    )
    return follows(*steps)


@case
def a_new_epoch_is_later_than_every_release_before_it() -> Case:
    """After a restore the release number is lower and the epoch higher: (2, 1) follows (1, 4). What the old epoch says is refused."""
    server, steps = started()
    server.publish(3)
    old = server.publish(4)
    steps.append(
        step("Release 1-4.", server.at_head(), source=server.source(), stream=[server.told(old)])
    )
    restored = Server(epoch=2)
    restored.publish()
    steps.append(
        step("The restored server.", restored.at_head(), source=restored.source(), cut=True)
    )
    server.publish(5)
    steps.append(
        step(
            "A replica that was not restored.", restored.at_head(refused="older"), cut=True,
            source=server.source(snapshot=restored.snapshot()),
        )
    )  # fmt: skip
    return follows(*steps)


@case
def an_epoch_begun_by_the_next_release_needs_the_snapshot() -> Case:
    """A step is one release in the same epoch: (2, 3) is no step from (1, 2), even with `previous` right."""
    server, steps = started()
    server.epoch = 2
    header = server.publish(3)
    steps.append(
        step("Release 2-3.", server.at_head(), source=server.source(), stream=[server.told(header)])
    )
    return follows(*steps)


@case
def told_twice_is_passed_over() -> Case:
    """Releases at or below the position held are neither taken nor reported: they may be told twice."""
    server, steps = started()
    third = server.publish(3)
    steps.append(step("Release 3.", server.at_head(), stream=[server.told(third)]))
    fourth = server.publish(1)
    steps.append(
        step(
            "Release 3 again, then 4, then 3.",
            server.at_head(),
            stream=[server.told(third) + server.told(fourth) + server.told(third)],
        )
    )
    fifth = server.publish(2)
    steps.append(step("It goes on.", server.at_head(), stream=[server.told(fifth)]))
    return follows(*steps)


@case
def what_a_newer_server_adds_is_ignored() -> Case:
    """Unknown events, unknown members of every object, and further keys of an unknown algorithm."""
    server, steps = started()
    server.release += 1
    made = artifact(TRIAGE, 3, "Sort: {{ claim }}", of_a_newer_server=True)
    change = h.Entry(TRIAGE, h.LIVE, 3, 3, h.digest_of(made), "")
    server.artifacts[change.digest] = made
    server.tree = server.tree.apply([change])
    text = server.statement((change,)).to_text()
    server.head = server.signed('{"of_a_newer_server":[1],' + text[1:])
    value = {
        "header": {**server.head.to_value(), "more": None},
        "artifacts": {change.digest: made},
        "more": {"x": 1},
    }
    newer = {"key_id": "f" * 16, "algorithm": "of-2031", "public": "AAAA", "more": 1}
    keys = {"installation": "inst-1", "keys": [newer, listed(key("one"))], "more": 1}
    steps.append(
        step(
            "All of it.", server.at_head(), source={"keys": keys},
            stream=[event("of-a-newer-server", {"x": 1}), event("release", value, "1-3")],
        )
    )  # fmt: skip
    return follows(*steps)


@case
def the_framing_of_events() -> Case:
    """Comments, CRLF, fields in another order, a text over several `data:` lines, and pieces cut anywhere, also inside a character."""
    server, steps = started()
    third = server.publish(3, text="Sortiere nach § 5: {{ claim }}")
    value = {"header": third.to_value(), "artifacts": server.snapshot()["artifacts"]}
    lines = json.dumps(value, ensure_ascii=False, indent=1).split("\n")
    text = (
        ": keep-alive\r\n\r\nid: 1-3\r\n"
        + "".join(f"data: {line}\r\n" for line in lines)
        + "event: release\r\nretry: 5\r\n\r\n"
    )
    raw = text.encode()
    middle = raw.index("§".encode()) + 1
    pieces = [raw[:9], raw[9:middle], raw[middle : middle + 1], raw[middle + 1 :]]
    chunks = [{"base64": base64.b64encode(piece).decode()} for piece in pieces]
    steps.append(step("In four pieces.", server.at_head(), stream=chunks))
    fourth = server.publish(1)
    steps.append(
        step(
            "No blank after the colon.",
            server.at_head(),
            stream=[server.told(fourth).replace(": ", ":", 3)],
        )
    )
    return follows(*steps)
