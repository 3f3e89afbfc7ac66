"""`play`: one prompt on several model targets at once, as they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.amounts import millionths
from promptops.cli.command import command
from promptops.cli.failures import BadInput, ServerProblem
from promptops.cli.inputs import InputsFileOption, InputsOption, read_inputs, typed
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.played import Shown, shown_on
from promptops.cli.session import Session, api, connect
from promptops.cli.texts import read_file, read_text
from promptops.format.names import EXTENSIONS, Address

_EXAMPLES = [
    "promptops play retail-bank/claims/triage --models gpt-prod,claude-backup -i claim='Hail'",
    "promptops play triage.prompt.yml --as retail-bank/claims/triage --models local -i claim=@c.txt",
    "promptops play retail-bank/claims/triage --models local -i claim=Hail --save-case hail "
    "--expect-contains motor",
]
_SILENCE_SECONDS = 45.0


def add_to(root: typer.Typer) -> None:
    """Put `play` in the tree."""
    command(root, "play", _EXAMPLES)(play)


def play(
    ctx: typer.Context,
    given: Annotated[
        str, typer.Argument(metavar="ADDRESS|FILE", help="A version, or a prompt file here.")
    ],
    models: Annotated[
        str, typer.Option("--models", "-m", metavar="A,B", help="The targets to ask.")
    ],
    inputs: InputsOption = None,
    inputs_file: InputsFileOption = None,
    address: Annotated[
        str, typer.Option("--as", metavar="ADDRESS", help="Of a file: whose prompt it is.")
    ] = "",
    max_cost: Annotated[
        str, typer.Option("--max-cost", metavar="DOLLARS", help="Ask nothing that may cost more.")
    ] = "",
    save_case: Annotated[
        str,
        typer.Option(
            "--save-case", metavar="NAME", help="Then make it a case of the prompt's suite."
        ),
    ] = "",
    expect_contains: Annotated[
        list[str] | None,
        typer.Option(
            "--expect-contains",
            metavar="TEXT",
            help="What the case's answer must contain; again for more.",
        ),
    ] = None,
    expect: Annotated[
        str,
        typer.Option("--expect", metavar="TEXT", help="What the case's answer is compared with."),
    ] = "",
    suite: Annotated[
        str,
        typer.Option("--suite", metavar="NAME", help="The case's suite, instead of the prompt's."),
    ] = "",
    json: JsonOption = False,
) -> None:
    """Try a prompt on several models and watch them answer. Nothing of it is kept, unless you save a case.

    Exit 1 when a model gives no answer. On a terminal with one model the text comes as it is
    written; with several, one below the other.
    """
    if (expect_contains or expect or suite) and not save_case:
        raise BadInput("a case has no name", remedy="name it with --save-case")
    out = Output(json)
    values = read_inputs(inputs or [], inputs_file)
    names = [name.strip() for name in models.split(",") if name.strip()]
    if not names:
        raise BadInput("no model is named", remedy="--models gpt-prod,claude-backup")
    with connect(ctx) as server:
        where, body, declared = _prompt(server, given, address)
        filled = typed(values, declared)
        if save_case and not expect:
            _refuse_without_expected(server, where, suite, filled)
        body.update(inputs=filled, targets=names)
        if max_cost:
            body["max_cost"] = millionths(max_cost)
        shown = shown_on(out, names)
        for event in _events(server, where.project, body):
            shown.take(event)
        shown.finish()
        saved = None
        if save_case:
            checks = [
                {"name": f"contains {text}"[:80], "string": {"contains": text}}
                for text in expect_contains or ()
            ]
            saved = server.post(
                api("projects", where.project, "playground", "cases"),
                {
                    "path": where.path,
                    "name": save_case,
                    "inputs": filled,
                    "checks": checks,
                    **({"expected": expect} if expect else {}),
                    **({"suite": suite} if suite else {}),
                },
            )
            note(f"Case {saved['case']} is in {saved['file']} ({saved['cases']} there).")
    out.json({**shown.document(), **({"saved": saved} if saved else {})})
    _fail(shown)


def _refuse_without_expected(
    server: Session, where: Address, suite: str, inputs: Mapping[str, Any]
) -> None:
    """Before anything is asked and paid: the server would refuse the case afterwards. Raises BadInput."""
    from promptops.format.expected import lacking_expected
    from promptops.format.suite import SuiteCase, parse_suite

    path = suite if "/" in suite else f"{where.path}.{suite}" if suite else where.path
    try:
        text = server.get(api("projects", where.project, "suites", path))["text"]
    except ServerProblem as problem:
        if problem.status == 404:
            return  # a new suite, which asks nothing yet
        raise
    found = parse_suite(text).suite
    lacking = lacking_expected(found.evaluators, SuiteCase("", "", inputs)) if found else ()
    if lacking:
        raise BadInput(
            f"the suite {path} compares answers with what a case expects ({lacking[0].name}), "
            "and this case expects nothing: it could only fail",
            remedy="say it with --expect TEXT, or name another suite with --suite",
        )


def _fail(shown: Shown) -> None:
    if shown.failed:
        raise typer.Exit(1)


def _prompt(
    server: Session, given: str, as_: str
) -> tuple[Address, dict[str, Any], Mapping[str, Mapping[str, Any]]]:
    """Whose prompt it is, the request's beginning, and the types of its inputs as far as the file says."""
    from promptops.format import parse

    if given.endswith(EXTENSIONS):
        if not as_:
            raise BadInput(
                f"{given} is a file, and whose prompt it is does not stand in it",
                remedy="say it with --as PROJECT/MODULE/PROMPT",
            )
        where = addresses.bare_prompt(as_)
        content = read_file(Path(given))
        try:
            body: dict[str, Any] = {"path": where.path, "content": content.decode()}
        except UnicodeDecodeError:
            raise BadInput(f"{given} is not UTF-8", remedy="save it as UTF-8") from None
    else:
        if as_:
            raise BadInput("--as is for a file", remedy="leave it away")
        where = addresses.prompt(given)
        found = read_text(server, where)
        content = found.content
        body = {"path": f"{where.path}@{found.number}"}
    file = parse(content).file
    declared = {} if file is None else {name: {"type": i.type} for name, i in file.inputs.items()}
    return where, body, declared


def _events(
    server: Session, project: str, body: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and data of each event."""
    import json as json_module

    kind = ""
    lines = server.lines(
        api("projects", project, "playground"),
        params={},
        headers={"Accept": "text/event-stream"},
        silence=_SILENCE_SECONDS,
        body=body,
    )
    for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json_module.loads(line.removeprefix("data: "))
