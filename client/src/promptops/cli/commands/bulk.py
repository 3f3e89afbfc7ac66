"""`bulk`: the same edits to many prompts, as one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from promptops.cli import addresses, finding
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command
from promptops.cli.companions import show_carried
from promptops.cli.failures import BadInput, Refused
from promptops.cli.output import JsonOption, Output, note, warn
from promptops.cli.releasing import YesOption
from promptops.cli.session import Session, api, connect

_SHOWN = 50


def add_to(app: typer.Typer) -> None:
    """Put `bulk` at the top of the tree."""
    command(app, "bulk", _EXAMPLES)(bulk)


_EXAMPLES = [
    "promptops bulk retail-bank --tag draft --add-tag reviewed --remove-tag draft --dry-run",
    "promptops bulk retail-bank/claims/ --set-owner maya@bank.example -m 'Claims has a new owner'",
    "promptops bulk retail-bank/a@3 retail-bank/b@1 --move-to archive/2026 --yes",
    "promptops bulk retail-bank --module old --archive --yes",
]
_Texts = list[str] | None


def bulk(
    ctx: typer.Context,
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="PLACE...",
            help="A project, a module with a slash at its end, or prompts "
            "(with @version: refused if there is a newer one).",
        ),
    ],
    module: Annotated[str, typer.Option("--module", help="Only below this module.")] = "",
    q: finding.Words = None,
    environment: finding.Environment = None,
    state: finding.StateOption = None,
    model: finding.Model = None,
    tag: finding.Tags = None,
    owner: finding.Owner = None,
    changed_since: finding.Since = None,
    invalid: finding.Invalid = False,
    everything: Annotated[bool, typer.Option("--all", help="All prompts of the project.")] = False,
    add_tag: Annotated[_Texts, typer.Option("--add-tag", metavar="TAG")] = None,
    remove_tag: Annotated[_Texts, typer.Option("--remove-tag", metavar="TAG")] = None,
    set_owner: Annotated[
        _Texts, typer.Option("--set-owner", metavar="OWNER", help="Exactly these owners.")
    ] = None,
    add_owner: Annotated[_Texts, typer.Option("--add-owner", metavar="OWNER")] = None,
    remove_owner: Annotated[_Texts, typer.Option("--remove-owner", metavar="OWNER")] = None,
    set_model: Annotated[str, typer.Option("--set-model", metavar="MODEL")] = "",
    move_to: Annotated[
        str | None,
        typer.Option("--move-to", metavar="MODULE", help="Under their names; / for the top."),
    ] = None,
    archive: Annotated[bool, typer.Option("--archive", help="Archive them.")] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="Bring archived ones back, before other edits.")
    ] = False,
    skip_refused: Annotated[
        bool, typer.Option("--skip-refused", help="Edit the others if some cannot be edited.")
    ] = False,
    message: Annotated[str | None, typer.Option("--message", "-m", metavar="TEXT")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change; exit 1 if refused.")
    ] = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Edit many prompts as one commit: tags, owners, model, module, archive, restore.

    Comments and order of the files stay. If something cannot be done to some prompts, nothing is
    written and they are named. At a terminal it shows what will change and asks.
    """
    out = Output(json)
    operations = _operations(
        restore=restore,
        add_tags=add_tag,
        remove_tags=remove_tag,
        set_owners=set_owner,
        add_owners=add_owner,
        remove_owners=remove_owner,
        set_model=set_model,
        move_to=move_to,
        archive=archive,
    )
    if not operations:
        raise BadInput("there is nothing to do", remedy="say what, for example --add-tag reviewed")
    filters = finding.query_of(
        module=module,
        q=q,
        environment=environment,
        state=state,
        model=model,
        tag=tag,
        owner=owner,
        changed_since=changed_since,
        archived=False,
        invalid=invalid,
    )
    project, select = _selection(given, filters, everything)
    body: dict[str, Any] = {
        "select": select,
        "operations": operations,
        "message": message,
        "skip_refused": skip_refused,
    }
    with connect(ctx) as server:
        if dry_run:
            preview = _send(server, project, {**body, "dry_run": True})
            out.json(preview)
            _show(out, preview, diffs=True)
            _refuse(preview, skip_refused)
            return
        if not yes and somebody_is_there():
            preview = _send(server, project, {**body, "dry_run": True})
            _show(Output(False, aside=True), preview, diffs=len(preview["items"]) == 1)
            _refuse(preview, skip_refused)
            confirm(f"Edit {preview['changed']} prompts of {project}?")
            # What was shown is what is sent: these prompts, at the versions that were shown.
            body["select"] = {
                "prompts": [
                    {"path": item["path"], "version": item["from_version"]}
                    for item in preview["items"]
                    if item["result"] == "changed"
                ]
            }
        done = _send(server, project, body)
    out.json(done)
    _show(out, done, diffs=False)


