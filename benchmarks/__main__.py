"""``python -m benchmarks [--quick] [--json] [--minutes N] [NAME…]``: run the figures and print the table.

Machines differ and are noisy: read the ratios. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import inspect
import json
import pkgutil
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import rows as rows_package
from benchmarks.row import Row


def main() -> int:
    """Run what was asked for."""
    names = sorted(m.name for m in pkgutil.iter_modules(rows_package.__path__))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--minutes", type=float, help="how long the figures that soak take")
    args = parser.parse_args()
    unknown = set(args.names) - set(names)
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    console = Console(stderr=True)
    rows: list[Row] = []
    for name in args.names or names:
        with console.status(f"measuring {name} …"):
            run = importlib.import_module(f"benchmarks.rows.{name}").run
            lasts = args.minutes is not None and "minutes" in inspect.signature(run).parameters
            rows += run(args.quick, args.minutes) if lasts else run(args.quick)
    if args.json:
        json.dump([dataclasses.asdict(r) for r in rows], sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        table = Table("what", "ours", "floor, same run", "ratio", "target", "met")
        for r in rows:
            met = {True: "yes", False: "NO", None: ""}[r.met]
            table.add_row(
                r.what, r.ours, r.floor, "" if r.ratio is None else f"{r.ratio:.2f}", r.target, met
            )
        Console(width=None if sys.stdout.isatty() else 180).print(table)
    return 0 if all(r.met is not False for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
