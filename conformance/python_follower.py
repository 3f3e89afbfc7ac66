"""The Python client as `run.py` wants a follower: the shortest example of an adapter.

python conformance/run.py -- python conformance/python_follower.py
"""

from __future__ import annotations

import json
import sys
from typing import Any

from promptops import NotConnected, PromptNotLive, PromptOps, PromptSuspended


def has(ops: PromptOps, paths: list[str]) -> dict[str, Any]:
    """What the client has at these addresses, by its public surface."""
    health = ops.health()
    return {
        "position": f"{health.epoch}-{health.release}" if health.source != "none" else None,
        "prompts": {path: _prompt(ops, path) for path in paths},
        "refused": health.last_refusal and health.last_refusal.code,
    }


def _prompt(ops: PromptOps, path: str) -> dict[str, Any] | None:
    try:
        prompt = ops.get(path)
    except PromptSuspended as error:
        return {"suspended": error.reason}
    except (PromptNotLive, NotConnected):
        return None
    return {"version": prompt.version, "release": prompt.release, "digest": prompt.digest}


def main() -> None:
    """Answer every line of addresses until there are no more."""
    with PromptOps(start_timeout=0, disk_cache=False) as ops:
        for line in sys.stdin:
            print(json.dumps(has(ops, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
