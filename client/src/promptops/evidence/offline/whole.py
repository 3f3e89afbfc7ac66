"""The check of a whole pack: container, manifest, signature, then everything the files say of each other."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from promptops.evidence.offline.auditing import check_audit
from promptops.evidence.offline.container import MAX_ZIP_BYTES, NotAPack, read_zip
from promptops.evidence.offline.content import check_prompt, check_release
from promptops.evidence.offline.ed25519 import ed25519_holds
from promptops.evidence.offline.findings import Findings
from promptops.evidence.offline.keyring import is_a_key, strict_base64, trusted_keys

PACK_VERSION = 1
MANIFEST, SIGNATURE = "manifest.json", "signature.json"


def evidence_signing_bytes(manifest: bytes, key_id: str) -> bytes:
    """The bytes that a pack's signature covers."""
    return f"promptops-evidence-v1\n{key_id}\n".encode() + manifest


def check_pack(data: bytes, given: Sequence[str] = ()) -> tuple[Findings, dict[str, bytes]]:
    """Check a pack; returns the findings and its files.

    Args:
        data: of the zip.
        given: keys or fingerprints to trust; without any, the keys that the pack brings.

    Raises:
        NotAPack: it is no zip of files.
    """
    files, damages = read_zip(data)
    found = Findings(key_given=bool(given), files=len(files))
    for file, text in damages:
        found.fault(file, text)
    if not damages:
        found.held.append("the zip is byte for byte the one of its files")
    try:
        manifest = json.loads(files[MANIFEST])
        if manifest["evidence_pack"] != PACK_VERSION:
            found.fault(
                MANIFEST, f"is of version {manifest['evidence_pack']}; this reads {PACK_VERSION}"
            )
        found.subject = dict(manifest["subject"])
        ring = trusted_keys(files["keys.json"], list(given), found)
        _check_manifest(manifest, files, found)
        _check_signature(files, ring, found)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        found.fault(MANIFEST, "cannot be read, or a file that every pack has is missing")
        return found, files
    try:
        _check_meaning(manifest, files, ring, found)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        if found.ok:  # with a changed file this says nothing new
            found.fault("the pack", f"a file is not built as its reader expects: {error!r}"[:200])
    return found, files


def _check_manifest(manifest: dict[str, Any], files: dict[str, bytes], found: Findings) -> None:
    listed = manifest["files"]
    for name, content in files.items():
        if name in (MANIFEST, SIGNATURE):
            continue
        if name not in listed:
            found.fault(name, "is not in the manifest")
        elif hashlib.sha256(content).hexdigest() != listed[name]["sha256"]:
            found.fault(name, "is not what the manifest says")
    for name in listed:
        if name not in files:
            found.fault(name, "is in the manifest, and missing")
    found.held.append(f"{len(listed)} files are those of the manifest")


def _check_signature(files: dict[str, bytes], ring: dict[str, bytes], found: Findings) -> None:
    value = json.loads(files[SIGNATURE])
    usual = json.dumps(
        {"key_id": value["key_id"], "signature": value["signature"]}, indent=1, sort_keys=True
    )
    if files[SIGNATURE] != usual.encode() + b"\n":
        found.fault(SIGNATURE, "is not written as signatures are")
    found.key_id = str(value["key_id"])
    public, signature = ring.get(value["key_id"]), strict_base64(value["signature"])
    if public is None:
        found.fault(SIGNATURE, f"is by {str(value['key_id'])[:40]}, a key that is not trusted")
        return
    found.fingerprint = hashlib.sha256(public).hexdigest()
    text = evidence_signing_bytes(files[MANIFEST], found.key_id)
    if signature is None or not ed25519_holds(public, text, signature):
        found.fault(SIGNATURE, "is not a signature of this manifest")
        found.fault(MANIFEST, "is not the manifest that was signed")
    else:
        found.held.append("the manifest is signed")


def _check_meaning(
    manifest: dict[str, Any], files: dict[str, bytes], ring: dict[str, bytes], found: Findings
) -> None:
    release = json.loads(files["release.json"])
    changes = check_release(release, manifest, ring, found) if release["header"] else None
    if changes is None:
        found.notes.append("this pack is of a version that no release is shown for")
    for prompt in manifest["subject"]["prompts"]:
        check_prompt(prompt["folder"], files, changes, found)
    bodies = check_audit(files, manifest, ring, found)
    if changes is None or not manifest["audit_complete"]:
        return
    number = f"r{manifest['subject']['release']}"
    name = f"{manifest['subject']['project']}@{manifest['subject']['environment']}"
    for body in bodies:
        about = body["object"]
        if about["type"] == "release" and about["id"] == name and about["version"] == number:
            if about["hash"] != release["statement_hash"]:
                found.fault("release.json", "the audit log recorded another statement")
            else:
                found.held.append(f"the audit log recorded this release in event {body['seq']}")
            return
    found.fault("audit/events.jsonl", "does not hold the event of the release")


def read_keys(text: str) -> list[str]:
    """The keys that a person gives: one, or a file with one a line, where `#` begins a note. Raises ValueError."""
    if is_a_key(text):
        return [text.strip()]
    try:
        lines = Path(text).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        raise ValueError(f"{text} is neither a key, a fingerprint, nor a file of such") from None
    keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    wrong = [key for key in keys if not is_a_key(key)]
    if wrong or not keys:
        raise ValueError(
            f"{text} holds {wrong[0][:40]!r}, which is no key" if wrong else f"{text} is empty"
        )
    return keys


def main(arguments: Sequence[str]) -> int:
    """The program `verify.py`: exit code 0 when all holds, 1 when something is wrong, 2 for no pack."""
    rest = list(arguments)
    keys: list[str] = []
    try:
        if "--key" in rest:
            at = rest.index("--key")
            keys = read_keys(rest[at + 1])
            del rest[at : at + 2]
        (file,) = rest
        with open(file, "rb") as opened:
            data = opened.read(MAX_ZIP_BYTES + 1)
        if len(data) > MAX_ZIP_BYTES:
            raise NotAPack("it is larger than any pack")
        found, _ = check_pack(data, keys)
    except (OSError, NotAPack, ValueError, IndexError) as error:
        print(
            f"usage: python verify.py pack.zip [--key KEY|FINGERPRINT|FILE]\n{error}",
            file=sys.stderr,
        )
        return 2
    found.notes.append(
        "not checked here: that the prompt file compiles to the artifact; `promptops evidence verify` does"
    )
    for line in found.lines():
        print(line.encode("ascii", "backslashreplace").decode())
    return 0 if found.ok else 1
