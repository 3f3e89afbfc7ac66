"""Whatever is changed in a pack is found, with the name of the file; a pack made up whole is found with the key."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.delivery.header import key_id_of
from promptops.evidence.check import check
from promptops.evidence.offline.container import NotAPack, read_zip, write_zip
from promptops.evidence.offline.whole import evidence_signing_bytes
from promptops_server.infra.database import Database
from server.compliance.pack_world import PackWorld, bank

FOLDER = "prompts/01-claims-motor-triage"


class Made:
    """A pack, and the key it was signed with."""

    def __init__(self, world: PackWorld) -> None:
        self.key = world.key
        self.content = world.pack().content
        self.files, faults = read_zip(self.content)
        assert not faults

    def anew(
        self, change: Callable[[dict[str, bytes]], None], key: Ed25519PrivateKey | None = None
    ) -> bytes:
        """The pack with other files under a manifest and signature that fit them: what only a holder of a key can make."""
        files, key = dict(self.files), key or self.key
        change(files)
        manifest = json.loads(files["manifest.json"])
        manifest["files"] = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
            if name not in ("manifest.json", "signature.json")
        }
        files["manifest.json"] = as_file(manifest)
        key_id = key_id_of(key.public_key().public_bytes_raw())
        signature = key.sign(evidence_signing_bytes(files["manifest.json"], key_id))
        files["signature.json"] = as_file(
            {"key_id": key_id, "signature": base64.b64encode(signature).decode()}
        )
        return write_zip(files)


def as_file(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


@pytest.fixture(scope="module")
def made(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("tampering")
    shutil.copyfile(sqlite_template, folder / "x.sqlite")
    db = Database(f"sqlite:///{folder / 'x.sqlite'}")
    yield Made(bank(db, folder))
    db.close()


def named(content: bytes, key: str = "") -> dict[str, list[str]]:
    """Faults by file."""
    found: dict[str, list[str]] = {}
    for file, text in check(content, [key] if key else []).faults:
        found.setdefault(file, []).append(text)
    return found


def test_a_changed_byte_in_any_file_names_that_file(made: Made) -> None:
    for name, content in made.files.items():
        start = made.content.index(name.encode() + content) + len(name)
        for at in {0, len(content) // 2, len(content) - 1}:
            if not content:
                continue
            changed = bytearray(made.content)
            changed[start + at] ^= 1
            assert name in named(bytes(changed)), (name, at)


def test_a_changed_byte_in_the_head_of_a_file_names_that_file(made: Made) -> None:
    for name in ("report.pdf", f"{FOLDER}/artifact.json"):
        head = made.content.rindex(
            b"PK\3\4", 0, made.content.index(name.encode() + made.files[name][:20])
        )
        for at in range(30 + len(name)):
            changed = bytearray(made.content)
            changed[head + at] ^= 0x10
            assert named(bytes(changed)), (name, at)
            if at in (4, 6, 8, 10, 12, 14):
                assert name in named(bytes(changed)), (name, at)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_changed_byte_anywhere_is_found(made: Made, data: st.DataObject) -> None:
    changed = bytearray(made.content)
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= data.draw(st.integers(1, 255))
    assert named(bytes(changed))


def test_the_directory_and_the_end_of_the_zip_are_covered(made: Made) -> None:
    begin = made.content.index(b"PK\1\2")
    for at in range(begin, len(made.content), 23):
        changed = bytearray(made.content)
        changed[at] ^= 0x40
        assert named(bytes(changed)), at


def test_what_stands_around_the_zip_is_found(made: Made) -> None:
    for content in (b"x" + made.content, made.content + b"x", made.content[:-2] + b"\1\0x"):
        assert list(named(content)) == ["the zip itself"]
    with pytest.raises(NotAPack):
        check(b"no zip at all")


def test_files_taken_out_or_put_in_are_named(made: Made) -> None:
    less = {name: c for name, c in made.files.items() if name != f"{FOLDER}/lint.json"}
    assert f"{FOLDER}/lint.json" in named(write_zip(less))
    assert "extra.txt" in named(write_zip({**made.files, "extra.txt": b"hello"}))
    for name in ("manifest.json", "signature.json", "keys.json"):
        assert "manifest.json" in named(
            write_zip({n: c for n, c in made.files.items() if n != name})
        )


def test_a_pack_made_anew_with_another_key_is_found_with_the_key_alone(made: Made) -> None:
    mine = Ed25519PrivateKey.generate()
    public = mine.public_key().public_bytes_raw()
    listed = {
        "key_id": key_id_of(public),
        "algorithm": "ed25519",
        "public": base64.b64encode(public).decode(),
    }

    def change(files: dict[str, bytes]) -> None:
        keys = json.loads(files["keys.json"])
        keys["keys"].append({**listed, "signed_by": None, "signature": None})
        files["keys.json"] = as_file(keys)
        files[f"{FOLDER}/tests.json"] = b'{"recorded": true}'

    forged = made.anew(change, mine)
    believed = check(forged)
    assert believed.ok
    assert any("the pack itself brings" in line for line in believed.lines())
    right = hashlib.sha256(made.key.public_key().public_bytes_raw()).hexdigest()
    assert "signature.json" in named(forged, right)
    assert check(made.content, [right]).ok
    assert "keys.json" in named(made.content, "00" * 32)


def edit(name: str, change: Callable[[Any], None]) -> Callable[[dict[str, bytes]], None]:
    def apply(files: dict[str, bytes]) -> None:
        value = json.loads(files[name])
        change(value)
        files[name] = as_file(value)

    return apply


def change_event(files: dict[str, bytes]) -> None:
    files["audit/events.jsonl"] = files["audit/events.jsonl"].replace(
        b'"outcome":"ok"', b'"outcome":"no"', 1
    )


def rehash_event(files: dict[str, bytes]) -> None:
    lines = files["audit/events.jsonl"].splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if b'"body":' in line)
    first = lines[at]
    body = first[first.index(b'"body":') + 7 : -2].replace(b'"outcome":"ok"', b'"outcome":"no"')
    hashed = hashlib.sha256(b"\0" + body).hexdigest().encode()
    line = b'{"entry_hash":"' + hashed + b'","body":' + body + b"}\n"
    files["audit/events.jsonl"] = b"".join((*lines[:at], line, *lines[at + 1 :]))


def drop_event(files: dict[str, bytes]) -> None:
    files["audit/events.jsonl"] = b"".join(
        files["audit/events.jsonl"].splitlines(keepends=True)[:-1]
    )


def change_prompt(files: dict[str, bytes]) -> None:
    name = f"{FOLDER}/prompt.prompt.yml"
    files[name] = files[name].replace(b"one word", b"two words")


APPROVALS, ARTIFACT = f"{FOLDER}/approvals.json", f"{FOLDER}/artifact.json"


@pytest.mark.parametrize(
    ("change", "file", "text"),
    [
        (edit(ARTIFACT, lambda a: a.update(model="other")), ARTIFACT, "the signed release says"),
        (edit(f"{FOLDER}/version.json", lambda v: v.update(behaviour="sha256:" + "0" * 64)), ARTIFACT, "behaviour"),
        (edit(f"{FOLDER}/version.json", lambda v: v.update(record="sha256:" + "0" * 64)), f"{FOLDER}/documented.json", "record digest"),
        (edit(f"{FOLDER}/version.json", lambda v: v.update(version=1)), f"{FOLDER}/version.json", "version 2"),
        (edit(f"{FOLDER}/documented.json", lambda d: d.update(description="x")), f"{FOLDER}/documented.json", "record digest"),
        (edit(f"{FOLDER}/record.json", lambda r: r["record"].update(intent="x")), f"{FOLDER}/record.json", "not the record"),
        (edit(APPROVALS, lambda a: a["requests"][0]["decisions"][0].update(behaviour="sha256:1")), APPROVALS, "another behaviour"),
        (edit(APPROVALS, lambda a: a["requests"][0]["decisions"][0].update(record="sha256:1")), APPROVALS, "another record"),
        (edit(APPROVALS, lambda a: a["requests"][0]["decisions"][1].update(reason="x")), APPROVALS, "covers something else"),
        (edit(APPROVALS, lambda a: a["requests"][0]["decisions"][1].update(tier="low")), APPROVALS, "covers something else"),
        (edit("release.json", lambda r: r["header"].update(as_of="2026-01-01T00:00:00.000000Z")), "release.json", "signature"),
        (edit("release.json", lambda r: r.update(statement_hash="0" * 64)), "release.json", "hash of its statement"),
        (edit("manifest.json", lambda m: m["subject"].update(environment="production")), "release.json", "of environment"),
        (edit("manifest.json", lambda m: m["log"].update(size=3)), "audit/proofs.json", "log position"),
        (change_event, "audit/events.jsonl", "not what its hash"),
        (rehash_event, "audit/events.jsonl", "not in the log that was signed"),
        (drop_event, "audit/events.jsonl", "has not the events"),
        (change_prompt, f"{FOLDER}/prompt.prompt.yml", "under its id"),
        (edit(f"{FOLDER}/fragments.json", lambda f: f[0].update(text="messages: [{role: user, content: x}]")), ARTIFACT, "compiles"),
    ],
)  # fmt: skip
def test_files_that_do_not_hold_together_are_found_even_under_the_right_signature(
    made: Made, change: Callable[[dict[str, bytes]], None], file: str, text: str
) -> None:
    faults = named(made.anew(change))
    assert any(text in said for said in faults.get(file, ())), faults


def test_the_program_in_the_pack_finds_the_same(made: Made, tmp_path: Path) -> None:
    program, pack = tmp_path / "verify.py", tmp_path / "pack.zip"
    program.write_bytes(made.files["verify.py"])

    def run(content: bytes, *more: str) -> tuple[int, str]:
        pack.write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(program), str(pack), *more],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    code, out = run(made.content)
    assert (code, "OK: nothing was changed" in out) == (0, True), out
    right = hashlib.sha256(made.key.public_key().public_bytes_raw()).hexdigest()
    assert run(made.content, "--key", right)[0] == 0
    assert run(made.content, "--key", "ab" * 32)[0] == 1
    changed = bytearray(made.content)
    changed[made.content.index(made.files["report.pdf"]) + 1000] ^= 1
    code, out = run(bytes(changed))
    assert code == 1
    assert "report.pdf" in out
    code, out = run(made.anew(rehash_event))
    assert code == 1
    assert "not in the log that was signed" in out
    assert run(b"no zip")[0] == 2
    assert run(made.content, "--key", "nonsense")[0] == 2
