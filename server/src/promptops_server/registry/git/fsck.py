"""Git's own rules for objects, applied to every object of a push before it is stored.

Pure functions over bytes. They are at least as strict as ``git fsck --strict``, so that a clone is always clean, and
refuse what has hurt clients: names that leave the folder, spellings of ``.git``, symbolic links Git would follow.
"""

from __future__ import annotations

import re
from itertools import pairwise

from promptops_server.infra.problems import Invalid
from promptops_server.registry.git.names import is_dot_git_file, name_problem, ref_name_problem
from promptops_server.registry.git.objects import COMMIT, TAG, TREE, TYPE_NUMBERS

_ENTRY = re.compile(rb"([^ \0]*) ([^\0]*)\0(.{20})", re.DOTALL)
_RAW = re.compile(rb"[^ \0]* [^\0]*\0.{20}", re.DOTALL)
_MODE_AND_NAME = re.compile(rb"([^ \0]*) ([^\0]*)\0.{20}", re.DOTALL)
_MODES = (b"100644", b"100755", b"120000", b"40000", b"160000")
_OID = rb"[0-9a-f]{40}"
_IDENT = re.compile(rb"[^<>\n\0]* <[^<>\n\0]*> (0|[1-9][0-9]{0,17}) [+-][0-9]{4}")
_TREE_LINE = re.compile(rb"tree (" + _OID + rb")")
_PARENT_LINE = re.compile(rb"parent (" + _OID + rb")")
_EXTRA_LINE = re.compile(rb"(?: .*|[^ \0]+ .*)", re.DOTALL)
_ZERO = b"\0" * 20


class BadObject(Invalid):
    """An object breaks Git's rules; the sentence names the object and the rule."""

    slug = "bad-object"


def check(oid: str, kind: int, content: bytes, seen: set[bytes] | None = None) -> None:
    """Check one object; `seen` as in `tree_problem`.

    Raises:
        BadObject: with the object's id, what is wrong, and how to repair the history.
    """
    problem = None
    if kind == TREE:
        problem = tree_problem(content, seen)
    elif kind == COMMIT:
        problem = commit_problem(content)
    elif kind == TAG:
        problem = tag_problem(content)
    if problem is not None:
        what = {TREE: "tree", COMMIT: "commit", TAG: "tag"}[kind]
        raise BadObject(
            f"{what} {oid} is not valid: {problem}.",
            remedy="`git fsck --strict` shows it; rewrite the commits that hold it (git filter-repo), then push.",
        )


def tree_problem(content: bytes, seen: set[bytes] | None = None) -> str | None:
    """What is wrong with a tree, ``None`` when nothing is.

    `seen` holds entries found good before: the versions of a folder share nearly all of theirs, so a history is checked
    in the time of its changes.
    """
    raw = _RAW.findall(content)
    if sum(map(len, raw)) != len(content):
        return "it cannot be read as a list of entries"
    seen = set() if seen is None else seen
    fresh = set(raw) - seen
    for entry in fresh:
        problem = _entry_problem(entry)
        if problem is not None:
            return problem
    seen |= fresh
    pairs = _MODE_AND_NAME.findall(content)
    names = [name for _, name in pairs]
    if len(set(names)) != len(names):
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        return f"it has {_shown(twice)} twice"
    keys = [name + b"/" if mode == b"40000" else name for mode, name in pairs]
    if keys != sorted(keys):
        after = next(b for a, b in pairwise(keys) if b < a)
        return f"{_shown(after)} is out of order"
    return None


def _entry_problem(entry: bytes) -> str | None:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return "it cannot be read as a list of entries"
    mode, name, oid = match.groups()
    if mode not in _MODES:
        return _mode_problem(mode)
    problem = name_problem(name)
    if problem is not None:
        return f"it has {problem}"
    if oid == _ZERO:
        return f"{_shown(name)} points to no object"
    if mode == b"120000" and is_dot_git_file(name):
        return f"{_shown(name)} is a symbolic link"
    return None


def _mode_problem(mode: bytes) -> str:
    if mode.startswith(b"0"):
        return f"a mode is padded with zeros ({_shown(mode)})"
    return f"it has the mode {_shown(mode)}"


def commit_problem(content: bytes) -> str | None:
    """What is wrong with a commit, ``None`` when nothing is."""
    head, separator, _ = content.partition(b"\n\n")
    if not separator and not content.endswith(b"\n"):
        return "its header does not end"
    if b"\0" in content:
        return "it has a NUL byte"
    lines = head.removesuffix(b"\n").split(b"\n")
    if not _TREE_LINE.fullmatch(lines[0]):
        return "its first line does not name a tree"
    index = 1
    while index < len(lines) and lines[index].startswith(b"parent "):
        if not _PARENT_LINE.fullmatch(lines[index]):
            return "a parent line holds no object id"
        index += 1
    parents = lines[1:index]
    if len(set(parents)) != len(parents):
        return "it names a parent twice"
    for who in (b"author ", b"committer "):
        problem = _ident_problem(lines, index, who)
        if problem is not None:
            return problem
        index += 1
    return _extra_problem(lines[index:], (b"tree ", b"parent ", b"author ", b"committer "))


def _ident_problem(lines: list[bytes], index: int, who: bytes) -> str | None:
    word = who.decode().strip()
    if index >= len(lines) or not lines[index].startswith(who):
        return f"it has no {word} line where one is expected"
    if not _IDENT.fullmatch(lines[index].removeprefix(who)):
        return f"its {word} line is not 'Name <email> seconds +zone'"
    return None


def _extra_problem(lines: list[bytes], once: tuple[bytes, ...]) -> str | None:
    for line in lines:
        if line.startswith(once):
            return f"it has a second {_shown(line.split(b' ')[0])} line"
        if not _EXTRA_LINE.fullmatch(line):
            return f"a header line cannot be read: {_shown(line[:60])}"
    return None


def tag_problem(content: bytes) -> str | None:
    """What is wrong with an annotated tag, ``None`` when nothing is."""
    head, separator, _ = content.partition(b"\n\n")
    if not separator and not content.endswith(b"\n"):
        return "its header does not end"
    if b"\0" in head:
        return "its header has a NUL byte"
    lines = head.removesuffix(b"\n").split(b"\n")
    if len(lines) < 3:
        return "its header is incomplete"
    if not re.fullmatch(rb"object " + _OID, lines[0]):
        return "its first line does not name an object"
    if lines[1][:5] != b"type " or lines[1][5:] not in TYPE_NUMBERS:
        return "its type line names no type"
    name = lines[2].removeprefix(b"tag ").decode("utf-8", "replace")
    if not lines[2].startswith(b"tag ") or ref_name_problem(f"refs/tags/{name}") is not None:
        return "its name cannot be a tag's"
    if len(lines) > 3 and lines[3].startswith(b"tagger "):
        problem = _ident_problem(lines, 3, b"tagger ")
        if problem is not None:
            return problem
        return _extra_problem(lines[4:], (b"object ", b"type ", b"tag ", b"tagger "))
    return _extra_problem(lines[3:], (b"object ", b"type ", b"tag "))


def _shown(name: bytes) -> str:
    return repr(name[:100].decode("utf-8", "replace"))
