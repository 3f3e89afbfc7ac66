"""A push that was unpacked before a redaction and comes to the lock after it brings nothing back."""

from __future__ import annotations

from pathlib import Path

from bank import AUTHOR, Bank, prompt_text

from promptops_server.access.policy import authorise
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.sealing import Sealer
from promptops_server.registry.git import read
from promptops_server.registry.redaction.approve import approve_redaction
from promptops_server.registry.redaction.deps import SEALED_FOR, RedactionDeps
from promptops_server.registry.redaction.request import Wanted, request_redaction
from promptops_server.registry.redaction.upkeep import look_after
from support.git_remote import serve
from support.leftovers import places_holding
from support.stock_git import Git

BEA = Actor(subject="0190-bea", name="bea", admin=True)


def test_it_is_refused_under_the_lock(any_database: Database, tmp_path: Path) -> None:
    bank, git = Bank(any_database), Git(tmp_path / "home")
    bank.put("claims/triage", prompt_text("for Xaverina"))
    deps = RedactionDeps(any_database, authorise, Sealer(b"long enough a secret", SEALED_FOR))
    asked = request_redaction(
        deps, AUTHOR, "bank", Wanted("claims/triage", ["Xaverina"], reason="a name")
    )
    clone = tmp_path / "clone"
    with serve(any_database) as remote:
        git("clone", "-q", remote.url("bank"), str(clone))
        git("commit", "-q", "--allow-empty", "-m", "On top", cwd=clone)
        done: list[object] = []

        def meanwhile() -> None:
            if not done:
                done.append(approve_redaction(deps, BEA, "bank", asked.id))

        remote.answers.before_check = meanwhile
        pushed = git.run(
            "push", "origin", "HEAD:refs/heads/main", "HEAD:refs/heads/mine", cwd=clone
        )
    assert done and pushed.code != 0
    assert "taken out of this project by a redaction" in pushed.err
    look_after(deps)  # while the push was read, the log could not be cut
    assert places_holding(any_database, "Xaverina") == set()
    with any_database.read() as conn:
        assert list(read.refs(conn, bank.project.id)) == ["refs/heads/main"]