def _operations(**given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for op, value in given.items():
        if op in ("archive", "restore"):
            found += [{"op": op}] if value else []
        elif op == "move_to":
            found += [] if value is None else [{"op": op, "module": value.strip("/")}]
        elif value:
            key = op.partition("_")[2]
            found.append({"op": op, key: value})
    return found


def _selection(
    given: Sequence[str], filters: dict[str, Any], everything: bool
) -> tuple[str, dict[str, Any]]:
    places = [addresses.place(text) for text in given]
    project = addresses.one_project(places)
    if len(given) == 1 and (not places[0].path or given[0].endswith("/")):
        if places[0].path and "module" in filters:
            raise BadInput("a module is named twice", remedy="leave --module away")
        chosen = {"module": places[0].path, **filters} if places[0].path else filters
        if not chosen and not everything:
            raise BadInput(
                "this would be every prompt of the project",
                remedy="choose with --module, --tag, -q or another filter, or say --all",
            )
        return project, chosen or {"all": True}
    if filters or everything:
        raise BadInput(
            "prompts are named and filters given", remedy="name the project alone, or prompts alone"
        )
    picked: list[dict[str, Any]] = []
    for text, place in zip(given, places, strict=True):
        version = place.selector.version if place.selector else None
        if not place.path or text.endswith("/") or (place.selector and version is None):
            raise BadInput(f"{text!r} is not one prompt", remedy="write project/module/prompt@3")
        picked.append({"path": place.path, **({"version": version} if version else {})})
    return project, {"prompts": picked}


def _send(server: Session, project: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = server.post(api("projects", project, "bulk"), body)
    return answer


def _show(out: Output, answer: Mapping[str, Any], *, diffs: bool) -> None:
    items = [item for item in answer["items"] if item["result"] != "unchanged"]
    out.table(
        ("PROMPT", "RESULT", "VERSION", "NOTES"),
        (
            (
                item["path"],
                "archived" if item["archived"] and item["result"] == "changed" else item["result"],
                f"@{item['version']}" if item["version"] else "",
                item["reason"] or (f"→ {item['to']}" if item["to"] != item["path"] else ""),
            )
            for item in items[:_SHOWN]
        ),
        "Nothing would change." if answer["dry_run"] else "Nothing was changed.",
    )
    if len(items) > _SHOWN:
        out.line(f"… and {len(items) - _SHOWN} more; --json lists all")
    carried = [file for item in items for file in item["companions"]]
    show_carried(out, carried)
    if diffs:
        for item in items[:_SHOWN]:
            out.diff(item["diff"])
    if out.as_json:
        return
    counts = ", ".join(f"{answer[r]} {r}" for r in ("changed", "unchanged", "refused") if answer[r])
    where = f" in commit {answer['commit'][:7]}" if answer["commit"] else ""
    note(f"{counts or 'no prompts'}{where}.")
    for item in items[:_SHOWN]:
        for place in item["live"]:
            warn(f"{item['path']}@{place['version']} is still live in {place['environment']}")


def _refuse(preview: Mapping[str, Any], skip_refused: bool) -> None:
    refused = [item for item in preview["items"] if item["result"] == "refused"]
    if refused and not skip_refused:
        raise Refused(
            f"{len(refused)} of {len(preview['items'])} prompts would be refused",
            errors=[{"path": item["path"], "message": item["reason"]} for item in refused],
        )
