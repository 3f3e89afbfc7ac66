"""`verify.py`: the modules of `offline` as one file that needs Python 3.9 or newer and nothing else."""

from __future__ import annotations

import ast
from functools import cache
from importlib import resources

_MODULES = (
    ("promptops.audit", "merkle"),
    ("promptops.evidence.offline", "ed25519"),
    ("promptops.evidence.offline", "canonical"),
    ("promptops.evidence.offline", "container"),
    ("promptops.evidence.offline", "findings"),
    ("promptops.evidence.offline", "keyring"),
    ("promptops.evidence.offline", "content"),
    ("promptops.evidence.offline", "auditing"),
    ("promptops.evidence.offline", "whole"),
)

_HEAD = '''"""Checks an evidence pack of PromptOps offline, with Python's standard library alone.

    python verify.py pack.zip [--key KEY|FINGERPRINT|FILE]

Exit code 0: all holds; 1: something is wrong, each fault with its file; 2: not a pack. Take this program from a pack
you trust or from the installation, not from the very pack you doubt. README.txt in the pack says what is checked.
"""

from __future__ import annotations
'''

_TAIL = """

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""


@cache
def verify_program() -> bytes:
    """The text of the program, the same for every pack of one version of PromptOps."""
    parts = [_HEAD]
    for package, module in _MODULES:
        source = resources.files(package).joinpath(f"{module}.py").read_text(encoding="utf-8")
        parts.append(f"\n\n# {module}\n\n{_own_lines(source)}")
    return ("".join(parts) + _TAIL).encode()


def _own_lines(source: str) -> str:
    """A module without its docstring, its imports from here and `from __future__`."""
    lines = source.splitlines()
    for at, node in enumerate(ast.parse(source).body):
        docstring = at == 0 and isinstance(node, ast.Expr)
        imported = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if docstring or imported == "__future__" or imported.startswith("promptops."):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return "\n".join(lines).strip() + "\n"
