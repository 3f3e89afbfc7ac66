"""The rule `unknown-fragment`."""

from __future__ import annotations

from collections.abc import Iterator

from promptops.format import Pin
from promptops.format.check_messages import split_target
from promptops.format.template import includes

from ..page import Hit, Page
from ..project import Project
from ..rule import codes, rule


@rule(
    "unknown-fragment",
    severity="error",
    summary="A message includes a fragment that is not there.",
    takes=codes("bad-fragment"),
)
def unknown_fragment(page: Page) -> Iterator[Hit]:
    """`{{> module/name@3 }}` includes another prompt of the project, at a pinned version.

    The path must be a prompt of the checked folder or checkout, counted from any folder between the
    file and its root. Versions are counted by the server: they are compared only with
    `--project NAME`, which asks it for the project's prompts. A file that is checked alone, outside
    a checkout, is not compared with anything; a reference that pins nothing is wrong anywhere.

    Bad:

        messages:
          - role: user
            content: "{{> shared/disclaimer }} Sort this claim."

    Good:

        messages:
          - role: user
            content: "{{> shared/disclaimer@3 }} Sort this claim."
    """
    project = page.project
    if project is None:
        return
    for group in page.groups():
        for text in group.templates():
            for include in includes(text.text, page.file.template):
                target = split_target(include.target)
                fault = _fault(project, *target) if target else None
                if fault:
                    yield page.in_text(text, include.start, include.end, *fault)


def _fault(project: Project, path: str, pin: Pin) -> tuple[str, str] | None:
    """What is wrong with a reference and what to do, or None."""
    found = project.find(path)
    if found is None:
        message = f"there is no prompt {path} in {project.name}"
        return message, "correct the path, or add the prompt"
    if isinstance(pin, int) and found.latest is not None and pin > found.latest:
        return (
            f"{path} has no version {pin} in {project.name}: its latest is {found.latest}",
            f"write {{{{> {path}@{found.latest} }}}}",
        )
    return None
