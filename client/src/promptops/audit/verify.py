"""Checks an export offline: every hash, number, link, the tree's root at each checkpoint, and the signatures.

One pass in constant memory. It names faults as they would have come about, and goes on behind one where the rest can
still be proved: a changed entry keeps its place by the hash that was stored for it, a single missing one by the hash
that the next entry names. What a checkpoint's root covers is *anchored*: nobody without the key can have made it up.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from promptops.audit.checkpoint import NotACheckpoint, SignedCheckpoint
from promptops.audit.export_file import VERSIONS, read_entry
from promptops.audit.findings import Verdict
from promptops.audit.merkle import GrowingTree
from promptops.audit.personal import read_personal, value_hash
from promptops.delivery.trust import KeyRing, parse_key_document
from promptops.errors import InvalidHeader

MAX_NOTES = 20


class NotAnExport(ValueError):
    """The file is no export of an audit log; the text says why."""


class _Entry(NamedTuple):
    seq: int
    prev: str
    stored: str
    computed: str
    log_id: str
    time: str
    personal: bytes = b"{}"
    """By place the hash of what lies beside the entry, as JSON."""


class _Bad(NamedTuple):
    reason: str


def verify(
    lines: Iterable[bytes],
    *,
    trusted: Iterable[bytes] = (),
    outside: Iterable[SignedCheckpoint] = (),
) -> Verdict:
    """Check an export.

    Args:
        lines: of the file.
        trusted: public keys (32 bytes) known from elsewhere; without any, those listed in the export are believed.
        outside: checkpoints kept elsewhere; those of other logs are passed over.

    Raises:
        NotAnExport: the first line is not that of an export.
    """
    rest = iter(lines)
    head = _head(next(rest, b""))
    return _Check(head, tuple(trusted), outside).run(rest)


class _Check:
    def __init__(
        self,
        head: Mapping[str, Any],
        trusted: tuple[bytes, ...],
        outside: Iterable[SignedCheckpoint],
    ) -> None:
        self.head = head
        self.found = Verdict(head["log_id"], head["name"], head["exported_at"])
        self.found.pinned = bool(trusted)
        self.ring = _ring(head, trusted)
        self.outside = outside
        self.first: int = head["first"]
        self.at = self.first
        self.prev: str = head["start"]["prev_hash"]
        self.time = ""
        self.roots: dict[int, str] = {}
        self.anchored_to = 0
        self.tree: GrowingTree | None = None
        try:
            self.tree = GrowingTree(self.first - 1, map(bytes.fromhex, head["start"]["nodes"]))
        except (ValueError, TypeError):
            self._note("the file does not tell the state before its first entry")
        self.missing: dict[int, int] = {}
        self.extra: dict[int, int] = {}
        self.broken: list[tuple[int, int]] = []
        removed = head.get("removed")
        if isinstance(removed, Mapping) and type(removed.get("to")) is int and removed["to"] > 0:
            self.found.removed = (1, removed["to"])

    def run(self, lines: Iterator[bytes]) -> Verdict:
        ended = None
        for signed in self.outside:
            self._checkpoint(signed)
        here = self._next(lines)
        while here is not None:
            if isinstance(here, Mapping):
                ended = here
                if self._next(lines) is not None:
                    self._fault("malformed", self.at, "there are lines after the end of the export")
                break
            ahead = self._next(lines)
            self._place(here, ahead)
            here = ahead
        self._ending(ended)
        return self._verdict()

    def _next(self, lines: Iterator[bytes]) -> _Entry | _Bad | Mapping[str, Any] | None:
        beside: tuple[int, dict[str, tuple[str, str]]] | None = None
        for line in lines:
            if line.startswith(b'{"entry_hash"'):
                entry = _parse(line)
                if isinstance(entry, _Entry) and (beside is not None or entry.personal != b"{}"):
                    self._hold_personal(entry, beside)
                return entry
            try:
                given = read_personal(line)
                if given is not None:
                    beside = given
                    continue
                value = json.loads(line)
                if "end" in value:
                    return dict(value["end"])
                self._checkpoint(SignedCheckpoint.from_value(value["checkpoint"]))
            except NotACheckpoint as error:
                self._fault("signature", self.at, f"a checkpoint cannot be read: {error}")
            except (ValueError, KeyError, TypeError, RecursionError):
                return _Bad("is neither an entry nor a checkpoint")
        return None

    def _hold_personal(
        self, entry: _Entry, beside: tuple[int, dict[str, tuple[str, str]]] | None
    ) -> None:
        """Hold the values beside an entry against the hashes in it."""
        hashes: dict[str, str] = json.loads(entry.personal)
        if beside is not None and beside[0] != entry.seq:
            self._fault(
                "personal", entry.seq, f"personal data of {beside[0]} stands at {entry.seq}"
            )
            return
        values = {} if beside is None else beside[1]
        for place, (salt, value) in values.items():
            if hashes.get(place) != value_hash(salt, place, value):
                text = f"the {place} shown at entry {entry.seq} is not what was written then"
                self._fault("personal", entry.seq, text)
        if len(values) < len(hashes):
            self.found.erased += 1

    def _place(self, here: _Entry | _Bad, ahead: object) -> None:
        """Find what an entry's number says about its place; `ahead` is what follows it."""
        if isinstance(here, _Bad):
            self._fault(
                "malformed", self.at, f"the line in the place of entry {self.at} {here.reason}"
            )
            if isinstance(ahead, _Entry) and ahead.seq == self.at + 1:
                self._take_unseen(ahead.prev)
            return
        if here.seq == self.at:
            self._take(here)
            return
        following = ahead.seq if isinstance(ahead, _Entry) else None
        if following == self.at or (here.seq < self.at and following != self.at + 1):
            self.extra[here.seq] = self.at
        elif following == self.at + 1 and isinstance(ahead, _Entry):
            self.extra[here.seq] = self.at
            self.missing[self.at] = self.at
            self._take_unseen(ahead.prev)
        else:
            self.missing[self.at] = here.seq - 1
            if here.seq - 1 == self.at:
                self._take_unseen(here.prev)
            else:
                self.tree, self.at, self.prev = None, here.seq, here.prev
            self._take(here)

    def _take(self, entry: _Entry) -> None:
        seq = entry.seq
        if entry.computed != entry.stored:
            self._fault("changed", seq, f"entry {seq} is not what its hash was made of")
        if entry.prev != self.prev:
            which = max(seq - 1, self.first)
            text = (
                f"entry {seq} does not name the hash of entry {seq - 1}: one of the two was changed and hashed anew"
                if seq > self.first
                else f"entry {seq} does not follow on the entry before the export"
            )
            self._fault("changed", which, text)
        if entry.log_id != self.head["log_id"]:
            self._fault("foreign", seq, f"entry {seq} belongs to another log")
        if entry.time < self.time:
            self._note(
                f"clock set back: entry {seq} is of {entry.time}, the one before of {self.time}"
            )
        self.time = entry.time
        self._grow(entry.stored)

    def _take_unseen(self, hash_: str) -> None:
        """Keep the place of an entry that is not there, by the hash that the next one names."""
        self._grow(hash_)

    def _grow(self, hash_: str) -> None:
        if self.tree is not None:
            try:
                self.tree.append(bytes.fromhex(hash_))
            except ValueError:
                self.tree = None
        self.prev = hash_
        if self.at in self.roots:
            self._compare(self.at)
        self.at += 1

    def _compare(self, size: int) -> None:
        """Hold the root of a checkpoint of this size, if there is one, against the tree's."""
        signed = self.roots.pop(size, None)
        if signed is None or self.tree is None:
            return
        if self.tree.root.hex() == signed:
            self.found.checkpoints += 1
            self.anchored_to = size
            return
        begin = max(self.anchored_to + 1, self.first)
        self._fault(
            "rewritten",
            begin,
            f"entries {begin} to {size} are not those that the checkpoint over {size} was signed over",
            last=size,
        )
        self.tree = None  # every later root would differ as well

    def _checkpoint(self, signed: SignedCheckpoint) -> None:
        value = signed.checkpoint
        if value.log_id != self.head["log_id"] or value.installation != self.head["installation"]:
            return
        public = self.ring.public_of(signed.key_id)
        at = max(value.size, 1)
        if public is None:
            self._fault(
                "wrong-key",
                at,
                f"the checkpoint over {value.size} names key {signed.key_id}, which is not trusted",
            )
        elif not signed.signed_by(public):
            self._fault(
                "signature", at, f"the signature of the checkpoint over {value.size} is wrong"
            )
        elif value.size > self.head["size"]:
            if value.time <= self.head["exported_at"]:
                self._fault(
                    "truncated",
                    self.head["size"] + 1,
                    f"the log had {value.size} entries at {value.time}, and {self.head['size']} "
                    "when it was exported later",
                    last=value.size,
                )
            else:
                self._note(f"the checkpoint over {value.size} is newer than the export")
        elif self.roots.setdefault(value.size, value.root) != value.root:
            self._fault(
                "forked",
                at,
                f"two checkpoints over {value.size} entries were signed with different roots",
            )

    def _ending(self, ended: Mapping[str, Any] | None) -> None:
        last: int = self.head["last"]
        if self.at <= last:
            self._fault(
                "truncated",
                self.at,
                f"entries {self.at} to {last} are missing at the end",
                last=last,
            )
        elif ended is None:
            self._fault("truncated", self.at, "the file ends before the export's last line")
        elif self.at > last + 1:
            self._fault(
                "inserted",
                last + 1,
                f"there are entries after {last}, the last one exported",
                last=self.at - 1,
            )

    def _verdict(self) -> Verdict:
        found = self.found
        for seq, place in self.extra.items():
            gap = next((b for b, e in self.missing.items() if b <= seq <= e), None)
            if gap is None:
                self._fault(
                    "inserted",
                    seq,
                    f"there is a second or strange entry {seq} in the place of {place}",
                )
            else:
                begin = min(seq, place)
                self._fault(
                    "swapped",
                    begin,
                    f"entry {seq} stands in the place of {place}",
                    last=max(seq, place),
                )
        for begin, end in self.missing.items():
            if all(
                seq in self.extra for seq in range(begin, min(end, begin + len(self.extra)) + 1)
            ):
                continue
            word = f"entry {begin} is" if begin == end else f"entries {begin} to {end} are"
            self._fault("gap", begin, f"{word} missing", last=end)
        if found.removed and self.anchored_to < found.removed[1]:
            self._note("no checkpoint that was checked covers the entries removed under retention")
        found.entries = self.at - self.first
        if self.anchored_to >= self.first:
            found.anchored = (self.first, self.anchored_to)
        begin = max(self.anchored_to + 1, self.first)
        if begin < self.at:
            found.unanchored = (begin, self.at - 1)
        found.broken = _merged(self.broken)
        found.faults.sort(key=lambda fault: fault.seq)
        return found

    def _fault(self, kind: Any, seq: int, text: str, last: int | None = None) -> None:
        self.found.add(kind, seq, text, last)
        if len(self.broken) < 1_000:
            self.broken.append((seq, seq if last is None else last))

    def _note(self, text: str) -> None:
        if len(self.found.notes) < MAX_NOTES:
            self.found.notes.append(text)


