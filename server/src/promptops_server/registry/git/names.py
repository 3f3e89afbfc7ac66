"""Which file names and ref names are safe: Git's own rules, and the spellings of ``.git`` that other systems fold to it.

Pure functions over bytes and text; `fsck` applies them to pushes, `write` to commits the server makes.
"""

from __future__ import annotations

import re
from functools import lru_cache

from dulwich.refs import Ref, check_ref_format

MAX_REF_NAME = 250
MAX_NAME = 255
"""Bytes of one file name; more than common file systems can check out."""

# Code points HFS+ ignores when it compares names.
_HFS_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_NTFS_SHORT = re.compile(r"git~1|gi[0-9a-f]{4}~[1-9]")


@lru_cache(maxsize=8192)
def name_problem(name: bytes) -> str | None:
    """Why a tree must not hold this name, ``None`` when it may."""
    if not name:
        return "an empty name"
    if name in (b".", b".."):
        return f"a name {name.decode()!r}"
    if b"/" in name:
        return "a slash in a name"
    if len(name) > MAX_NAME:
        return f"a name longer than {MAX_NAME} bytes"
    if is_dot_git(name):
        return f"{name.decode('utf-8', 'replace')!r}, which some systems read as '.git'"
    return None


def is_dot_git(name: bytes) -> bool:
    """Whether HFS+, NTFS or a plain file system would take this name for ``.git``."""
    text = name.decode("utf-8", "replace").lower()
    if _HFS_IGNORED.sub("", text) == ".git":
        return True
    # A backslash separates folders on Windows; each part counts. ``:`` starts an alternate stream.
    for part in text.split("\\"):
        bare = part.split(":", 1)[0].rstrip(" .")
        if bare == ".git" or _NTFS_SHORT.fullmatch(bare):
            return True
    return False


def is_dot_git_file(name: bytes) -> bool:
    """Whether this is one of the files Git itself reads (``.gitmodules``, …), which must not be symbolic links."""
    text = _HFS_IGNORED.sub("", name.decode("utf-8", "replace").lower()).rstrip(" .")
    return text in (".gitmodules", ".gitattributes", ".gitignore", ".mailmap")


def ref_name_problem(name: str) -> str | None:
    """Why a ref cannot have this name, ``None`` when it can."""
    if len(name) > MAX_REF_NAME:
        return f"the ref name is longer than {MAX_REF_NAME} characters"
    if not name.isprintable() or not check_ref_format(Ref(name.encode("utf-8", "replace"))):
        return "the ref name breaks Git's rules (git check-ref-format)"
    if not name.startswith(("refs/heads/", "refs/tags/")):
        return "only branches (refs/heads/) and tags (refs/tags/) are kept here"
    if name in ("refs/heads/HEAD", "refs/heads/-") or name.split("/", 2)[2].startswith("-"):
        return "a branch or tag cannot be called HEAD or start with a dash"
    return None
