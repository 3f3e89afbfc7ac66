"""`promptops import --git`: a repository with its history into a project of a real server."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from support.cli import Cli
from support.git_remote import WorkTree
from support.histories import DEEP, INVALID, MOVED_FROM, MOVED_TO, LivedIn, lived_in, prompt
from support.server import RunningServer
from support.stock_git import Git


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """The stock client for what the user does without us."""
    return Git(tmp_path / "home")


@pytest.fixture
def repository(git: Git, tmp_path: Path) -> LivedIn:
    """Its default branch has another name than ours."""
    return lived_in(git, tmp_path / "prompts", branch="trunk")


def test_a_repository_arrives_with_its_history(
    signed_in: Cli, server: RunningServer, token: str, git: Git, repository: LivedIn, tmp_path: Path
) -> None:
    folder, name = str(repository.tree.folder), "lived-in"
    planned = signed_in("import", "--git", folder, "-p", name, "--create", "--dry-run", "--json")
    assert planned.code == 0, planned.err
    assert signed_in("project", "show", name).code != 0
    done = signed_in("import", "--git", folder, "-p", name, "--create", "--all", "--json")
    assert done.code == 0, done.err
    said = done.json
    total = sum(len(versions) for versions in repository.versions.values())
    counts = {"commits": repository.commits, "prompts": 6, "versions": total}
    assert {key: said[key] for key in counts} == counts
    assert {key: planned.json[key] for key in counts} == counts
    assert said["other_files"] == planned.json["other_files"] == repository.other_files
    for answer in (said, planned.json):
        [invalid] = answer["invalid"]
        assert (invalid["file"], invalid["line"]) == (f"{INVALID}.prompt.yml", 1)
    assert (said["branch"], said["branches"], said["tags"]) == (
        "trunk",
        ["next"],
        ["light", "v1", "v1-again"],
    )
    [left] = said["left_out"]
    assert left["ref"] == "refs/heads/env/production"
    assert "reserved" in left["reason"]

    listed = signed_in("prompt", "list", name, "--invalid", "--json").json["items"]
    assert [item["path"] for item in listed] == [INVALID]
    with server.api(token) as api:
        for path, valid in repository.versions.items():
            items = api.get(f"/projects/{name}/versions/{path}").json()["items"]
            assert [item["valid"] for item in reversed(items)] == valid, path
        moved = api.get(f"/projects/{name}/versions/{MOVED_TO}@1").json()
        assert moved["moved_from"] == f"{MOVED_FROM}@1"

    git(
        "clone",
        "-q",
        f"http://x:{token}@127.0.0.1:{server.port}/git/{name}.git",
        str(tmp_path / "back"),
    )
    back = tmp_path / "back"
    assert git("rev-parse", "main", cwd=back) == repository.tree("rev-parse", "trunk")
    assert git("rev-parse", "v1-again", cwd=back) == repository.tree("rev-parse", "v1-again")
    assert git.run("fsck", "--strict", "--no-dangling", cwd=back).code == 0

    again = signed_in("import", "--git", folder, "-p", name)
    assert again.code == 0, again.err
    assert "has all commits of trunk already" in again.err
    assert f"{INVALID}.prompt.yml:1:" in again.err
    repository.tree.write({f"{DEEP}.prompt.yml": prompt("deep 3")})
    more = signed_in("import", "--git", f"file://{folder}", "-p", name)
    assert more.code == 0, more.err
    assert "versions:    1\n" in more.out
    log = signed_in("prompt", "log", f"{name}/{DEEP}").out.splitlines()
    assert len(log) == 3
    assert all("\tBen Ito (by " in line for line in log)
    blamed = signed_in("prompt", "blame", f"{name}/{DEEP}").out.splitlines()
    assert all(" Ben Ito " in line for line in blamed)


def test_a_report_for_people_names_what_is_invalid_and_left_out(
    signed_in: Cli, repository: LivedIn, project: str
) -> None:
    done = signed_in("import", "--git", str(repository.tree.folder), "-p", project)
    assert done.code == 0, done.err
    assert f"invalid, cannot be released: {INVALID}.prompt.yml:1: " in done.err
    assert "left out: refs/tags/v1: not asked for; --all brings" in done.err
    assert f"commits:     {repository.commits}\n" in done.out


def test_the_log_says_when_a_version_was_committed_long_before_it_came(
    signed_in: Cli, git: Git, project: str, tmp_path: Path
) -> None:
    git.env["GIT_COMMITTER_DATE"] = "2019-03-04T05:06:07+0100"
    git("init", "-q", str(tmp_path / "old"))
    tree = WorkTree(git, tmp_path / "old")
    tree.write({"a.prompt.yml": prompt(1)}, "Long ago")
    del git.env["GIT_COMMITTER_DATE"]
    tree.write({"a.prompt.yml": prompt(2)}, "Today")
    assert signed_in("import", "--git", str(tree.folder), "-p", project).code == 0
    newest, oldest = signed_in("prompt", "log", f"{project}/a").out.splitlines()
    assert "committed" not in newest
    assert oldest.split("\t")[1].endswith("(committed 2019-03-04 04:06:07Z)")


def test_the_token_is_in_no_command_line_and_no_file(
    signed_in: Cli,
    repository: LivedIn,
    project: str,
    token: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A `git` in front of the real one writes down what it is called with and what lies in the repository."""
    seen = tmp_path / "seen"
    real = shutil.which("git")
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >> {seen}\n{real} "$@"\ncode=$?\n'
        f'test "$1" = -C && cat "$2/config" >> {seen}\nexit $code\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    done = signed_in("import", "--git", str(repository.tree.folder), "-p", project)
    assert done.code == 0, done.err
    written = seen.read_text()
    assert "push" in written
    assert "repositoryformatversion" in written
    assert token not in written + done.out + done.err


