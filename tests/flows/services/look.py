"""What the tests ask each process of a service: who it is and what it would use now."""

import os

from promptops import PromptNotLive


def look(ops):
    try:
        seen = ops.get("claims/triage").version
    except PromptNotLive as error:
        seen = f"{error.code}: {error.reason}"
    return {"process": os.getpid(), "seen": seen, "release": ops.health().release}
