"""Reading versions: by number, by commit, by what is live, and the text behind one.

Owns resolving an address to a version. Which number a change gets is `steps`; writing is `record`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from sqlalchemy import Connection, bindparam

from promptops.format import FragmentError, PromptFile, Selector, parse
from promptops.format.fragment import Loader, Pin
from promptops.format.names import InvalidAddress, fold, parse_selector
from promptops_server.infra.problems import BadRequest, NotFound
from promptops_server.registry import rows
from promptops_server.registry.git import read
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import Spellings
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.rows import VERSION, Head, as_version
from promptops_server.registry.tables import prompt, version

_MANY = 400
_OF_PATH = VERSION.where(
    prompt.c.project_id == bindparam("project_id"),
    prompt.c.path_fold == bindparam("path_fold"),
    prompt.c.path == bindparam("path"),
)
_LATEST = _OF_PATH.where(version.c.number == prompt.c.latest)
_NUMBER = _OF_PATH.where(version.c.number == bindparam("number"))
_OF_BLOB = _OF_PATH.where(version.c.blob_oid == bindparam("blob")).order_by(version.c.number.desc())
_OF_BEHAVIOUR = (
    _OF_PATH.where(version.c.behaviour == bindparam("behaviour"))
    .order_by(version.c.number.desc())
    .limit(1)
)
_OF_COMMIT = VERSION.where(
    version.c.project_id == bindparam("project_id"),
    version.c.commit_oid == bindparam("commit"),
).order_by(prompt.c.path)


def get_version(
    conn: Connection, project: Project, path: str, number: int | None = None
) -> Version:
    """The version `number` of a prompt, or its newest one (also of an archived prompt).

    Raises:
        NotFound: no such prompt, or no such version.
    """
    found = find_version(conn, project, path, number)
    if found is None:
        if number is not None:
            latest = find_version(conn, project, path)
            if latest is not None:
                raise NotFound(
                    f"{project.name}/{path} has no version {number}; its newest is {latest.number}.",
                    latest=latest.number,
                )
        raise no_prompt(project, path)
    return found


def find_version(
    conn: Connection, project: Project, path: str, number: int | None = None
) -> Version | None:
    """The same, None where there is none."""
    given = {"project_id": project.id, "path_fold": fold(path), "path": path}
    row = (
        conn.execute(_LATEST, given).first()
        if number is None
        else conn.execute(_NUMBER, {**given, "number": number}).first()
    )
    return None if row is None else as_version(project, row)


def versions_at(
    conn: Connection, project: Project, contents: Sequence[tuple[str, int]]
) -> list[Version]:
    """Versions given by path and number, in a query per few hundred; unknown ones are left out."""
    found: list[Version] = []
    for start in range(0, len(contents), _MANY):
        some = contents[start : start + _MANY]
        wanted = set(some)
        query = VERSION.where(
            prompt.c.project_id == project.id,
            prompt.c.path.in_(sorted({path for path, _ in some})),
            version.c.number.in_(sorted({number for _, number in some})),
        )
        rows = (as_version(project, row) for row in conn.execute(query))
        found.extend(v for v in rows if (v.path, v.number) in wanted)
    return found


def find_pinned(conn: Connection, project: Project, path: str, pin: Pin) -> Version | None:
    """The version a fragment's pin means: of several with the same digest the newest."""
    if isinstance(pin, int):
        return find_version(conn, project, path, pin)
    given = {"project_id": project.id, "path_fold": fold(path), "path": path, "behaviour": pin}
    row = conn.execute(_OF_BEHAVIOUR, given).first()
    return None if row is None else as_version(project, row)


def versions_of_commit(conn: Connection, project: Project, commit: str) -> list[Version]:
    """The versions that a commit on `main` made, by path."""
    found = conn.execute(_OF_COMMIT, {"project_id": project.id, "commit": commit})
    return [as_version(project, row) for row in found]


def version_of_commit(conn: Connection, project: Project, path: str, commit: str) -> Version:
    """The version of a prompt as a commit (given by at least four digits) has it.

    Raises:
        NotFound: no such commit, no such prompt in it, or content that was never a version.
        Conflict: several commits start with these digits.
    """
    oid = read.resolve_commit(conn, project.id, commit)
    blob = None
    for extension in (".prompt.yml", ".prompt.yaml"):
        blob = read.file_at(conn, project.id, oid, path + extension)
        if blob is not None:
            break
    if blob is None:
        raise NotFound(f"Commit {oid[:12]} has no prompt {project.name}/{path}.")
    found = version_of_blob(conn, project, path, blob, at_commit=oid)
    if found is None:
        raise NotFound(
            f"The content of {path} in commit {oid[:12]} is not a version of {project.name}/{path}.",
            remedy="Versions are what stood on the main line; see the prompt's history.",
        )
    return found


