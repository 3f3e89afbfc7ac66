"""A bank with a record, an approval as the workflow tells it, and a release: all that a pack is made of."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from promptops.audit.checkpoint import signing_bytes
from promptops.delivery.header import key_id_of
from promptops.evidence.offline.whole import evidence_signing_bytes
from promptops.format.canonical import canonical_bytes
from promptops_server.access.policy import authorise
from promptops_server.audit.checkpoints import CheckpointDeps
from promptops_server.compliance.export_pack import Pack, PackDeps, export_prompt, export_release
from promptops_server.compliance.pack import Signing, Sources
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.registry.edits.put import put_prompt
from promptops_server.registry.model import Project, Version
from promptops_server.registry.versions import find_version
from promptops_server.releases.live import LiveVersions
from server.releases.release_world import AUTHOR, PROJECT, World, actor_with

AUDITOR = actor_with("auditor", name="otto")
PATH = "claims/motor/triage"
MESSAGE = (
    "Sort the claim {{ claim }} into one of: glass, collision, theft, other. Answer with one word."
)
RECORD = """\
record:
  use_case_id: UC-RB-014
  intent: >-
    Sorts incoming motor claims by kind so that a handler with the right experience reads them first. It decides
    nothing: a handler reads every claim.
  scope: {jurisdictions: [SG, MY], channels: [claims portal], audience: [claims handlers]}
  out_of_scope: [deciding a claim, amounts of money]
  decision_role: assist
  decision_kinds: claims
  impact: {score: 2, reason: A claim sorted wrongly waits a day longer for the right handler.}
  complexity: {score: 2, reason: Free text in four languages and one word as the answer.}
  reliance: {score: 1, reason: A handler reads every claim before anything happens to it.}
  controls: [a handler reads every claim, weekly sample of fifty claims]
  residual_tier: low
  model: {hosting: external, opaque: true}
  affects_people: true
  affected_groups: [people who claim, people named in a claim]
  fairness_notes: Claims in Malay and Tamil were sorted as well as those in English, see the weekly sample.
  limitations: [claims in other languages than the four, photographs]
  data_class: personal
  change: {reason: Glass claims are told apart now, class: minor, ticket: RB-2210}
