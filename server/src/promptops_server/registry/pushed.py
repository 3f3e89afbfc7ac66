"""What a push to `main` means: its steps numbered, its prompt files checked. Answers `git.ports.PushedVersions`.

The files at the new tip must be valid, each error told with file, line and key; only the first push to an empty
line may bring invalid ones, which become versions that cannot be released. Everything is read, checked and planned
before the lock; inside it the plan still holds, since `main` is where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptops.format.record import read_defaults
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require_paths
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Invalid
from promptops_server.registry import rows
from promptops_server.registry.content import Card, Content, located
from promptops_server.registry.git.ports import ProjectLike, RefUpdate
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.projects import get_project_by_id
from promptops_server.registry.pushed_contents import read_contents, resolve_contents
from promptops_server.registry.pushed_steps import Fault, pushed_steps, two_extensions
from promptops_server.registry.record import Said, record_steps, states_of
from promptops_server.registry.records.defaults_at import start_of
from promptops_server.registry.records.inherited import inherited_records
from promptops_server.registry.steps import AddressState, Numbering, number_steps
from promptops_server.registry.touched import note_touched

_NOTICED = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What `check` found out and `apply` writes."""

    numbering: Numbering
    known: Mapping[str, AddressState]
    contents: Mapping[str, Content]
    cards: Mapping[str, Card]
    said: Mapping[str, Said]
    records: Mapping[tuple[str, str], str]
    """`record` digests by commit and path, where defaults apply."""
    notice: tuple[str, ...] = ()
    """Lines for the pusher's terminal."""


@dataclass(frozen=True, slots=True)
class PushedToMain:
    """The answer to `PushedVersions`."""

    authorise: Authorise

    def check(
        self, view: ObjectView, actor: Actor, project: ProjectLike, update: RefUpdate
    ) -> Plan:
        """Plan the versions of a push.

        Raises:
            Denied: a step changes a path that the actor may not write.
            Invalid: the tip breaks a rule; `errors` has every problem with file, line, column and key.
        """
        if update.new is None:
            raise Invalid("main cannot be deleted: it is the line of versions.")
        first = update.old is None
        owner = get_project_by_id(view.conn, project.id)
        pushed = pushed_steps(view, owner, update.old, update.new)
        require_paths(
            self.authorise, actor, "prompt:write", Resource(project=project.name), pushed.paths
        )
        numbering = number_steps(pushed.steps, pushed.known)
        errors = [*pushed.clashes, *two_extensions(numbering)]
        if not first:
            errors = [*pushed.no_prompts, *errors]
        if errors:
            raise _refusal(errors)
        contents, cards = read_contents(view, numbering)
        contents = resolve_contents(view, owner, numbering, contents)
        errors = _invalid_at_tip(numbering, pushed.known, contents)
        wrong_defaults = _wrong_defaults(view, pushed.defaults)
        if (errors or wrong_defaults) and not first:
            raise _refusal([*errors, *wrong_defaults])
        newest = {v.path: contents[v.blob] for v in numbering.versions}
        cards = {path: card for path, card in cards.items() if newest[path].valid == card.valid}
        notice = _notice(project.name, errors, pushed.no_prompts, wrong_defaults) if first else []
        said = _said(view, numbering)
        # No step of a first push that touches defaults: there are none in any of its commits.
        records = (
            inherited_records(view, numbering, contents)
            if pushed.defaults_seen or not first
            else {}
        )
        return Plan(numbering, pushed.known, contents, cards, said, records, tuple(notice))

    def apply(
        self,
        tx: Transaction,
        actor: Actor,
        project: ProjectLike,
        update: RefUpdate,
        prepared: Any,
    ) -> Sequence[str]:
        """Write the planned versions, inside the lock, and say which are invalid. The push's audit event is the Git remote's.

        Raises:
            Conflict: an address is not as it was when the push was checked.
        """
        plan: Plan = prepared
        owner = get_project_by_id(tx.conn, project.id)
        heads = rows.heads(tx.conn, owner.id, plan.numbering.addresses)
        if states_of(heads.values()) != dict(plan.known):
            raise Conflict("The project changed while the push was checked.", remedy="Push again.")
        record_steps(
            tx,
            actor,
            owner,
            plan.numbering,
            heads=heads,
            contents=plan.contents,
            said=plan.said,
            cards=plan.cards,
            records=plan.records,
        )
        return plan.notice

    def touched(self, prepared: Any) -> int:
        """How many prompts the push changes."""
        return len(_touched(prepared))

    def note(self, tx: Transaction, project: ProjectLike, prepared: Any, seq: int) -> None:
        """Remember them under the push's audit event."""
        note_touched(tx.conn, project.id, seq, _touched(prepared))


