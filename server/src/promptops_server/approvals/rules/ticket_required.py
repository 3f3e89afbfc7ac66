"""The rule `ticket_required`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from promptops_server.approvals import ticket_pattern
from promptops_server.approvals.model import GateFacts, Unmet
from promptops_server.approvals.rule import EnvironmentRule


def _pattern(text: str) -> str:
    ticket_pattern.parse(text)
    return text


class TicketRequired(EnvironmentRule):
    r"""A publish names a ticket; with `pattern`, one the whole of which matches it, such as `OPS-\d+|CHG\d{7}`.

    A pattern is a small regular expression: characters, `.`, `\d`, `\w`, classes in brackets, each with `?`, `*`, `+` or
    `{m,n}` behind it, and alternatives with `|`. It has no groups, so that no pattern can take long.
    """

    name: ClassVar[str] = "ticket_required"
    pattern: Annotated[str, AfterValidator(_pattern)] | None = None

    def words(self) -> str:
        return "a ticket is named" + (f" that matches {self.pattern}" if self.pattern else "")

    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        if not facts.ticket:
            yield self.unmet(
                f"{facts.environment} asks for a ticket, and none is named.",
                f"Name one{f' that matches {self.pattern}' if self.pattern else ''}: `ticket`, --ticket, or a "
                "`Ticket:` line at the end of the commit's message.",
            )
        elif self.pattern and not ticket_pattern.matches(self.pattern, facts.ticket):
            yield self.unmet(
                f"The ticket {facts.ticket} is none that {facts.environment} asks for.",
                f"Name one that matches {self.pattern}.",
            )
