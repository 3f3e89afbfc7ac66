"""Pushing to a mirror: what arrives, what is left alone, what a failure says and when it is tried again."""

from __future__ import annotations

from mirrored import ADMIN, Mirrored, prompt_text

from promptops_server.access.policy import authorise
from promptops_server.registry.edits.archive import archive_prompt
from promptops_server.registry.git import store
from promptops_server.registry.git.objects import TAG, prepare
from promptops_server.registry.mirror.overwrite import overwrite_mirror
from promptops_server.registry.mirror.push import claim, push_mirrors
from promptops_server.registry.mirror.push_now import push_now
from promptops_server.registry.mirror.set_mirror import PasswordGiven
from promptops_server.registry.ports import NothingLive

MAIN = "refs/heads/main"


def test_commits_arrive_with_the_same_ids_and_the_repository_is_sound(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("one"))
    bank.set()
    first = bank.settle()
    assert first.state == "ok"
    assert bank.host.refs() == bank.refs
    for number in range(1, 4):
        bank.put("claims/triage", prompt_text(f"edition {number}"), parent=number)
        assert bank.run_jobs() == 1
    archive_prompt(bank.db, ADMIN, authorise, NothingLive(), "bank", "claims/triage", parent=4)
    bank.settle()
    assert bank.host.refs() == bank.refs == bank.pushed()
    assert bank.host.fsck() == ""
    assert bank.mirror.pushed_at is not None


def test_only_what_the_host_lacks_is_sent(small_bank: Mirrored) -> None:
    for number in range(30):
        small_bank.put(f"claims/p{number}", prompt_text("x" * 3000 + str(number)))
    small_bank.set()
    small_bank.settle()
    small_bank.put("claims/new", prompt_text("little"))
    small_bank.host.seen.clear()
    small_bank.settle()
    posts = [headers for method, _, headers in small_bank.host.seen if method == "POST"]
    assert len(posts) == 1
    assert int(posts[0]["Content-Length"]) < 3_000


def test_main_environments_and_tags_go_out_and_other_branches_if_chosen(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("one"))
    tip = bank.refs[MAIN]
    bank.branch("refs/heads/env/staging")
    bank.branch("refs/heads/work")
    bank.move("refs/tags/v1", None, tip)
    bank.set()
    bank.settle()
    assert set(bank.host.refs()) == {MAIN, "refs/heads/env/staging", "refs/tags/v1"}
    bank.set(all_branches=True)
    bank.settle()
    assert bank.host.refs() == bank.refs


def test_a_ref_deleted_here_is_deleted_there_and_foreign_refs_stay(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("one"))
    tip = bank.refs[MAIN]
    bank.move("refs/tags/v1", None, tip)
    bank.set()
    bank.settle()
    bank.host.git("tag", "theirs", tip, cwd=bank.host.repository())
    bank.move("refs/tags/v1", tip, None)
    assert bank.settle().state == "ok"
    assert bank.host.refs() == {MAIN: tip, "refs/tags/theirs": tip}
    assert bank.pushed() == {MAIN: tip}


def test_a_branch_rewritten_here_is_rewritten_there(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("one"))
    first = bank.branch("refs/heads/work", text="first")
    bank.set(all_branches=True)
    bank.settle()
    bank.move("refs/heads/work", first, bank.refs[MAIN])
    assert bank.settle().state == "ok"
    assert bank.host.refs() == bank.refs


def test_annotated_tags_arrive(small_bank: Mirrored) -> None:
    small_bank.put("claims/triage", prompt_text("one"))
    tip = small_bank.refs[MAIN]
    text = f"object {tip}\ntype commit\ntag v2\ntagger Ada <a@b> 1700000000 +0000\n\nSecond\n"
    tag = prepare(TAG, text.encode())
    with small_bank.db.write() as tx:
        store.insert_objects(tx.conn, small_bank.project.id, [tag])
    small_bank.move("refs/tags/v2", None, tag.oid)
    small_bank.set()
    assert small_bank.settle().state == "ok"
    assert small_bank.host.refs() == small_bank.refs
    assert small_bank.host.fsck() == ""


def test_a_repository_the_project_was_imported_from_is_taken_over(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("one"))
    bank.set()
    bank.settle()
    bank.set(url=bank.host.url("moved.git"))
    bank.host.git("clone", "-q", "--bare", str(bank.host.repository()),
                  str(bank.host.root / "moved.git"))  # fmt: skip
    bank.host.git("config", "http.receivepack", "true", cwd=bank.host.root / "moved.git")
    bank.put("claims/triage", prompt_text("two"), parent=1)
    assert bank.settle().state == "ok"
    assert bank.host.refs("moved.git") == bank.refs


