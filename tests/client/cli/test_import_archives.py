"""Importing archives: ordinary ones arrive like their folder, hostile ones are refused by name and leave nothing."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import tempfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from promptops.cli.failures import BadInput
from promptops.cli.importing import read_source
from promptops.format.convert import archives
from promptops.format.convert.archives import MAX_ENTRIES, BadArchive, unpacked
from support.cli import Cli

PROMPT = b"messages:\n  - role: user\n    content: Sort {{ claim }}\n"
FILES = {"claims/triage.prompt.yml": PROMPT, "letters/thanks.md": b"Thank you.", "README.md": b"x"}


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tar_of(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


MAKERS = {".zip": zip_of, ".tar.gz": tar_of, ".tgz": tar_of, ".tar": tar_of}


@pytest.fixture(params=sorted(MAKERS))
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    def call(files: dict[str, bytes]) -> Path:
        return MAKERS[request.param](tmp_path / f"prompts{request.param}", files)

    return call


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens, nothing may stay behind there."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read_source(path, "", {})
    assert list(Path(tempfile.gettempdir()).iterdir()) == []
    return str(caught.value)


def test_an_archive_is_read_like_its_folder(make: Callable[[dict[str, bytes]], Path]) -> None:
    found = read_source(make(FILES), "", {})
    assert [p.name for p in found.prompts] == ["claims/triage", "letters/thanks"]
    assert found.prompts[0].text == PROMPT.decode()
    assert found.losses == ()
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def test_one_table_in_an_archive_is_a_table(make: Callable[[dict[str, bytes]], Path]) -> None:
    found = read_source(make({"data/prompts.csv": b"name,text\nA,Do it\n"}), "", {})
    assert [p.name for p in found.prompts] == ["a"]
    found = read_source(make({"claims/triage.prompt.yml": PROMPT}), "", {})
    assert [p.name for p in found.prompts] == ["claims/triage"]


def test_files_of_another_tool_are_read_with_their_format(
    make: Callable[[dict[str, bytes]], Path],
) -> None:
    files = {
        "a/x.prompty": b"---\nname: x\n---\nsystem:\nHi.\n",
        "b/y.prompty": b"---\nname: y\n---\nHo.\n",
    }
    assert [p.name for p in read_source(make(files), "prompty", {}).prompts] == ["a/x", "b/y"]
    left = read_source(make(files), "", {}).losses
    assert all("the format prompty reads it" in loss.reason for loss in left)


@pytest.mark.parametrize(
    "name",
    ["../x.md", "a/../../x.md", "/etc/x.md", "a/./x.md", "a\\..\\x.md", "C:x.md", "a//x.md", ".."],
)
def test_a_name_that_leads_out_refuses_the_archive(
    make: Callable[[dict[str, bytes]], Path], name: str, tmp_path: Path
) -> None:
    assert "leads out of it" in refusal(make({"ok.md": b"x", name: b"y"}))
    assert not list(tmp_path.rglob("x.md"))


def test_a_name_given_twice_refuses_the_archive(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.md", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.md", "two")
    assert "'a.md' is in it twice" in refusal(path)
    with tarfile.open(tmp_path / "twice.tar", "w") as tar:
        for _ in range(2):
            tar.addfile(tarfile.TarInfo("a.md"))
    assert "'a.md' is in it twice" in refusal(tmp_path / "twice.tar")


def test_links_devices_and_inner_archives_are_left_by_name(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name, kind in (
            ("l.md", tarfile.SYMTYPE),
            ("h.md", tarfile.LNKTYPE),
            ("d.md", tarfile.CHRTYPE),
            ("f.md", tarfile.FIFOTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            tar.addfile(entry)
        for name, content in (("in.zip", b"PK"), ("ok.md", b"Fine.")):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    found = read_source(tmp_path / "a.tar", "", {})
    assert [p.name for p in found.prompts] == ["ok"]
    assert [loss.where for loss in found.losses] == ["l.md", "h.md", "d.md", "f.md", "in.zip"]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("l.md")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("ok.md", "Fine.")
    found = read_source(tmp_path / "a.zip", "", {})
    assert [loss.where for loss in found.losses] == ["l.md"]


def test_an_encrypted_file_refuses_the_archive(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", {"secret.md": b"x"})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(bytes(content))
    assert "'secret.md' is encrypted" in refusal(path)


def test_a_flat_bomb_is_stopped_early(
    make: Callable[[dict[str, bytes]], Path], tmp_path: Path
) -> None:
    path = make({"bomb.md": b"\0" * 60_000_000})
    if path.suffix == ".tar":
        return
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    try:
        assert "more than 200 times its size" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_of_many_entries_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = os.urandom(900) * 100
    path = zip_of(tmp_path / "many.zip", {f"{n}.md": content for n in range(120)})
    monkeypatch.setattr(archives, "MAX_BYTES", 10_000_000)
    assert "more than 10,000,000 bytes" in refusal(path)
    monkeypatch.setattr(archives, "MAX_ENTRIES", 100)
    assert "more than 100 entries" in refusal(path)
    tar = tar_of(tmp_path / "many.tar.gz", {f"{n}.md": b"" for n in range(101)})
    assert "more than 100 entries" in refusal(tar)
    assert MAX_ENTRIES >= 10_000


def test_a_nested_bomb_stays_closed(tmp_path: Path) -> None:
    inner = zip_of(tmp_path / "0.zip", {"0.md": b"\0" * 5_000_000}).read_bytes()
    for level in range(1, 6):  # as 42.zip does it: sixteen copies on every level
        inner = zip_of(
            tmp_path / f"{level}.zip", {f"{n}.zip": inner for n in range(16)}
        ).read_bytes()
    found = read_source(tmp_path / "5.zip", "", {})
    assert found.prompts == ()
    assert len(found.losses) == 16
    assert "archive in an archive" in found.losses[0].reason


def test_overlapping_files_are_counted_each_time(tmp_path: Path) -> None:
    """One compressed block that many entries of the table of contents point to."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = os.urandom(1000) * 9_000
    packed = body.compress(content) + body.flush()
    crc = zlib.crc32(content)
    sizes = (
        crc.to_bytes(4, "little")
        + len(packed).to_bytes(4, "little")
        + len(content).to_bytes(4, "little")
    )

    def middle(name: bytes) -> bytes:
        return b"\x14\0\0\0\x08\0\0\0\x21\0" + sizes + len(name).to_bytes(2, "little") + b"\0\0"

    local = b"PK\x03\x04" + middle(b"a.md") + b"a.md" + packed
    names = [f"{n:04}" for n in range(40)]
    central = b"".join(
        b"PK\x01\x02\x14\0"
        + middle(b"a.md")[:-4]
        + b"\x04\0\0\0"
        + b"\0\0"
        + b"\0\0"
        + b"\0\0"
        + b"\0" * 8
        + name.encode()
        for name in names
    )
    end = (
        b"PK\x05\x06\0\0\0\0"
        + len(names).to_bytes(2, "little") * 2
        + len(central).to_bytes(4, "little")
        + len(local).to_bytes(4, "little")
        + b"\0\0"
    )
    path = tmp_path / "overlap.zip"
    path.write_bytes(local + central + end)
    assert refusal(path)


