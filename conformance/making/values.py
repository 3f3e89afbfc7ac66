"""Values: what can be computed without a follower."""

from __future__ import annotations

import dataclasses
from typing import Any

from making.server import TRIAGE, Server, artifact, key, listed, public, time
from promptops.delivery import header as h
from promptops.delivery.entries import EntryTree, bucket_of, leaf


def vectors() -> dict[str, Any]:
    one, two, three = key("one"), key("two"), key("three")
    entries = [
        h.Entry(TRIAGE, h.LIVE, 2, 2, h.digest_of("x"), ""),
        h.Entry(
            "letters/Zusage",
            h.SUSPENDED,
            1,
            3,
            "",
            '“Wrong” "§ 5" – 保険 \u2028 \\ / é <&> \b\t\n\f\r\x01\x1f\x7f 🏦',
        ),
        *(h.Entry(f"many/p{n}", h.LIVE, 1, 1, h.digest_of(str(n)), "") for n in range(600)),
    ]
    server = Server()
    server.publish()
    text = server.head.statement_text
    broken = {
        "not JSON": "{",
        "a list": "[]",
        "on two lines": text.replace(",", ",\n", 1),
        "a member given twice": text.replace('"epoch":1', '"epoch":1,"epoch":1'),
        "another version of the protocol": text.replace('"v":1', '"v":2'),
        "no root": text.replace('"root"', '"toor"'),
        "a number as text": text.replace('"release":1', '"release":"1"'),
        "true as a number": text.replace('"epoch":1', '"epoch":true'),
        "a number with a fraction": text.replace('"epoch":1', '"epoch":1.0'),
        "epoch 0": text.replace('"epoch":1', '"epoch":0'),
        "half a surrogate pair": text.replace('"inst-1"', '"\\ud800"'),
        "NaN": text.replace('"count":1', '"count":NaN'),
        "another form of time": text.replace(time(1), "2026-01-02T03:00:01Z"),
        "a path with dots": text.replace(TRIAGE, "claims/../triage"),
        "an unknown state": text.replace('"live"', '"paused"'),
        "live without a digest": text.replace(server.head.statement.changes[0].digest, ""),
        "a digest in capitals": text.replace("sha256:", "SHA256:"),
        "no previous": text.replace(
            f'"previous":"{server.head.statement.previous}"', '"previous":""'
        ),
    }
    assert all(wrong != text for wrong in broken.values())
    wrong_as_of = dataclasses.replace(server.head, as_of=time(9))
    chain = [listed(three, by=two), listed(one), listed(two, by=one), listed(key("stranger"))]
    lie = {**listed(two, by=key("stranger")), "signed_by": listed(one)["key_id"]}
    return {
        "key_ids": [{"public": public(k), "key_id": listed(k)["key_id"]} for k in (one, two, three)],
        "digests": [{"text": t, "digest": h.digest_of(t)} for t in ("", "{}", artifact(TRIAGE, 1, "é 保険"))],
        "leaves": [{"entry": list(e), "compact": e.to_text(), "leaf": leaf(e).hex()} for e in entries[:3]],
        "buckets": [{"path": e.path, "bucket": bucket_of(e.path)} for e in entries[:8]],
        "roots": [
            {"entries": [list(e) for e in some], "count": len(some), "root": EntryTree.of(some).root}
            for some in ([], entries[:1], entries[:3], entries)
        ],
        "signatures": [
            {"header": server.head.to_value(), "public": public(one), "right": True},
            {"header": server.head.to_value(), "public": public(two), "right": False},
            {"header": wrong_as_of.to_value(), "public": public(one), "right": False},
        ],
        "statements": [
            {"about": "right", "text": text, "hash": server.head.hash, "well_formed": True},
            *({"about": about, "text": wrong, "well_formed": False} for about, wrong in broken.items()),
        ],
        "key_documents": [
            {
                "about": about, "pinned": [public(one)], "document": {"installation": "inst-1", "keys": keys},
                "trusted": sorted(listed(k)["key_id"] for k in trusted),
            }
            for about, keys, trusted in (
                ("a chain in any order", chain, (one, two, three)),
                ("a signature of somebody else", [listed(one), lie], (one,)),
                ("a chain whose beginning is not listed", chain[:1] + chain[2:], (one, two, three)),
                ("nothing leads to the pinned key", [listed(three, by=two)], (one,)),
            )
        ],
    }  # fmt: skip