_TEXT = rb'(?:null|"(?:[^"\\]|\\.)*+")'
_TAIL = re.compile(
    rb'"prev_hash":"([0-9a-f]{64})","project":%b,"reason":%b,"recorded_at":"([^"\\]*)",'
    rb'"request_id":%b,"rule":%b,"schema":"promptops\.audit/1","seq":([0-9]{1,10}),"ticket":%b\}'
    % ((_TEXT,) * 5)
)
"""How a canonical event ends. Only one brace closes it, so these are the event's own members, not those of a value in it."""
_TAIL_2 = re.compile(
    rb'"personal":(\{(?:"[a-z_.]{1,60}":"[0-9a-f]{64}",?)*\}),"policy_version":%b,'
    rb'"prev_hash":"([0-9a-f]{64})","project":%b,"reason":%b,"recorded_at":"([^"\\]*)",'
    rb'"request_id":%b,"rule":%b,"schema":"promptops\.audit/2","seq":([0-9]{1,10}),'
    rb'"signature":(?:null|\{(?:"[a-z_]{1,40}":%b,?)*\}),"ticket":%b,"tier":%b\}' % ((_TEXT,) * 8)
)
"""The same of the second schema, whose signature is an object of texts."""
_LOG = re.compile(rb'"log_id":"([^"\\]*)","object":')


