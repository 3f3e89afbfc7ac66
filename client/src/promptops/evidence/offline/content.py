"""A release and its prompts inside a pack: the signed statement, the artifact, both digests, and what was approved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from promptops.evidence.offline.canonical import canonical_digest
from promptops.evidence.offline.ed25519 import ed25519_holds
from promptops.evidence.offline.findings import Findings
from promptops.evidence.offline.keyring import strict_base64

_RECEIVED = (
    *("template", "model", "messages", "parameters", "tools", "responseFormat"),
    *("jsonSchema", "inputs", "variants", "retrieval"),
)
"""The members of an artifact that the behaviour digest covers."""

_SIGNED = (
    *("project", "path", "request", "behaviour", "record", "tier", "verdict", "accepted"),
    *("conditions", "report_hash", "reason", "meaning", "name", "signed_at"),
)
"""What a signature's payload hash covers, in this order of the documentation."""


def check_release(
    release: Mapping[str, Any],
    manifest: Mapping[str, Any],
    ring: Mapping[str, bytes],
    found: Findings,
) -> dict[str, list[Any]]:
    """Check the signed statement of the release; returns what it says of each path."""
    at, header = "release.json", release["header"]
    statement_text = header["statement"]
    public, signature = ring.get(header["key_id"]), strict_base64(header["signature"])
    text = f"promptops-header-v1\n{header['as_of']}\n{header['key_id']}\n{statement_text}"
    if public is None:
        found.fault(at, f"its statement is signed by {header['key_id']}, a key that is not trusted")
    elif signature is None or not ed25519_holds(public, text.encode(), signature):
        found.fault(at, "the signature of its statement is wrong")
    statement = json.loads(statement_text)
    subject = manifest["subject"]
    for name, said in (
        ("project", subject["project"]),
        ("environment", subject["environment"]),
        ("release", subject["release"]),
        ("installation", manifest["installation"]),
    ):
        if statement[name] != said:
            found.fault(at, f"its statement is of {name} {statement[name]}, the pack of {said}")
    if release["statement_hash"] != hashlib.sha256(statement_text.encode()).hexdigest():
        found.fault(at, "the hash of its statement is not the one given")
    found.held.append(
        f"release r{statement['release']} of {statement['project']}@{statement['environment']} was signed "
        f"at {statement['acknowledged_at']}"
    )
    return {change[0]: change for change in statement["changes"]}


def check_prompt(
    folder: str,
    files: Mapping[str, bytes],
    changes: Mapping[str, list[Any]] | None,
    found: Findings,
) -> None:
    """Check one prompt of the pack; `changes` is what the release's statement says, None without a release."""
    version = json.loads(files[f"{folder}/version.json"])
    if changes is not None:
        change = changes.get(version["path"])
        if change is None:
            found.fault(f"{folder}/version.json", "the release did not change this prompt")
        elif change[2] != version["version"]:
            found.fault(f"{folder}/version.json", f"the release says version {change[2]}")
    else:
        change = None
    prompt_file = f"{folder}/{version['file']}"
    if git_id(files[prompt_file], len(version["blob"])) != version["blob"]:
        found.fault(prompt_file, "is not the file that Git has under its id")
    artifact_file = f"{folder}/artifact.json"
    if artifact_file in files:
        _check_artifact(artifact_file, files[artifact_file], version, change, found)
    elif change is not None and change[4]:
        found.fault(artifact_file, "is missing; the release has one")
    documented = f"{folder}/documented.json"
    if documented in files and version["record"]:
        if canonical_digest(json.loads(files[documented])) != version["record"]:
            found.fault(documented, "has not the record digest of the version")
        else:
            found.held.append(f"{version['address']}: the record digest")
    _check_approvals(f"{folder}/approvals.json", files, version, found)


def git_id(content: bytes, length: int) -> str:
    """The id that Git gives to a file: SHA-1, or SHA-256 where ids have 64 digits."""
    text = b"blob %d\0" % len(content) + content
    made = hashlib.sha256(text) if length == 64 else hashlib.sha1(text, usedforsecurity=False)
    return made.hexdigest()


def _check_artifact(
    at: str, content: bytes, version: Mapping[str, Any], change: list[Any] | None, found: Findings
) -> None:
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    if change is not None and change[4] != digest:
        found.fault(at, f"has the digest {digest}, the signed release says {change[4]}")
    elif change is not None:
        found.held.append(
            f"{version['address']}: the artifact is the one the release was signed over"
        )
    artifact = json.loads(content)
    for name in ("project", "path", "version", "commit"):
        if artifact[name] != version[name]:
            found.fault(at, f"is of {name} {artifact[name]}, the version of {version[name]}")
    received = {name: artifact.get(name) for name in _RECEIVED}
    received["inputs"] = {
        name: {k: v for k, v in given.items() if k not in ("description", "pii")}
        for name, given in artifact["inputs"].items()
    }
    full = {k: v for k, v in received.items() if v is not None and v != "" and v != {} and v != []}
    if not canonical_digest(full) == artifact["behaviour"] == version["behaviour"]:
        found.fault(at, "has not the behaviour digest of the version")
    else:
        found.held.append(f"{version['address']}: the behaviour digest")


def _check_approvals(
    at: str, files: Mapping[str, bytes], version: Mapping[str, Any], found: Findings
) -> None:
    decisions = signatures = 0
    for request in json.loads(files[at])["requests"]:
        for decision in request["decisions"]:
            name = f"{decision['verdict']} by {decision['name']} in request {request['number']}"
            decisions += 1
            for kind in ("behaviour", "record"):
                if decision[kind] != version[kind]:
                    found.fault(at, f"the decision {name} is bound to another {kind} digest")
            signature = decision["signature"]
            if signature is None:
                continue
            signatures += 1
            said = {
                **decision,
                "project": version["project"],
                "path": version["path"],
                "request": request["number"],
                **{key: signature[key] for key in ("meaning", "name", "signed_at")},
            }
            payload = {key: said[key] for key in _SIGNED}
            if canonical_digest(payload) != "sha256:" + signature["payload_hash"]:
                found.fault(at, f"the signature of the decision {name} covers something else")
    if decisions:
        found.held.append(
            f"{version['address']}: decisions bound to its digests: {decisions}, signed: {signatures}"
        )
    else:
        found.notes.append(f"{version['address']}: no decisions are recorded in this pack")
