"""What users type for a prompt, a module or a project.

Owns the turning of words into `promptops.format.names.Address` values and of their faults into bad
input. Whether something exists there is the server's knowledge.
"""

from __future__ import annotations

import re

from promptops.cli.failures import BadInput
from promptops.format.names import Address, InvalidAddress, Selector, parse_address

_RELEASE = re.compile(r"r([1-9][0-9]{0,17})")


def place(text: str) -> Address:
    """A project, module or prompt; a slash at the end says that it is a folder. Raises BadInput."""
    try:
        return parse_address(text.rstrip("/") if "@" not in text else text)
    except InvalidAddress as error:
        raise BadInput(
            str(error),
            remedy="an address is project/module/prompt, with @7 or @production behind it",
        ) from None


def prompt(text: str) -> Address:
    """One prompt, whichever version. Raises BadInput."""
    found = place(text)
    if not found.path:
        raise BadInput(
            f"{text!r} names a project, not a prompt", remedy="write project/module/prompt"
        )
    return found


def bare_prompt(text: str) -> Address:
    """One prompt without a version behind it. Raises BadInput."""
    found = prompt(text)
    if found.selector is not None:
        raise BadInput(
            f"{text!r} names a version; this is about the prompt",
            remedy=f"write {found.project}/{found.path}",
        )
    return found


def prompt_or_module(text: str) -> tuple[str, str]:
    """Project and path of a prompt, or of a module (the path then ends with a slash; "/" for a project's top).

    Raises BadInput.
    """
    found = place(text)
    if found.selector is not None:
        raise BadInput(
            f"{text!r} names a version; this is about the prompt",
            remedy=f"write {found.project}/{found.path}",
        )
    if text.endswith("/"):
        return found.project, f"{found.path}/"
    if not found.path:
        raise BadInput(
            f"{text!r} names a project, not a prompt or module",
            remedy=f"write {text}/module/prompt, or {text}/ for its top",
        )
    return found.project, found.path


def in_environment(text: str) -> tuple[Address, str]:
    """`project/module/prompt@production`: the prompt and the environment. Raises BadInput."""
    found = prompt(text)
    if found.selector is None or found.selector.environment is None:
        raise BadInput(
            f"{text!r} does not say which environment",
            remedy=f"write {found.project}/{found.path}@production",
        )
    return found, found.selector.environment


def environment(text: str) -> tuple[str, str]:
    """`project@production`: the project and the environment. Raises BadInput."""
    project, at, name = text.partition("@")
    if not project or not at or not name or "/" in text or "@" in name:
        raise BadInput(
            f"{text!r} does not say which environment of which project",
            remedy="write project@environment: retail-bank@production",
        )
    return project, name


def one_project(found: list[Address]) -> str:
    """The project all of these are in. Raises BadInput."""
    projects = list(dict.fromkeys(address.project for address in found))
    if len(projects) > 1:
        raise BadInput(
            f"this is about one project at a time, and these are in {', '.join(projects)}",
            remedy="run the command once for each project",
        )
    return projects[0]


def release_number(text: str) -> int:
    """`r41` as 41. Raises BadInput."""
    matched = _RELEASE.fullmatch(text)
    if matched is None:
        raise BadInput(f"{text!r} is no release", remedy="write it like r41")
    return int(matched[1])


def version_number(text: str) -> int:
    """`7`, `v7` or `@7` as 7. Raises BadInput."""
    matched = re.fullmatch(r"[v@]?([1-9][0-9]{0,8})", text)
    if matched is None:
        raise BadInput(f"{text!r} is no version", remedy="write its number, like 7")
    return int(matched[1])


def selector_text(selector: Selector | None) -> str:
    """The selector with its `@`, or ""."""
    return "" if selector is None else f"@{selector}"
