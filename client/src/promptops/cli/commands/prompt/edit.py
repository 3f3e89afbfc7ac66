"""`prompt edit`: a prompt in the user's own editor.

What is typed becomes the user's working copy before anything else is tried with it: whatever happens then, the text is
on the server, and the next `prompt edit` goes on with it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.asking import somebody_is_there
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.commands.prompt.put import MessageOption
from promptops.cli.copies import (
    Copy,
    change,
    changed,
    find_copy,
    save_copy,
    show_findings,
    show_standing,
)
from promptops.cli.failures import BadInput, Failure, ServerProblem
from promptops.cli.output import JsonOption, Output, note, report_failure
from promptops.cli.session import Session, connect
from promptops.cli.texts import read_file, read_text
from promptops.format.names import Address

_NEW = """\
name: {name}
messages:
  - role: user
    content: |-
      Write the prompt here. {{{{ name }}}} is a variable.
"""


@dataclass
class _Edit:
    """What is being edited: the text as last fetched, the version it was made from, the saved copy if there is one."""

    text: bytes
    parent: int | None
    copy: Copy | None


@command(
    app,
    "edit",
    [
        "promptops prompt edit retail-bank/claims/triage",
        "promptops prompt edit retail-bank/claims/triage --keep",
        "EDITOR='code --wait' promptops prompt edit retail-bank/claims/triage -m 'Shorter'",
    ],
)
def edit(
    ctx: typer.Context,
    given: Annotated[str, typer.Argument(metavar="ADDRESS", help="project/module/prompt")],
    message: MessageOption = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Only keep it as your working copy; commit it later.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Open a prompt in $VISUAL or $EDITOR and write the result as its next version.

    Goes on with your working copy, if you have one. If the text cannot be written, it stays your working copy.
    """
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        work = _begin(server, address)
        while True:
            _type(server, address, work)
            if work.copy is None:
                note("Nothing was changed.")
                out.json({"changed": False, "version": work.parent})
                return
            if keep or not _wanted(work.copy, message):
                out.json(work.copy.fields)
                _say_kept(address)
                return
            try:
                made = _commit(server, address, work, message)
            except Failure:
                _say_kept(address)
                raise
            if made is not None:
                break
    out.json(made)
    out.line(f"{address} is version {made['version']} now.")


def _begin(server: Session, address: Address) -> _Edit:
    copy = find_copy(server, address)
    if copy is not None:
        note(f"This goes on with your working copy, {copy.base}.")
        show_standing(copy.fields)
        return _Edit(copy.text.encode(), copy.fields["parent"], copy)
    try:
        found = read_text(server, address)
    except ServerProblem as problem:
        if problem.status != 404:
            raise
        return _Edit(_NEW.format(name=address.path.rpartition("/")[2]).encode(), None, None)
    return _Edit(found.content, found.number, None)


def _type(server: Session, address: Address, work: _Edit) -> None:
    """One visit of the editor; what changed is saved. On a failure the file stays and is named."""
    file = _scratch_file(address, work.text)
    try:
        _open_editor(file)
        text = read_file(file)
        if text != work.text:
            tag = work.copy.tag if work.copy else None
            parent = None if work.copy else work.parent or 0
            work.copy = save_copy(server, address, text, tag=tag, parent=parent)
            work.text = text
    except Failure:
        note(f"Your text is in {file}.")
        raise
    file.unlink()
    file.parent.rmdir()


def _wanted(copy: Copy, message: str | None) -> bool:
    """Whether it is to be committed. A person who gave no message is asked."""
    if message is not None or not somebody_is_there():
        return True
    show_findings(copy, str(copy.fields["address"]))
    return not copy.fields["valid"] or typer.confirm(
        "Make it the next version?", default=True, err=True
    )


def _commit(
    server: Session, address: Address, work: _Edit, message: str | None
) -> dict[str, Any] | None:
    """The new version; None when the editor is to be opened again."""
    assert work.copy is not None
    try:
        answer = change(server, address, "commit", {"message": message}, work.copy.tag)
    except ServerProblem as problem:
        if problem.slug_received == "stale-version":
            problem.document["remedy"] = (
                f"merge it: promptops working-copy rebase {address}; then commit it"
            )
        if not somebody_is_there() or problem.status not in (409, 422):
            raise
        if problem.slug_received == "stale-version":
            _merge(server, address, work, problem)
            return None
        report_failure(problem.document, as_json=False)
        if problem.status != 422 or not typer.confirm("Edit it again?", default=True, err=True):
            raise
        return None
    made: dict[str, Any] = answer.value
    return made


def _merge(server: Session, address: Address, work: _Edit, problem: ServerProblem) -> None:
    """There is a newer version: merge it, and look at the result in the editor."""
    note(problem.detail)
    if not typer.confirm("Merge it into your text and look at that?", default=True, err=True):
        raise problem
    merged = changed(server, address, "rebase")
    count = len(merged.fields["conflicts"])
    note(f"{count} conflicts are marked in the text." if count else "Nothing conflicts.")
    work.copy, work.text = merged, merged.text.encode()
    work.parent = merged.fields["parent"]


def _say_kept(address: Address) -> None:
    note(
        f"Your text is your working copy of {address}. To go on: promptops prompt edit {address}\n"
        f"to write it as it is: promptops working-copy commit {address}"
    )


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
