"""`prompt edit`: a prompt in the user's own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from promptops.cli import addresses
from promptops.cli.asking import somebody_is_there
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.commands.prompt.put import MessageOption
from promptops.cli.failures import BadInput, Failure, ServerProblem
from promptops.cli.output import JsonOption, Output, note, report_failure
from promptops.cli.session import connect
from promptops.cli.texts import put_text, read_file, read_text
from promptops.format.names import Address

_NEW = """\
name: {name}
messages:
  - role: user
    content: |-
      Write the prompt here. {{{{ name }}}} is a variable.
"""


@command(
    app,
    "edit",
    [
        "promptops prompt edit retail-bank/claims/triage",
        "EDITOR='code --wait' promptops prompt edit retail-bank/claims/triage -m 'Shorter'",
    ],
)
def edit(
    ctx: typer.Context,
    given: Annotated[str, typer.Argument(metavar="ADDRESS", help="project/module/prompt")],
    message: MessageOption = None,
    json: JsonOption = False,
) -> None:
    """Open a prompt in $VISUAL or $EDITOR and write the result as its next version.

    If it cannot be written, your text stays in a file that is named.
    """
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        base: int | None = None
        before = _NEW.format(name=address.path.rpartition("/")[2]).encode()
        try:
            found = read_text(server, address)
            base, before = found.number, found.content
        except ServerProblem as problem:
            if problem.status != 404:
                raise
        file = _scratch_file(address, before)
        try:
            while True:
                _open_editor(file)
                text = read_file(file)
                if text == before:
                    note("Nothing was changed.")
                    out.json({"changed": False, "version": base})
                    break
                try:
                    made = put_text(
                        server, address, text, parent=base, message=message, source=str(file)
                    )
                except ServerProblem as problem:
                    if not _open_again(problem):
                        raise
                    continue
                out.json(made)
                out.line(f"{address} is version {made['version']} now.")
                break
        except Failure:
            note(f"Your text is in {file}.")
            raise
    file.unlink()
    file.parent.rmdir()


def _scratch_file(address: Address, content: bytes) -> Path:
    """A private file whose name tells an editor what it is."""
    folder = Path(tempfile.mkdtemp(prefix="promptops-"))
    file = folder / f"{address.path.rpartition('/')[2]}.prompt.yml"
    file.write_bytes(content)
    return file


def _open_editor(file: Path) -> None:
    default = "notepad" if os.name == "nt" else "vi"
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or default
    try:
        words = [*shlex.split(editor), str(file)]
        ended = subprocess.run(words, check=False).returncode  # noqa: S603 - the user's own
    except (OSError, ValueError) as error:
        raise BadInput(
            f"the editor {editor!r} cannot be started: {error}", remedy="set EDITOR"
        ) from None
    if ended != 0:
        raise BadInput(f"the editor {editor!r} ended with code {ended}; nothing was written")


def _open_again(problem: ServerProblem) -> bool:
    """Show what is wrong with the text and offer to correct it."""
    if problem.status != 422 or not somebody_is_there():
        return False
    report_failure(problem.document, as_json=False)
    return typer.confirm("Edit it again?", default=True, err=True)