"""


def file_of(message: str = MESSAGE, name: str = "Motor claims triage", record: str = RECORD) -> str:
    """A prompt file with a record of a medium tier, not quite complete."""
    return (
        f"name: {json.dumps(name, ensure_ascii=False)}\nmodel: openai/gpt-4o-2024-08-06\n"
        "owners: [maria.lopez, tom.becker]\nmodelParameters: {temperature: 0.2, max_tokens: 5}\n"
        "inputs:\n  claim: {description: The claim as written, trust: untrusted, pii: true}\n"
        f"messages:\n  - role: system\n    content: {json.dumps(message, ensure_ascii=False)}\n"
        "  - role: user\n    content: '{{> shared/tone@1 }}'\n" + record
    )


@dataclass(frozen=True)
class Decided:
    verdict: str
    role: str
    name: str
    at: int
    reason: str
    behaviour: str
    record: str
    tier: str = "medium"
    identity: str = ""
    accepted: tuple[str, ...] = ()
    conditions: Any = None
    report_hash: str | None = None
    signature: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Commented:
    by: str
    at: int
    body: str
    line: int | None = None
    resolved: bool = False


@dataclass(frozen=True)
class Requested:
    number: int
    state: str
    behaviour: str
    record: str
    decisions: Sequence[Decided]
    comments: Sequence[Commented] = ()
    tier: str = "medium"
    message: str = "Tells glass claims apart, as the handlers asked for."
    opened_by: str = "ada"
    opened_at: int = 1_767_225_600_000_000
    approved_at: int | None = 1_767_312_000_000_000


@dataclass(frozen=True)
class Dossiers:
    requests: Sequence[Requested] = ()


def signed(version: Version, request: int, decided: Decided, meaning: str) -> Decided:
    """The decision with a signature over it, as the workflow makes them."""
    assert version.behaviour and version.record
    payload = {
        "project": version.project, "path": version.path, "request": request, "behaviour": decided.behaviour,
        "record": decided.record, "tier": decided.tier, "verdict": decided.verdict,
        "accepted": list(decided.accepted), "conditions": decided.conditions,
        "report_hash": decided.report_hash, "reason": decided.reason, "meaning": meaning,
        "name": decided.name, "signed_at": "2026-01-02T00:00:00.000000Z",
    }  # fmt: skip
    return Decided(
        **{
            name: getattr(decided, name)
            for name in decided.__dataclass_fields__
            if name != "signature"
        },
        signature={
            "meaning": meaning,
            "name": decided.name,
            "signed_at": "2026-01-02T00:00:00.000000Z",
            "payload_hash": hashlib.sha256(canonical_bytes(payload)).hexdigest(),
            "components": ["password", "totp"],
        },
    )


@dataclass
class PackWorld(World):
    """The world of releases, and what packs need: one key signs everything."""

    db: Database
    folder: Path
    dossiers: dict[str, Dossiers] = field(default_factory=dict)
    continuity: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        World.__init__(self, self.db)
        self.key = self.signer.key
        self.key_id = key_id_of(self.signer.public)
        self.checkpoints = CheckpointDeps(
            self.db,
            lambda text: self.sign(signing_bytes(text, self.key_id)),
            self.folder / "checkpoints.jsonl",
        )
        self.packs = PackDeps(
            self.db,
            authorise,
            self.checkpoints,
            Signing(
                self.signer,
                lambda manifest: self.sign(evidence_signing_bytes(manifest, self.key_id)),
                self.keys,
            ),
            Sources(LiveVersions(), self.dossier_of, self.continuity_of),
        )

    def sign(self, content: bytes) -> tuple[str, str]:
        return self.key_id, base64.b64encode(self.key.sign(content)).decode()

    def keys(self) -> bytes:
        from sqlalchemy import select

        from promptops_server.infra.tables import installation

        with self.db.read() as conn:
            owner = conn.execute(select(installation.c.id)).scalar()
        public = base64.b64encode(self.signer.public).decode()
        listed = {
            "key_id": self.key_id,
            "algorithm": "ed25519",
            "public": public,
            "signed_by": None,
            "signature": None,
        }
        return json.dumps({"installation": owner, "keys": [listed]}).encode()

    def dossier_of(self, conn: Connection, project: Project, version: Version) -> Dossiers:
        return self.dossiers.get(version.address, Dossiers())

    def continuity_of(
        self, conn: Connection, project: Project, path: str
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return self.continuity

    def write(self, path: str, text: str) -> int:
        """Write the next version of a prompt."""
        with self.db.read() as conn:
            found = find_version(conn, self.project, path)
        made = put_prompt(
            self.db, AUTHOR, authorise, PROJECT, path, text, parent=found.number if found else None
        )
        return made.version.number

    def approve(self, path: str, number: int) -> None:
        """What the workflow tells of a version that was reviewed, signed and approved."""
        with self.db.read() as conn:
            version = find_version(conn, self.project, path, number)
        assert version is not None and version.behaviour and version.record
        bound = {"behaviour": version.behaviour, "record": version.record}
        first = Decided(
            "review", "reviewer", "rahel", 1_767_240_000_000_000,
            "Read with ten claims of last week; the glass claims are found.", **bound, identity="p-rahel",
            accepted=("supplementary_data",),
        )  # fmt: skip
        second = Decided(
            "approve", "approver", "anna", 1_767_312_000_000_000, "Fine for motor claims.", **bound,
            identity="p-anna", conditions=["weekly sample stays in place"],
        )  # fmt: skip
        request = Requested(
            3,
            "approved",
            **bound,
            decisions=(first, signed(version, 3, second, "approval")),
            comments=(
                Commented(
                    "rahel", 1_767_239_000_000_000, "Say what happens to theft of parts.", 7, True
                ),
            ),
        )
        self.dossiers[version.address] = Dossiers((request,))

    def pack(
        self,
        selector: str | None = "staging",
        *,
        actor: Actor = AUDITOR,
        path: str = PATH,
        position: int | None = None,
    ) -> Pack:
        return export_prompt(self.packs, actor, PROJECT, path, selector, position)

    def release_pack(self, number: int, *, actor: Actor = AUDITOR) -> Pack:
        return export_release(self.packs, actor, PROJECT, "staging", number, None)


def bank(db: Database, folder: Path) -> PackWorld:
    """Two versions of a prompt with a fragment and defaults; the second is approved and live in staging."""
    world = PackWorld(db, folder)
    world.put("shared/tone", "Answer in the language of {{ claim }}.")
    world.write(PATH, file_of("Sort the claim {{ claim }}. Answer with one word."))
    world.publish(PATH, reason="first version for the handlers")
    number = world.write(PATH, file_of())
    world.approve(PATH, number)
    world.publish(PATH, reason="glass claims are told apart", ticket="RB-2210")
    return world
