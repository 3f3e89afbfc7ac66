"""Keys: pinned ones, chains of signatures, and settings that name them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from promptops import InvalidHeader, InvalidKey
from promptops.delivery import trust
from promptops.delivery.header import key_id_of

A, B, C, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 5))


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def text(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(public(key)).decode()


def listed(key: Ed25519PrivateKey, by: Ed25519PrivateKey | None = None) -> dict[str, Any]:
    return {
        "key_id": key_id_of(public(key)),
        "algorithm": "ed25519",
        "public": text(key),
        "created_at": "2026-01-02T03:04:05.678901Z",
        "signed_by": None if by is None else key_id_of(public(by)),
        "signature": None if by is None else trust.sign_key(by, public(key)),
    }


def document(*keys: dict[str, Any], installation: str = "inst") -> trust.KeyDocument:
    return trust.parse_key_document({"installation": installation, "keys": list(keys)})


def test_a_chain_of_signatures_joins_new_keys_in_any_order() -> None:
    ring = trust.KeyRing.pinned([public(A)])
    extended = ring.extended(document(listed(C, by=B), listed(B, by=A), listed(A)))
    assert set(extended.keys) == {key_id_of(public(key)) for key in (A, B, C)}
    assert extended.installation == "inst"


@pytest.mark.parametrize(
    "entry",
    [
        listed(B),
        listed(B, by=STRANGER),
        {**listed(B, by=STRANGER), "signed_by": key_id_of(public(A))},
        {**listed(B, by=A), "signature": "AAAA"},
        {**listed(B, by=A), "signature": listed(C, by=A)["signature"]},
    ],
)
def test_a_key_without_a_right_signature_of_a_trusted_one_stays_out(entry: dict[str, Any]) -> None:
    extended = trust.KeyRing.pinned([public(A)]).extended(document(listed(A), entry))
    assert set(extended.keys) == {key_id_of(public(A))}


def test_another_installations_list_adds_nothing() -> None:
    ring = trust.KeyRing.pinned([public(A)], "inst")
    assert ring.extended(document(listed(B, by=A), installation="other")) == ring


def test_a_key_of_an_unknown_algorithm_is_passed_over() -> None:
    later = {**listed(B), "algorithm": "ml-dsa-65", "public": "whatever", "key_id": "x"}
    assert [key.key_id for key in document(listed(A), later).keys] == [key_id_of(public(A))]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("key_id", "0" * 16),
        ("public", "!!"),
        ("public", "AAAA"),
        ("signature", 7),
        ("algorithm", None),
    ],
)
def test_a_malformed_list_is_refused_by_name(member: str, value: object) -> None:
    with pytest.raises(InvalidHeader, match=r"keys\.keys\[0\]"):
        document({**listed(A), member: value})


def test_a_trust_key_is_text_or_a_file_with_notes(tmp_path: Path) -> None:
    assert trust.read_trust_key(f" {text(A)}\n") == (public(A),)
    file = tmp_path / "keys.txt"
    file.write_text(f"# the old one\n{text(A)}\n\n{text(B)}\n")
    assert trust.read_trust_key(str(file)) == (public(A), public(B))


@pytest.mark.parametrize(
    ("content", "words"),
    [("# nothing\n", "holds no key"), ("nonsense\n", ":1: not the base64"), ("AAAA", ":1:")],
)
def test_a_file_without_a_key_is_refused_with_its_line(
    tmp_path: Path, content: str, words: str
) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(content)
    with pytest.raises(InvalidKey, match=words):
        trust.read_trust_key(str(file))


def test_text_that_is_neither_key_nor_file_is_refused() -> None:
    for setting in ("nonsense", text(A)[:-8], "/nowhere/keys.txt", "a" * 5000):
        with pytest.raises(InvalidKey, match="neither"):
            trust.read_trust_key(setting)


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://promptops.example", True),
        ("http://localhost:8470", True),
        ("http://127.0.0.1:8470", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:8470", True),
        ("http://promptops:8470", False),
        ("http://localhost.example", False),
        ("http://10.0.0.1", False),
        ("http://127.0.0.1.example", False),
    ],
)
def test_keys_are_pinned_only_over_protected_connections(url: str, may: bool) -> None:
    assert trust.may_pin_from(url) is may
