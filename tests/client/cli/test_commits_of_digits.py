"""A commit whose abbreviated id has no letter, wherever an address is given."""

from __future__ import annotations

from collections.abc import Callable

from support.cli import Cli


def file_with(text: str) -> str:
    return f"messages:\n  - role: user\n    content: {text}\n"


def test_its_version_is_shown_and_published(
    signed_in: Cli, project: str, put: Callable[..., int]
) -> None:
    """About one commit in 28 is one; without one among the first 400 something else is wrong."""
    cli, address = signed_in, f"{project}/claims/triage"
    for count in range(1, 401):
        put(
            address,
            file_with(f"Sort {count}"),
            *([] if count == 1 else ["--parent", str(count - 1)]),
        )
        start = cli("prompt", "show", address, "--json").json["commit"][:7]
        if start.isdecimal() and start[0] != "0":
            break
    assert start.isdecimal()
    assert cli("prompt", "show", f"{address}@{start}").out == file_with(f"Sort {count}")
    done = cli("publish", f"{address}@{start}", "--to", "staging", "-r", "it works", "--json")
    assert done.code == 0, done.err
    assert done.json["prompts"][0]["version"] == count
    assert cli("publish", f"{address}@9999999", "--to", "staging", "-r", "none").code != 0