def test_another_branch_becomes_main_when_it_is_named(
    signed_in: Cli, repository: LivedIn, project: str
) -> None:
    folder = str(repository.tree.folder)
    missing = signed_in("import", "--git", folder, "-p", project, "--branch", "nope")
    assert missing.code == 2
    assert "choose one of: env/production, next, trunk" in missing.err
    done = signed_in("import", "--git", folder, "-p", project, "--branch", "next", "--json")
    assert done.code == 0, done.err
    assert done.json["head"] == repository.tree("rev-parse", "next")


def test_a_history_that_does_not_continue_the_projects_is_refused(
    signed_in: Cli, git: Git, repository: LivedIn, project: str, tmp_path: Path
) -> None:
    folder = str(repository.tree.folder)
    assert signed_in("import", "--git", folder, "-p", project).code == 0
    other = lived_in(git, tmp_path / "other")
    other.tree("commit", "-q", "--amend", "-m", "Another end")
    refused = signed_in("import", "--git", str(other.tree.folder), "-p", project)
    assert refused.code == 1
    assert "does not continue them" in refused.err
    assert "--create" in refused.err


def test_a_project_with_versions_takes_no_invalid_file_and_says_so_in_a_dry_run(
    signed_in: Cli, repository: LivedIn, project: str
) -> None:
    folder = str(repository.tree.folder)
    assert signed_in("import", "--git", folder, "-p", project).code == 0
    repository.tree.write({"ops/second.prompt.yml": "messages: ["})
    planned = signed_in("import", "--git", folder, "-p", project, "--dry-run")
    assert planned.code == 1
    assert "ops/second.prompt.yml:1" in planned.err
    refused = signed_in("import", "--git", folder, "-p", project)
    assert refused.code == 1
    assert "ops/second.prompt.yml:1" in refused.err
    assert "nothing of the push was kept" in refused.err


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("--upload-pack=touch pwned", "no address of a repository"),
        ("ext::sh -c touch% pwned", "helper program"),
        ("fd::17", "helper program"),
        ("ftp://example.com/a.git", "no way to reach a repository"),
        ("ssh://-oProxyCommand=touch/x", "cannot be read"),
        ("no/such/folder", "no folder"),
        ("a\nb", "no address of a repository"),
        ("", "no PATH"),
        (".", "does not appear to be a git repository"),
        ("empty", "has no branch"),
        ("shallow", "shallow clone"),
        ("file.txt", "is a file"),
    ],
)
def test_what_is_no_repository_is_bad_input(
    signed_in: Cli,
    project: str,
    git: Git,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    told: str,
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (work / "file.txt").write_text("x")
    git("init", "-q", "empty", cwd=work)
    if address == "shallow":
        lived_in(git, tmp_path / "whole")
        git("clone", "-q", "--depth", "2", f"file://{tmp_path}/whole", "shallow", cwd=work)
    done = signed_in("import", f"--git={address}", "-p", project)
    assert done.code == 2, done.err
    assert told in done.err
    assert not (work / "pwned").exists()


def test_without_git_the_way_to_it_is_told(
    signed_in: Cli, project: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = signed_in("import", "--git", str(tmp_path), "-p", project)
    assert done.code == 2
    assert "`git` is not installed" in done.err


def test_options_of_files_and_of_repositories_do_not_mix(
    signed_in: Cli, project: str, tmp_path: Path
) -> None:
    for arguments, told in (
        (("--git", ".", "--module", "m"), "--module does not go with it"),
        ((str(tmp_path), "--git", "."), "a PATH does not go with it"),
        ((str(tmp_path), "--all"), "for repositories only"),
        ((), "no PATH"),
    ):
        done = signed_in("import", *arguments, "-p", project)
        assert done.code == 2
        assert told in done.err


def test_a_viewer_is_told_why_nothing_can_be_brought(
    cli: Cli,
    server: RunningServer,
    repository: LivedIn,
    project: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROMPTOPS_TOKEN", server.token("vera", "viewer", project))
    done = cli("import", "--git", str(repository.tree.folder), "-p", project)
    assert done.code == 1, done.err
    assert "may not" in done.err
    missing = cli("import", "--git", str(repository.tree.folder), "-p", "no-such-project")
    assert missing.code == 2
    assert "--create makes no-such-project" in missing.err
