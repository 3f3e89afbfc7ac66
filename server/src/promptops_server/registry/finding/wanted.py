"""What a list of prompts may be narrowed and sorted by. Owns reading it; answering it is `listing`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from promptops_server.infra import clock
from promptops_server.infra.plain_text import storable
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.facets import Facet, PromptState, facet_key, model_facet

Sort = Literal["path", "changed"]
"""`changed` is the newest change first: the newest version, or archiving."""

MAX_TAGS = 10
MAX_TEXT = 500

_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhdw])")
_UNIT_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which prompts; everything given must hold. Empty texts and None ask nothing.

    `module` takes everything below it; `archived` and `valid` None take both kinds; `changed_since` is in microseconds.
    """

    q: str = ""
    module: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    model: str = ""
    environment: str = ""
    state: PromptState | None = None
    changed_since: int | None = None
    archived: bool | None = False
    valid: bool | None = None
    sort: Sort | None = None

    @property
    def facets(self) -> frozenset[Facet]:
        """The facets every prompt found must have."""
        found = {Facet("tag", facet_key(tag)) for tag in self.tags}
        if self.owner:
            found.add(Facet("owner", facet_key(self.owner)))
        if self.model:
            found.add(model_facet(self.model))
        if self.environment:
            found.add(Facet("environment", self.environment))
        if self.state:
            found.add(Facet("state", self.state))
        if self.valid is False:
            found.add(INVALID)
        if self.state == "draft" and self.environment:
            # What is live there is older than the draft: said too, since fewer prompts are behind than are drafts.
            found.add(Facet("state", "behind"))
        return frozenset(found)

    @property
    def without(self) -> frozenset[Facet]:
        """The facets no prompt found may have."""
        return frozenset({INVALID}) if self.valid else frozenset()


INVALID = Facet("invalid", "")


def check_wanted(wanted: Wanted) -> None:
    """Refuse what cannot be answered.

    Raises:
        BadRequest: words and a sort order at once, too many tags, or text that can be none.
    """
    if wanted.q.strip() and wanted.sort is not None:
        raise BadRequest(
            "Words and a sort order cannot be asked for together: what matches best comes first.",
            remedy="Leave `sort` or `q` away.",
            slug="bad-sort",
        )
    for text in (*wanted.tags, wanted.owner, wanted.model, wanted.environment):
        if not storable(text) or len(text) > MAX_TEXT:
            raise BadRequest(
                f"{text[:60]!r} can be no tag, owner, model or environment.",
                remedy=f"Send plain text of at most {MAX_TEXT} characters.",
                slug="bad-filter",
            )
    if len(wanted.tags) > MAX_TAGS:
        raise BadRequest(
            f"{len(wanted.tags)} tags are asked for; {MAX_TAGS} is the limit.",
            remedy="Leave some away.",
            slug="too-many-tags",
        )


def moment(text: str, now: int) -> int:
    """The microseconds of a time (RFC 3339), or of so long ago: `30m`, `12h`, `7d`, `2w`.

    Raises:
        BadRequest: it is neither.
    """
    given = text.strip()
    duration = _DURATION.fullmatch(given)
    if duration is not None:
        return max(0, now - int(duration[1]) * _UNIT_SECONDS[duration[2]] * 1_000_000)
    try:
        # In a query string an unescaped `+` of a time zone arrives as a space.
        return clock.from_text(re.sub(r" (?=\d\d:?\d\d$)", "+", given))
    except (ValueError, OverflowError):
        raise BadRequest(
            f"{given[:60]!r} is neither a time nor a duration.",
            remedy="Write 7d, 12h or 30m, or a time such as 2026-01-31T09:00:00Z.",
            slug="bad-time",
        ) from None