def test_a_host_that_is_down_is_tried_again_with_growing_waits(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("one"))
    bank.host.stop()
    bank.set()
    down = bank.settle()
    assert (down.state, down.attempts) == ("retrying", 1)
    assert down.problem is not None and "nothing takes connections" in down.problem.detail
    assert down.next_attempt_at is not None and down.attempted_at is not None
    assert down.next_attempt_at - down.attempted_at == 100_000_000
    bank.put("claims/triage", prompt_text("two"), parent=1)
    assert bank.settle().attempts == 1, "a commit does not hurry a retry"
    again = bank.retry()
    assert (again.state, again.attempts) == ("retrying", 2)
    assert (again.next_attempt_at or 0) - (again.attempted_at or 0) == 200_000_000
    bank.host.start()
    back = bank.retry()
    assert (back.state, back.attempts, back.problem) == ("ok", 0, None)
    assert bank.host.refs() == bank.refs


def test_a_busy_host_says_how_long_to_wait(small_bank: Mirrored) -> None:
    small_bank.put("claims/triage", prompt_text("one"))
    small_bank.host.answer_instead = lambda path: (503, {"Retry-After": "700"})
    small_bank.set()
    busy = small_bank.settle()
    assert busy.state == "retrying"
    assert (busy.next_attempt_at or 0) - (busy.attempted_at or 0) == 700_000_000


def test_a_wrong_password_waits_for_a_person(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("one"))
    bank.set(given=PasswordGiven("mirror", "wrong-password"))
    failed = bank.settle()
    assert failed.state == "failed"
    assert failed.problem is not None and failed.problem.code == "credentials"
    assert "does not accept the user and password" in failed.problem.detail
    assert "set the mirror's credentials again" in failed.problem.remedy
    assert failed.next_attempt_at is None
    asked = len(bank.host.seen)
    bank.put("claims/triage", prompt_text("two"), parent=1)
    bank.settle()
    assert len(bank.host.seen) == asked, "no password is tried at every commit"
    bank.set()
    assert bank.settle().state == "ok"
    assert bank.host.refs() == bank.refs


def test_a_missing_repository_and_a_redirect_are_told_apart(small_bank: Mirrored) -> None:
    small_bank.put("claims/triage", prompt_text("one"))
    small_bank.set(url=small_bank.host.url("nowhere.git"))
    failed = small_bank.settle()
    assert failed.problem is not None and failed.problem.code == "not-found"
    small_bank.host.answer_instead = lambda path: (
        301,
        {"Location": "http://169.254.169.254/x?token=abc"},
    )
    push_now(small_bank.db, ADMIN, authorise, "bank")
    moved = small_bank.settle()
    assert moved.problem is not None and moved.problem.code == "moved"
    assert "http://169.254.169.254/x" in moved.problem.detail
    assert "token" not in moved.problem.detail
    assert moved.state == "failed"


def test_what_somebody_else_pushed_is_kept_until_it_is_overwritten_by_its_id(
    bank: Mirrored,
) -> None:
    bank.put("claims/triage", prompt_text("one"))
    bank.branch("refs/heads/env/staging", text="live")
    bank.set()
    bank.settle()
    theirs = _foreign_commit(bank)
    bank.put("claims/triage", prompt_text("two"), parent=1)
    staged = bank.branch(
        "refs/heads/env/staging", parent=bank.refs["refs/heads/env/staging"], text="2"
    )
    diverged = bank.settle()
    assert diverged.state == "diverged"
    assert [(r.name, r.here, r.there) for r in diverged.held] == [(MAIN, bank.refs[MAIN], theirs)]
    assert bank.host.refs()[MAIN] == theirs, "nothing is lost"
    assert bank.host.refs()["refs/heads/env/staging"] == staged, "other refs go on"
    assert len(bank.events("mirror.diverged")) == 1
    push_now(bank.db, ADMIN, authorise, "bank")
    bank.settle()
    assert len(bank.events("mirror.diverged")) == 1, "the same divergence is told once"

    overwrite_mirror(bank.db, ADMIN, authorise, "bank", {MAIN: theirs})
    assert bank.settle().state == "ok"
    assert bank.host.refs() == bank.refs
    assert bank.host.fsck() == ""


