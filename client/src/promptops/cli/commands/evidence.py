"""`evidence` and `evidence verify`: packs of evidence about a release, fetched and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from promptops.cli import addresses
from promptops.cli.command import command, group_with_default
from promptops.cli.failures import BadInput, Refused
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.session import api, connect

app = typer.Typer(
    help="Evidence about a release, for auditors: fetch a pack (`evidence ADDRESS`), check one.",
    cls=group_with_default("pack"),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@command(
    app,
    "pack",
    [
        "promptops evidence retail-bank/claims/triage@production -o triage.zip",
        "promptops evidence pack retail-bank/claims/triage@7 -o triage-7.zip",
        "promptops evidence retail-bank@production --release r12 -o r12.zip",
    ],
)
def pack(
    ctx: typer.Context,
    about: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="A prompt as @production or @7 has it; or PROJECT@ENVIRONMENT."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to.")],
    release: Annotated[
        str,
        typer.Option(
            "--release", metavar="RELEASE", help="A whole release of the environment: r12."
        ),
    ] = "",
    position: Annotated[
        int | None,
        typer.Option("--position", min=1, help="As of the audit checkpoint over so many entries."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    json: JsonOption = False,
) -> None:
    """Fetch the evidence pack of a prompt or a release. The export is audited.

    The word `pack` may be left out.
    """
    if release:
        project, environment = addresses.environment(about)
        number = addresses.release_number(release if release.startswith("r") else f"r{release}")
        path = api(
            "projects", project, "environments", environment, "releases", str(number), "evidence"
        )
    else:
        if "/" not in about:
            raise BadInput(
                f"{about!r} names no prompt",
                remedy="write project/module/prompt@production, or project@production --release r12",
            )
        found = addresses.prompt(about)
        selector = about.rpartition("@")[2] if found.selector is not None else ""
        path = api(
            "projects", found.project, "evidence", found.path + (f"@{selector}" if selector else "")
        )
    if output.exists() and not force:
        raise Refused(f"{output} exists already", remedy="choose another name, or say --force")
    with connect(ctx) as server:
        answer = server.request("GET", path, params={"position": position})
    try:
        output.write_bytes(answer.body)
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror or error}") from None
    at = answer.headers.get("promptops-log-position")
    out = Output(json)
    out.json(
        {
            "file": str(output),
            "bytes": len(answer.body),
            "sha256": answer.headers.get("etag", "").strip('"'),
            "position": int(at) if at else None,
        }
    )
    if not json:
        note(f"{output}; check it with: promptops evidence verify {output}")


@command(
    app,
    "verify",
    [
        "promptops evidence verify triage.zip --key installation.pub",
        "promptops evidence verify triage.zip --key 9f86d081884c7d65 --json",
    ],
)
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A pack.")],
    key: Annotated[
        str,
        typer.Option(
            "--key",
            metavar="KEY|FINGERPRINT|FILE",
            help="The installation's key (base64 or hex), its SHA-256 (16 digits or more), or a file of such.",
        ),
    ] = "",
    json: JsonOption = False,
) -> None:
    """Check a pack, without a server. Exit code 1 when something is wrong, 2 when it is no pack."""
    from promptops.evidence.check import check
    from promptops.evidence.offline.container import MAX_ZIP_BYTES, NotAPack
    from promptops.evidence.offline.whole import read_keys

    out = Output(json)
    try:
        given = read_keys(key) if key else []
        with file.open("rb") as opened:
            data = opened.read(MAX_ZIP_BYTES + 1)
        if len(data) > MAX_ZIP_BYTES:
            raise NotAPack("it is larger than any pack")
        found = check(data, given)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror or error}") from None
    except NotAPack as error:
        raise BadInput(f"{file} is no evidence pack: {error}") from None
    except ValueError as error:
        raise BadInput(str(error)) from None
    out.json(found.to_value())
    for line in found.lines():
        out.line(line)
    if not found.ok:
        wrong = ", ".join(dict.fromkeys(name for name, _ in found.faults))
        raise Refused(f"the pack was changed or does not hold together: {wrong}")
