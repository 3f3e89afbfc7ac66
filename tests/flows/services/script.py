"""A short script or a job of cron: wait for the live release, use it, end. `with` ends it at once."""

import sys

from promptops import PromptOps

with PromptOps(start_timeout=20, receipts=False) as ops:
    health = ops.health()
    if health.source != "live":  # a job may rather not run than run with what was live yesterday
        sys.exit(f"not started: {health.last_error}")
    print(ops.get("claims/triage").render(claim="Hail")[-1]["content"])