def test_a_ref_that_moves_on_after_it_was_shown_is_not_overwritten(small_bank: Mirrored) -> None:
    bank = small_bank
    bank.put("claims/triage", prompt_text("one"))
    bank.set()
    bank.settle()
    shown = _foreign_commit(bank)
    bank.put("claims/triage", prompt_text("two"), parent=1)
    bank.settle()
    overwrite_mirror(bank.db, ADMIN, authorise, "bank", {MAIN: shown})
    newer = _foreign_commit(bank, "and more")
    assert bank.settle().state == "diverged"
    assert bank.host.refs()[MAIN] == newer
    assert [ref.there for ref in bank.mirror.held] == [newer]


def test_a_refusing_hook_holds_its_ref_only(small_bank: Mirrored) -> None:
    bank = small_bank
    hook = bank.host.repository() / "hooks" / "update"
    hook.write_text(
        "#!/bin/sh\n[ $1 = refs/heads/main ] && echo 'main is \x1b[31mprotected' >&2 && exit 1\nexit 0\n"
    )
    hook.chmod(0o755)
    bank.put("claims/triage", prompt_text("one"))
    bank.branch("refs/heads/env/staging")
    bank.set()
    failed = bank.settle()
    assert failed.state == "failed"
    assert failed.problem is not None and failed.problem.code == "refs-refused"
    assert "hook declined" in failed.problem.detail
    assert "main is [31mprotected" in failed.problem.detail
    assert set(bank.host.refs()) == {"refs/heads/env/staging"}
    hook.unlink()
    bank.put("claims/triage", prompt_text("two"), parent=1)
    assert bank.settle().state == "ok", "what the host refused is tried with the next commit"
    assert bank.host.refs() == bank.refs


def test_a_paused_mirror_gets_nothing_and_no_row_is_written(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("one"))
    bank.set()
    bank.settle()
    before = bank.host.refs()
    bank.set(enabled=False, given=None)
    bank.put("claims/triage", prompt_text("two"), parent=1)
    assert bank.run_jobs() == 0
    assert bank.host.refs() == before
    bank.set(given=None)
    assert bank.settle().state == "ok"
    assert bank.host.refs() == bank.refs


def test_projects_without_a_mirror_write_no_outbox_row(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("one"))
    assert bank.run_jobs() == 0


def test_a_commit_during_an_attempt_starts_the_next(small_bank: Mirrored) -> None:
    bank = small_bank
    bank.put("claims/triage", prompt_text("one"))
    bank.set()
    once: list[str] = []

    def meanwhile(path: str) -> None:
        if not once and "git-receive-pack" in path:
            once.append(path)
            bank.put("claims/triage", prompt_text("two"), parent=1)

    bank.host.answer_instead = meanwhile
    assert bank.run_jobs() >= 1
    assert bank.host.refs() != bank.refs
    bank.settle()
    assert bank.host.refs() == bank.refs


def test_two_attempts_do_not_run_at_once_and_a_repeated_run_goes_on(small_bank: Mirrored) -> None:
    bank = small_bank
    bank.put("claims/triage", prompt_text("one"))
    mirror = bank.set()
    first = claim(bank.deps, mirror.id, bank.project.id, "run-1")
    assert first is not None
    push_mirrors(bank.deps, bank.project.id, "run-2")
    assert bank.host.refs() == {}, "another run holds the lease"
    push_mirrors(bank.deps, bank.project.id, "run-1")
    assert bank.host.refs() == bank.refs, "the same run, started again after a crash"


def test_a_change_of_the_mirror_during_an_attempt_drops_its_result(small_bank: Mirrored) -> None:
    bank = small_bank
    bank.put("claims/triage", prompt_text("one"))
    bank.host.repository("other.git")
    bank.set()

    def meanwhile(path: str) -> None:
        if path.startswith("/bank.git") and bank.mirror.url == bank.host.url():
            bank.set(url=bank.host.url("other.git"))

    bank.host.answer_instead = meanwhile
    bank.run_jobs()
    assert bank.pushed() == {}, "what lies at the old address says nothing about the new one"
    assert bank.settle().state == "ok"
    assert bank.host.refs("other.git") == bank.refs


def _foreign_commit(bank: Mirrored, text: str = "by hand") -> str:
    """Somebody commits on the mirror's `main`; returns the commit."""
    git, path = bank.host.git, bank.host.repository()
    tree = git("rev-parse", "refs/heads/main^{tree}", cwd=path)
    made = git("commit-tree", "-p", "refs/heads/main", "-m", text, tree, cwd=path)
    git("update-ref", "refs/heads/main", made, cwd=path)
    return made
