"""The tree of commands: which word leads to which file in `commands`."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer

from promptops.cli.command import Group, Later, group
from promptops.cli.session import Settings
from promptops.cli.words import COMMANDS, GROUPS


class _Tree(Group):
    """Every word, each with its file still to be read."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for word, file, text in COMMANDS:
            self.add_command(Later(word, text, _command, file))
        for word, file, text in GROUPS:
            self.add_command(Later(word, text, _group, file))


def _command(word: str, file: str) -> Any:
    tree = group("")
    import_module(f"promptops.cli.commands.{file}").add_to(tree)
    return typer.main.get_group(tree).commands[word]


def _group(word: str, file: str) -> Any:
    found = typer.main.get_group(import_module(f"promptops.cli.commands.{file}").app)
    found.name = word
    return found


app = group(
    "Write, version, publish and read prompts.\n\n"
    "Addresses: project/module/prompt, with @7 (version), @production (what is live there) or "
    "@3f9c2ab (commit).\n\n"
    "Environment: PROMPTOPS_URL, PROMPTOPS_TOKEN, PROMPTOPS_LOGIN_FILE, NO_COLOR. "
    "Exit codes: 0 done, 1 refused, 2 bad input, 3 the server cannot be reached.",
    cls=_Tree,
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"promptops {version('promptops-client')}")
        raise typer.Exit


@app.callback()
def settings(
    ctx: typer.Context,
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="The server, instead of PROMPTOPS_URL.")
    ] = "",
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an unexpected error happened.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    ctx.obj = Settings(url=url, debug=debug)