def _parse(line: bytes) -> _Entry | _Bad:
    cut = read_entry(line)
    if cut is None:
        return _Bad("is cut off or not built like an entry")
    computed = hashlib.sha256(b"\x00" + cut.body).hexdigest()
    # Parsing the JSON would take most of the time; what is not written in the usual form is parsed.
    text = cut.body
    begin = text.rfind(b',"personal":') + 1
    tail = _TAIL_2.fullmatch(text, begin) if begin else None
    if tail is None:
        begin = text.rfind(b',"prev_hash":') + 1
        tail = _TAIL.fullmatch(text, begin) if begin else None
    logs = _LOG.findall(text, 0, begin) if tail else ()
    if tail and len(logs) == 1:
        prev, time, seq = tail.groups()[-3:]
        return _Entry(
            int(seq), prev.decode(), cut.entry_hash, computed,
            logs[0].decode("utf-8", "replace"), time.decode("utf-8", "replace"),
            tail[1] if tail.re is _TAIL_2 else b"{}",
        )  # fmt: skip
    try:
        body = json.loads(cut.body)
        entry = _Entry(
            body["seq"], body["prev_hash"], cut.entry_hash, computed, body["log_id"], body["recorded_at"],
            json.dumps(places if isinstance(places := body.get("personal"), dict) else {}).encode(),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, RecursionError):
        return _Bad("is not the JSON of an event")
    if type(entry.seq) is not int or type(entry.prev) is not str or type(entry.time) is not str:
        return _Bad("is not the JSON of an event")
    return entry


