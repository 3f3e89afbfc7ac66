"""Coverage-guided fuzzing of the prompt-file parser, by hand: `make fuzz`. Not a test; needs atheris.

What it finds becomes a regression test in `tests/client/format/test_prompt_fuzzing.py`, which also holds
the claims (`claims_of`) that both check.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["promptops", "yaml"]):
    from promptops.format import compile_artifact, parse, render, resolve_fragments  # noqa: F401
    from promptops.lint.check import check  # noqa: F401

sys.path.insert(0, str(Path(__file__).parents[1] / "client" / "format"))
from prompt_claims import claims_of

LIMIT_SECONDS = 2.0


def one_input(data: bytes) -> None:
    started = time.process_time()
    claims_of(data)
    if time.process_time() - started > LIMIT_SECONDS:
        raise TimeoutError(f"{len(data)} bytes took more than {LIMIT_SECONDS} s")


def main() -> None:
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