def _touched(plan: Plan) -> dict[str, int | None]:
    """Path to newest version, None for a prompt the push archives."""
    numbering = plan.numbering
    newest = {version.path: version.number for version in numbering.versions}
    return {
        path: newest.get(path) if state.files else None
        for path, state in numbering.addresses.items()
        if path in newest or not state.files
    }


def _said(view: ObjectView, numbering: Numbering) -> dict[str, Said]:
    """Author, message and time of every commit that made a version."""
    commits = dict.fromkeys(v.commit for v in numbering.versions)
    return {
        info.oid: Said(info.author, info.message.strip(), info.commit_time)
        for info in view.commit_infos(commits)
    }


def _invalid_at_tip(
    numbering: Numbering, known: Mapping[str, AddressState], contents: Mapping[str, Content]
) -> list[Fault]:
    """Errors in files whose content at the tip is not what it was before the push."""
    errors: list[Fault] = []
    for path, state in sorted(numbering.addresses.items()):
        blob = state.blob
        before = known.get(path)
        if blob is None or (before is not None and before.blob == blob) or blob not in contents:
            continue
        if not contents[blob].valid:
            errors.extend(located(path + (state.extension or ""), contents[blob].errors))
    return errors


def _wrong_defaults(view: ObjectView, defaults: Mapping[str, str]) -> list[Fault]:
    """Errors in the defaults of records that the push changes."""
    return [
        {"file": path, **problem.to_dict()}
        for path, oid in sorted(defaults.items())
        for problem in read_defaults(path, start_of(view, oid)).errors
    ]


def _notice(
    project: str,
    invalid: Iterable[Fault],
    no_prompts: Sequence[Fault],
    wrong_defaults: Sequence[Fault],
) -> list[str]:
    """What the first push is told of the files it was allowed to bring although no later push may: each one's first
    problem."""
    first: dict[str, str] = {}
    for error in invalid:
        first.setdefault(error["file"], f"  {error['file']}:{error['line']}: {error['message']}")
    lines: list[str] = []
    if first:
        one = len(first) == 1
        lines += [
            f"{len(first):,} file{'' if one else 's'} of this push {'is' if one else 'are'} no valid "
            f"prompt{'' if one else 's'}: kept as version{'' if one else 's'} that cannot be released.",
            *list(first.values())[:_NOTICED],
        ]
        if len(first) > _NOTICED:
            lines.append(f"  and {len(first) - _NOTICED:,} more")
        lines.append(f"They are listed by: promptops prompt list {project} --invalid --all")
    if no_prompts:
        one = len(no_prompts) == 1
        lines += [
            f"{len(no_prompts):,} file{'' if one else 's'} cannot be {'a prompt' if one else 'prompts'} "
            f"and {'was' if one else 'were'} left alone.",
            *(f"  {fault['file']}: {fault['message']}" for fault in no_prompts[:_NOTICED]),
        ]
        if len(no_prompts) > _NOTICED:
            lines.append(f"  and {len(no_prompts) - _NOTICED:,} more")
    if wrong_defaults:
        lines.append("Defaults of records with errors count for nothing.")
        lines += [
            f"  {fault['file']}:{fault['line']}: {fault['key']}: {fault['message']}"
            for fault in wrong_defaults[:_NOTICED]
        ]
        if len(wrong_defaults) > _NOTICED:
            lines.append(f"  and {len(wrong_defaults) - _NOTICED:,} more")
    if lines:
        lines.append("Correct them and push again; from now on main takes valid files only.")
    return lines


def _refusal(errors: Iterable[Fault]) -> Invalid:
    listed = list(errors)
    files = len({error["file"] for error in listed})
    return Invalid(
        f"{len(listed)} problem{'s' * (len(listed) > 1)} in {files} file{'s' * (files > 1)}.",
        remedy="Correct them, commit and push again.",
        errors=listed,
    )
