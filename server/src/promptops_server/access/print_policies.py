"""`python -m promptops_server.access.print_policies [PAGE]`: the parts of `docs/access.md` that the policies themselves say.

Without a page it prints them; with one it writes them between the page's markers.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from promptops_server.access.asking import ACTIONS
from promptops_server.access.cedar import schema, shipped
from promptops_server.access.policy import authorise
from promptops_server.access.roles import GRANTED_ROLES
from promptops_server.access.words import WORDS
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Resource


def parts() -> Mapping[str, str]:
    """Each part of the page by the name of its markers."""
    return {"roles": _roles(), "policies": _policies()}


def written(page: str) -> str:
    """The page with its parts as they are now.

    Raises:
        ValueError: a part has no markers.
    """
    for name, text in parts().items():
        begin, end = f"<!-- {name}: made from the policies -->\n", f"<!-- end of {name} -->"
        if begin not in page or end not in page:
            raise ValueError(f"no markers for {name}")
        before, _, rest = page.partition(begin)
        page = before + begin + text + end + rest.partition(end)[2]
    return page


def _roles() -> str:
    lines = ["| action | to | roles |", "|---|---|---|"]
    lines += [f"| `{action}` | {WORDS[action]} | {_opened_by(action)} |" for action in ACTIONS]
    return "\n".join(lines) + "\n"


def _opened_by(action: Action) -> str:
    names = []
    for role in GRANTED_ROLES:
        who = Actor("", "", roles=frozenset({f"p:{role}"}), auth_method="password")
        gated, open_ = (
            authorise(who, action, Resource("p", environment="e", approval_required=asked)).allowed
            for asked in (True, False)
        )
        if open_:
            names.append(role if gated else f"{role} (where no approval is asked)")
    admin = Actor("", "", admin=True, auth_method="password")
    if authorise(admin, action, Resource("p")).allowed:
        names.append("administrator")
    return ", ".join(names)


def _policies() -> str:
    files = {**shipped(), "promptops.cedarschema": schema()}
    return "\n".join(f"### {name}\n```cedar\n{text}```\n" for name, text in files.items())


def main() -> int:
    """Print the parts, or write them into the page named."""
    if len(sys.argv) < 2:
        print("\n".join(parts().values()))
        return 0
    page = Path(sys.argv[1])
    page.write_text(written(page.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