def test_a_table_of_contents_that_fills_the_memory_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    end = b"PK\x05\x06\0\0\0\0" + b"\xff\xff" * 2 + (40_000_000).to_bytes(4, "little") + b"\0" * 6
    path.write_bytes(b"\0" * 1000 + end)
    assert "entries" in refusal(path)


def test_a_header_bomb_in_a_tar_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    entry = tarfile.TarInfo("pax")
    entry.type, entry.size = tarfile.XHDTYPE, 60_000_000
    with gzip.open(path, "wb") as file:
        file.write(entry.tobuf() + b"\0" * 60_000_000)
    assert "more than 200 times its size" in refusal(path)


def test_a_sparse_file_is_left(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("big.md")
    entry.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    header[386:398], header[398:410] = b"00000000000\0", b"00000000000\0"
    header[483:495] = b"77777777777\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = tmp_path / "a.tar"
    path.write_bytes(bytes(header) + b"\0" * 10_240)
    found = read_source(path, "", {})
    assert [(loss.where, "no file" in loss.reason) for loss in found.losses] == [("big.md", True)]


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tgz", "a.tar"])
@pytest.mark.parametrize(
    "content", [b"", b"no archive", b"PK\x03\x04", b"\x1f\x8b\x08", b"\0" * 2000]
)
def test_what_is_no_archive_is_refused_or_empty(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    try:
        found = read_source(path, "", {})
    except BadInput as refused:
        assert str(path) in str(refused)  # noqa: PT017
    else:
        assert found.prompts == ()


def test_every_truncation_is_refused_or_reads_what_is_there(tmp_path: Path) -> None:
    for made in (zip_of(tmp_path / "a.zip", FILES), tar_of(tmp_path / "a.tar.gz", FILES)):
        whole = made.read_bytes()
        for end in range(0, len(whole), 7):
            made.write_bytes(whole[:end])
            try:
                with unpacked(made):
                    pass
            except BadArchive:
                continue


def test_from_the_command_line(signed_in: Cli, project: str, tmp_path: Path) -> None:
    path = zip_of(tmp_path / "prompts.zip", FILES)
    planned = signed_in("import", str(path), "-p", project, "--dry-run", "--json")
    assert [item["path"] for item in planned.json["items"]] == ["claims/triage", "letters/thanks"]
    assert signed_in("import", str(path), "-p", project).code == 0
    assert signed_in("prompt", "show", f"{project}/claims/triage").out == PROMPT.decode()
    evil = zip_of(tmp_path / "evil.zip", {"../x.md": b"x"})
    done = signed_in("import", str(evil), "-p", project)
    assert (done.code, "'../x.md'" in done.err) == (2, True)
