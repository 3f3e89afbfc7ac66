"""The client as a wheel, made from the very files this server runs with: it cannot be another version.

Owns the archive's form (docs: the binary distribution format of packaging.python.org). Nothing is built ahead, so an
editable checkout hands out what it holds now, from the next start on. Every server of one version makes the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import promptops
from promptops_server import __version__

DISTRIBUTION = "promptops-client"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The only time in the archive, so that its digest says something about the content alone."""
_MODE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class ClientWheel:
    """The file as it is handed out; `requires_python` as its metadata says, empty for any."""

    name: str
    version: str
    content: bytes
    sha256: str
    requires_python: str


def build(package: Path | None = None) -> ClientWheel | None:
    """The wheel of the installed client; None where its metadata was stripped from the installation.

    Takes about a quarter of a second and reads every file of the package.
    """
    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return None
    metadata = installed.read_text("METADATA")
    if metadata is None:
        return None
    folder = package if package is not None else Path(promptops.__file__).parent
    stem = f"{DISTRIBUTION.replace('-', '_')}-{installed.version}"
    content = _archive(dict(_members(folder, f"{stem}.dist-info", metadata, installed)), stem)
    return ClientWheel(
        name=f"{stem}-py3-none-any.whl",
        version=installed.version,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        requires_python=installed.metadata["Requires-Python"] or "",
    )


def _members(
    folder: Path, info: str, metadata: str, installed: Distribution
) -> Iterator[tuple[str, bytes]]:
    """Name → content of everything but the list of files."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith((".", "__pycache__")) for part in inside.parts)
        if path.is_file() and not hidden and path.suffix != ".pyc":
            yield f"{folder.name}/{inside.as_posix()}", path.read_bytes()
    yield f"{info}/METADATA", metadata.encode()
    yield (
        f"{info}/WHEEL",
        f"Wheel-Version: 1.0\nGenerator: promptops-server {__version__}\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n".encode(),
    )
    entry_points = installed.read_text("entry_points.txt")
    if entry_points:
        yield f"{info}/entry_points.txt", entry_points.encode()


def _archive(members: dict[str, bytes], stem: str) -> bytes:
    record = f"{stem}.dist-info/RECORD"
    lines = [
        f"{name},sha256={_digest(content)},{len(content)}" for name, content in members.items()
    ]
    members[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = _MODE
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return out.getvalue()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
