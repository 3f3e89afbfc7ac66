"""A redaction rewrites refs: the mirror, which holds what was pushed there, follows by force."""

from __future__ import annotations

from mirrored import Mirrored, prompt_text

from promptops_server.access.policy import authorise
from promptops_server.infra.actor import Actor
from promptops_server.infra.sealing import Sealer
from promptops_server.registry.redaction.approve import approve_redaction
from promptops_server.registry.redaction.deps import SEALED_FOR, RedactionDeps
from promptops_server.registry.redaction.request import Wanted, request_redaction

ONE, OTHER = (Actor(subject=f"0190-{name}", name=name, admin=True) for name in ("one", "other"))


def test_the_mirror_follows_by_force(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("first"))
    bank.put("claims/triage", prompt_text("for Xaverina"), parent=1)
    bank.set()
    bank.settle()
    old = bank.refs
    deps = RedactionDeps(bank.db, authorise, Sealer(b"a secret that is long enough", SEALED_FOR))
    asked = request_redaction(
        deps, ONE, "bank", Wanted("claims/triage", ["Xaverina"], reason="a name")
    )
    done = approve_redaction(deps, OTHER, "bank", asked.id)
    assert done.done is not None and done.done["mirror"] == "pushed by force"
    assert bank.settle().state == "ok"
    assert bank.host.refs() == bank.refs != old
    assert bank.host.fsck() == ""