def _head(line: bytes) -> Mapping[str, Any]:
    try:
        head = json.loads(line)
        version = head["promptops_audit_export"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NotAnExport("its first line is not that of an export") from None
    if version not in VERSIONS:
        raise NotAnExport(f"it is of version {version!r}; this program reads {VERSIONS[-1]}")
    try:
        numbers = [head[name] for name in ("size", "first", "last")]
        texts = [head[name] for name in ("installation", "log_id", "name", "exported_at")]
        texts.append(head["start"]["prev_hash"])
        nodes = head["start"]["nodes"]
    except (TypeError, KeyError):
        raise NotAnExport("its first line lacks something") from None
    if (
        not all(type(number) is int for number in numbers)
        or not all(isinstance(text, str) for text in texts)
        or not isinstance(nodes, list)
        or head["first"] < 1
    ):
        raise NotAnExport("a value in its first line has the wrong type")
    checked: Mapping[str, Any] = head
    return checked


def _ring(head: Mapping[str, Any], trusted: tuple[bytes, ...]) -> KeyRing:
    try:
        document = parse_key_document(head.get("keys"))
    except InvalidHeader:
        return KeyRing.pinned(trusted)
    if not trusted:
        return KeyRing.on_first_use(document)
    return KeyRing.pinned(trusted).extended(document)


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for begin, end in sorted(ranges):
        if out and begin <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((begin, end))
    return out
