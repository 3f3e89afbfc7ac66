"""The parts of the offline verifier against known answers and against the libraries that do the same."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.delivery.header import key_id_of
from promptops.delivery.trust import sign_key
from promptops.evidence.bundle import verify_program
from promptops.evidence.documented import documented_members
from promptops.evidence.offline.canonical import canonical_digest, canonical_text
from promptops.evidence.offline.container import NotAPack, read_zip, write_zip
from promptops.evidence.offline.ed25519 import _L, ed25519_holds
from promptops.evidence.offline.findings import Findings
from promptops.evidence.offline.keyring import strict_base64, trusted_keys
from promptops.evidence.offline.whole import read_keys
from promptops.format import parse, record_digest

VECTORS = [  # RFC 8032, section 7.1: secret key, public key, message, signature
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_hold(
    secret: str, public: str, message: str, signature: str
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    assert key.public_key().public_bytes_raw().hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert ed25519_holds(*map(bytes.fromhex, (public, message, signature)))
    assert not ed25519_holds(*map(bytes.fromhex, (public, message + "00", signature)))


def library_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 767))
def test_it_agrees_with_the_library_on_signatures_and_on_flipped_bits(
    secret: bytes, message: bytes, bit: int
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert ed25519_holds(public, message, signature)
    both = bytearray(signature + public)
    both[bit // 8] ^= 1 << bit % 8
    changed = (bytes(both[64:]), message, bytes(both[:64]))
    assert ed25519_holds(*changed) is library_holds(*changed) is False


def test_a_second_spelling_of_a_signature_is_refused() -> None:
    _, public, message, signature = (bytes.fromhex(part) for part in VECTORS[1])
    s = int.from_bytes(signature[32:], "little") + _L
    assert not ed25519_holds(public, message, signature[:32] + s.to_bytes(32, "little"))
    assert not ed25519_holds(public, message, signature[:63])
    assert not ed25519_holds(public[:31], message, signature)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_canonical_json_is_that_of_the_library(value: Any) -> None:
    assert canonical_text(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "number",
    [
        1e21,
        1e20,
        123456789012345680000.0,
        1e-6,
        1e-7,
        1.5e-9,
        0.1,
        -0.0,
        5e-324,
        333333333.33333329,
    ],
)
def test_numbers_are_written_as_in_ecmascript(number: float) -> None:
    assert canonical_text(number).encode() == rfc8785.dumps(number)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}])
def test_what_is_no_json_has_no_canonical_form(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical_text(value)


FILES = {"README.txt": b"read me", "a/b.json": b"{}", "a/c.json": b"", "z.bin": bytes(range(256))}


def test_a_zip_is_read_back_and_read_by_others(tmp_path: Path) -> None:
    data = write_zip(dict(reversed(FILES.items())))
    assert data == write_zip(FILES)
    assert read_zip(data) == (FILES, [])
    import zipfile

    file = tmp_path / "x.zip"
    file.write_bytes(data)
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == FILES


def test_every_single_changed_byte_of_a_zip_is_found() -> None:
    data = write_zip(FILES)
    for at in range(len(data)):
        for change in (1, 128, 255):
            changed = bytearray(data)
            changed[at] ^= change
            _, faults = read_zip(bytes(changed))
            assert faults, at


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_bytes_put_in_or_taken_out_are_found(data: st.DataObject) -> None:
    whole = write_zip(FILES)
    at = data.draw(st.integers(0, len(whole)))
    more = data.draw(st.binary(min_size=1, max_size=40))
    less = data.draw(st.integers(1, 40))
    for changed in (whole[:at] + more + whole[at:], whole[:at] + whole[at + less :]):
        if changed == whole:
            continue
        try:
            _, faults = read_zip(changed)
        except NotAPack:
            continue
        assert faults


def test_what_is_around_the_zip_is_told_apart() -> None:
    data = write_zip(FILES)
    assert read_zip(b"junk" + data)[1] == [("the zip itself", "4 bytes stand before its beginning")]
    assert read_zip(data + b"!")[1] == [("the zip itself", "1 bytes stand after its end")]
    comment = data[:-2] + b"\x03\x00abc"
    assert ("the zip itself", "its end was changed") in read_zip(comment)[1]


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "a b", "ä", "", "a/", ".x", "a\\b"])
def test_a_pack_has_no_strange_names(name: str) -> None:
    with pytest.raises(ValueError):
        write_zip({name: b""})


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        _, faults = read_zip(b"PK\3\4" + data)
    except NotAPack:
        return
    assert faults


def keys_document(*listed: dict[str, Any]) -> bytes:
    return json.dumps({"installation": "i", "keys": listed}).encode()


def listed_key(key: Ed25519PrivateKey, by: Ed25519PrivateKey | None = None) -> dict[str, Any]:
    public = key.public_key().public_bytes_raw()
    return {
        "key_id": key_id_of(public),
        "algorithm": "ed25519",
        "public": base64.b64encode(public).decode(),
        "signed_by": None if by is None else key_id_of(by.public_key().public_bytes_raw()),
        "signature": None if by is None else sign_key(by, public),
    }


def test_a_key_is_given_as_key_fingerprint_or_file(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    document = keys_document(listed_key(key), listed_key(Ed25519PrivateKey.generate()))
    digest = hashlib.sha256(public).hexdigest()
    (tmp_path / "keys").write_text(f"# ours\n{base64.b64encode(public).decode()}\n")
    for said in (digest, digest[:16], f"sha256:{digest}", public.hex(), str(tmp_path / "keys")):
        found = Findings()
        assert trusted_keys(document, read_keys(said), found) == {key_id_of(public): public}
        assert found.ok
    found = Findings()
    assert trusted_keys(document, ["00" * 32], found) == {}
    assert not found.ok
    for wrong in ("0123", str(tmp_path / "none"), "hello"):
        with pytest.raises(ValueError):
            read_keys(wrong)


def test_a_key_that_the_given_one_signed_is_trusted_too() -> None:
    old, new, foreign = (Ed25519PrivateKey.generate() for _ in range(3))
    document = keys_document(listed_key(new, old), listed_key(old), listed_key(foreign, foreign))
    ring = trusted_keys(document, [key_id_of(old.public_key().public_bytes_raw())], Findings())
    assert set(ring.values()) == {k.public_key().public_bytes_raw() for k in (old, new)}


def test_base64_has_one_spelling() -> None:
    assert strict_base64("QUI=") == b"AB"
    for other in ("QUJ=", "QUI", "QUI=\n", " QUI=", "QU-=", None, 4):
        assert strict_base64(other) is None


@pytest.mark.parametrize(
    "text",
    [
        "messages: [{role: user, content: hi}]\n",
        "description: d\nowners: [a]\nmessages: [{role: user, content: '{{ x }}'}]\n"
        "inputs: {x: {description: what, pii: [name], trust: untrusted}}\n"
        "record: {intent: text, scope: {jurisdictions: [SG]}, sector: null, impact: {score: 1}}\n",
    ],
)
def test_the_members_of_a_record_have_its_digest(text: str) -> None:
    file = parse(text).file
    assert file is not None
    for inherited in ({}, {"scope": {"channels": ["web"]}, "sector": "none", "owner": "o"}):
        assert canonical_digest(documented_members(file, inherited)) == record_digest(
            file, inherited
        )


def test_the_program_is_one_file_of_the_standard_library(tmp_path: Path) -> None:
    program = verify_program()
    assert program == verify_program()
    tree = ast.parse(program, feature_version=(3, 9))
    modules = set()
    names: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module or "")
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [t.id for t in node.targets if isinstance(t, ast.Name)]
    assert {m.partition(".")[0] for m in modules} <= sys.stdlib_module_names | {"__future__"}
    assert len(names) == len(set(names)), "a name of one module hides that of another"
    file = tmp_path / "verify.py"
    file.write_bytes(program)
    done = subprocess.run([sys.executable, "-I", "-S", str(file)], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"usage" in done.stderr
