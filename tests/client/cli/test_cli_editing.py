"""Restoring, moving, copying, bulk edits and fragments on the command line, against a real server."""

from __future__ import annotations

from collections.abc import Callable

from support.cli import Cli

Put = Callable[..., int]


def fragment(says: str) -> str:
    return f"messages:\n  - role: system\n    content: {says}\n"


def user_of(pin: str) -> str:
    return f'# kept\nmessages:\n  - role: user\n    content: "{{{{> house/style@{pin} }}}} x"\n'


def test_an_old_version_and_an_archived_prompt_come_back(
    signed_in: Cli, project: str, put: Put
) -> None:
    address = f"{project}/a"
    put(address, fragment("one"))
    put(address, fragment("two"))
    assert signed_in("prompt", "restore", address).code == 2  # not archived, no version named
    assert signed_in("prompt", "restore", f"{address}@production").code == 2
    assert signed_in("prompt", "restore", f"{address}@9").code == 2
    done = signed_in("prompt", "restore", f"{address}@1", "-m", "Back", "--json")
    assert (done.code, done.json["version"], done.json["message"]) == (0, 3, "Back")
    assert signed_in("prompt", "archive", address).code == 0
    back = signed_in("prompt", "restore", address)
    assert back.out == f"{address} is back: version 4 has the text of version 3.\n"
    assert signed_in("prompt", "show", address).out == fragment("one")


def test_prompts_and_modules_move_and_are_copied(signed_in: Cli, project: str, put: Put) -> None:
    put(f"{project}/house/style", fragment("Be brief."))
    put(f"{project}/m/a", user_of("1"))
    put(f"{project}/m/b", fragment("b"))
    published = signed_in("publish", f"{project}/m/a@1", "--to", "staging", "--reason", "Test")
    assert published.code == 0, published.err
    moved = signed_in("prompt", "move", f"{project}/m/", f"{project}/n/", "-m", "New name")
    assert moved.code == 0, moved.err
    assert f"{project}/m/a@1 → {project}/n/a@1\n" in moved.out
    assert "m/a@1 is still live in staging" in moved.err
    follow = signed_in(
        *("prompt", "move", f"{project}/house/style", f"{project}/legal/", "--update-pins"),
    )
    assert "pins updated: n/a@2" in follow.err
    assert "{{> legal/style@1 }} x" in signed_in("prompt", "show", f"{project}/n/a").out
    # What was live under the old address, and the moved one, can both be published.
    assert signed_in("publish", f"{project}/n/a", "--to", "staging", "--reason", "Moved").code == 0
    rendered = signed_in("get", f"{project}/n/a@staging")
    assert "Be brief. x" in rendered.out
    put(f"{project}/late", user_of("1"))  # a pin on the address the fragment had
    assert signed_in("publish", f"{project}/late", "--to", "staging", "--reason", "Late").code == 0
    other = f"{project}-2"
    assert signed_in("project", "create", other).code == 0
    refused = signed_in("prompt", "copy", f"{project}/n/a", f"{other}/x/")
    assert refused.code == 2
    assert "legal/style@1" in refused.err
    copied = signed_in(
        *("prompt", "copy", f"{project}/n/", f"{other}/", "--with-fragments", "--json")
    )
    assert {item["path"] for item in copied.json["prompts"]} == {"a", "b", "legal/style"}
    taken = signed_in("prompt", "copy", f"{project}/n/b", f"{other}/b")
    assert (taken.code, "there is a prompt at b" in taken.err) == (1, True)


def test_many_prompts_are_edited_at_once(signed_in: Cli, project: str, put: Put) -> None:
    for name in ("m/a", "m/b", "c"):
        put(f"{project}/{name}", "# kept\n" + fragment(name) + "tags: [old]\n")
    assert signed_in("bulk", project, "--add-tag", "new").code == 2  # every prompt: say --all
    assert signed_in("bulk", project, "--all").code == 2
    assert signed_in("bulk", f"{project}/m/a", "--tag", "x", "--archive").code == 2
    seen = signed_in(
        "bulk", f"{project}/m/", "--add-tag", "new", "--remove-tag", "old", "--dry-run"
    )
    assert (seen.code, seen.out.count("+tags: [new]")) == (0, 2)
    done = signed_in(
        *("bulk", project, "--tag", "old", "--set-owner", "maya", "--add-tag", "new", "--json")
    )
    assert (done.json["changed"], done.json["refused"]) == (3, 0)
    shown = signed_in("prompt", "show", f"{project}/c").out
    assert shown == "# kept\n" + fragment("c") + "tags: [old, new]\nowners:\n  - maya\n"
    stale = signed_in("bulk", f"{project}/c@1", f"{project}/none", "--archive", "--dry-run")
    assert stale.code == 1
    assert "c it is at version 2 now, not 1" in stale.err
    assert "none there is no such prompt" in stale.err
    assert signed_in("bulk", f"{project}/c@1", "--archive", "--yes").code == 1
    moved = signed_in("bulk", f"{project}/m/", "--move-to", "/", "--yes", "--json")
    assert {item["to"] for item in moved.json["items"]} == {"a", "b"}
    gone = signed_in("bulk", project, "--all", "--archive", "--yes", "--json")
    assert gone.json["changed"] == 3
    assert signed_in("bulk", project, "--all", "--restore", "--json").json["changed"] == 5


def test_fragments_are_followed_and_upgraded(signed_in: Cli, project: str, put: Put) -> None:
    style = f"{project}/house/style"
    put(style, fragment("Be kind."))
    put(f"{project}/a", user_of("1"))
    put(style, fragment("Be brief, {{ name }}."))
    strict = "inputs:\n  x: {}\n" + user_of("1").replace(" x", " {{ x }}")
    put(f"{project}/strict", strict)
    uses = signed_in("fragment", "uses", style).out.splitlines()
    assert [line.split("\t")[:4] for line in uses] == [
        ["a", "@1", "house/style@1", "yes"],
        ["strict", "@1", "house/style@1", "yes"],
    ]
    impact = signed_in("fragment", "impact", style)
    assert impact.code == 1
    assert "a@1: its text changes; new input name (required)" in impact.out
    assert "+Be brief, {{ name }}. x" in impact.out
    assert "strict" in impact.err
    seen = signed_in("fragment", "upgrade", style, "--dry-run")
    assert (seen.code, "+    content: " in seen.out) == (1, True)
    assert signed_in("fragment", "upgrade", style).code == 1
    only = signed_in(
        "fragment", "upgrade", style, "--only", f"{project}/a", "-m", "Brief", "--json"
    )
    assert [(i["path"], i["result"]) for i in only.json["items"]] == [("a", "changed")]
    shown = signed_in("prompt", "show", f"{project}/a").out
    assert shown == user_of("2")
    left = signed_in("fragment", "upgrade", style, "--skip-refused", "--by", "digest", "--yes")
    assert left.code == 0
    assert "strict\trefused\t@1" in left.out
    assert "house/style@sha256:" in signed_in("prompt", "show", f"{project}/a").out
    assert "fragment.upgrade" in signed_in("audit", "log", "--project", project).out