def version_of_blob(
    conn: Connection, project: Project, path: str, blob: str, *, at_commit: str | None = None
) -> Version | None:
    """The version of a prompt with this content; of several the one that `at_commit` made, else the newest."""
    found = conn.execute(
        _OF_BLOB,
        {"project_id": project.id, "path_fold": fold(path), "path": path, "blob": blob},
    ).all()
    if not found:
        return None
    row = next((r for r in found if r.commit_oid == at_commit), found[0])
    return as_version(project, row)


def resolve(
    conn: Connection,
    project: Project,
    path: str,
    selector: Selector | str | None,
    live: LiveVersion,
) -> Version:
    """The version an address means: a number, what is live in an environment, a commit, or (None) the newest.

    A number that is no version of this prompt but long enough for a commit's id is tried as one.

    Raises:
        BadRequest: the selector breaks the grammar.
        NotFound: it names nothing; an archived prompt is found only with a selector.
        Conflict: an ambiguous commit.
    """
    if isinstance(selector, str):
        try:
            selector = parse_selector(selector)
        except InvalidAddress as error:
            raise BadRequest(f"{error}.", slug="bad-address") from error
    if selector is None:
        newest = get_version(conn, project, path)
        if newest.archived:
            raise NotFound(
                f"{project.name}/{path} is archived; its newest version is {newest.number}.",
                remedy=f"Read {path}@{newest.number}, or put the prompt again to bring it back.",
                slug="archived",
                latest=newest.number,
            )
        return newest
    if selector.commit is not None:
        return version_of_commit(conn, project, path, selector.commit)
    if selector.environment is not None:
        number = live.live(conn, project.id, selector.environment, path)
        if number is None:
            raise NotFound(
                f"{project.name}/{path} is not live in {selector.environment}.", slug="not-live"
            )
        return get_version(conn, project, path, number)
    try:
        return get_version(conn, project, path, selector.version)
    except NotFound:
        if selector.maybe_commit is None:
            raise
        with suppress(NotFound):
            return version_of_commit(conn, project, path, selector.maybe_commit)
        raise


def version_bytes(conn: Connection, project_id: str, version_: Version) -> bytes:
    """The file of a version, byte for byte."""
    return read.blob(conn, project_id, version_.blob)


def version_text(conn: Connection, project_id: str, version_: Version) -> str:
    """The file of a version as text; bytes that are not UTF-8 (in an invalid file) are replaced."""
    return version_bytes(conn, project_id, version_).decode("utf-8", "replace")


def fragment_loader(conn: Connection, project: Project) -> Loader:
    """Loads pinned fragments from this project's versions, for `promptops.format.resolve_fragments`.

    What it returns raises FragmentError for a version that does not exist or is invalid, and reads each version once.
    """
    read_before: dict[tuple[str, Pin], PromptFile] = {}

    def load(path: str, pin: Pin) -> PromptFile:
        if (path, pin) in read_before:
            return read_before[path, pin]
        found = find_pinned(conn, project, path, pin)
        if found is None:
            raise FragmentError(f"{path}@{pin} does not exist in {project.name}")
        file = parse(version_bytes(conn, project.id, found)).file
        if file is None:
            raise FragmentError(f"{path}@{pin} is not a valid prompt")
        read_before[path, pin] = file
        return file

    return load


def spellings(conn: Connection, project_id: str, heads: Mapping[str, Head]) -> Spellings:
    """The spellings of all addresses the project has or had.

    `heads` are those of all paths that will be asked about, by folded path.
    """

    def known(part: str) -> str | None:
        if part.endswith("/"):
            other = rows.any_under(conn, project_id, part)
            return None if other is None else other[: len(part)]
        head = heads.get(fold(part))
        return None if head is None else head.path

    return Spellings(known)


def no_prompt(project: Project, path: str) -> NotFound:
    return NotFound(
        f"There is no prompt {path[:200]!r} in {project.name}.",
        remedy="Addresses are case-sensitive; `promptops prompt list` shows them.",
    )
