"""A process that uses the SDK ends cleanly, whatever it forgot."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from publisher import ENVIRONMENT, PROJECT

if TYPE_CHECKING:
    from conftest import Setting

PROGRAM = """
import json, sys
from promptops import PromptOps
ops = PromptOps(**json.loads(sys.argv[1]))
ops.on_release(print)
print(ops.get("claims/triage").render()[0]["content"])
"""

FORKING = """
import json, multiprocessing, sys
from promptops import PromptOps
ops = PromptOps(**json.loads(sys.argv[1]))

def work(_):
    return ops.get("claims/triage").render()[0]["content"] + str(ops.health().release)

with multiprocessing.get_context("fork").Pool(3) as pool:
    print(sorted(set(pool.map(work, range(12)))))
"""


def run(setting: Setting, program: str) -> subprocess.CompletedProcess[str]:
    import json

    settings = {
        "project": PROJECT,
        "environment": ENVIRONMENT,
        "trust_key": setting.publisher.trust_key,
        "cache_dir": str(setting.folder / "cache"),
        **setting.addresses,
    }
    return subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, json.dumps(settings)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_client_that_was_never_closed_does_not_disturb_the_end(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    done = run(setting, PROGRAM)
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\n", "")
    (copy,) = setting.copies
    assert '"release":1' in copy.read_text().replace("\\", "")


def test_worker_processes_made_by_forking_read_and_end(setting: Setting) -> None:
    setting.publisher.publish(triage="one")
    done = run(setting, FORKING)
    assert (done.returncode, done.stdout, done.stderr) == (0, "['one1']\n", "")
