"""Documentation of versions: worked out at the version's own commit, kept, and bound by a digest anybody can repeat."""

from __future__ import annotations

from datetime import date

import pytest
from bank import Bank, client
from pusher import Pusher
from sqlalchemy import func, select, update

from promptops.format import parse, record_digest
from promptops.format.record import read_defaults, resolved_digest
from promptops_server.registry.model import Version
from promptops_server.registry.records.document import (
    documentation_of,
    forget_documentation,
    store_documentation,
)
from promptops_server.registry.records.documentation import Documentation, review_due
from promptops_server.registry.records.tables import version_documentation
from promptops_server.registry.tables import version
from promptops_server.registry.versions import get_version
from support.record_files import DEFAULTS, MODULE, PROMPT, TYPED

HOURS = "branches/hours"
FILE = f"{HOURS}.prompt.yml"
ROOT = "record-defaults.yml"
BRANCHES = "branches/record-defaults.yml"
LAYERS = [read_defaults(ROOT, DEFAULTS), read_defaults(BRANCHES, MODULE)]


@pytest.fixture
def hours(bank: Bank) -> Bank:
    pusher = Pusher(bank)
    pusher.add({ROOT: DEFAULTS, BRANCHES: MODULE, FILE: PROMPT + TYPED})
    pusher.push()
    return bank


def versions(bank: Bank, *wanted: tuple[str, int]) -> list[Version]:
    with bank.db.read() as conn:
        return [get_version(conn, bank.project, path, number) for path, number in wanted]


def documented(bank: Bank, path: str = HOURS, number: int = 1) -> Documentation | None:
    found = versions(bank, (path, number))
    with bank.db.read() as conn:
        return documentation_of(conn, bank.project, found)[path, number]


def rows(bank: Bank) -> int:
    with bank.db.read() as conn:
        return conn.execute(select(func.count()).select_from(version_documentation)).scalar_one()


def test_a_version_s_record_digest_covers_its_defaults_and_can_be_taken_from_files(
    hours: Bank,
) -> None:
    file = parse(PROMPT + TYPED).file
    assert file is not None
    expected = resolved_digest(file, LAYERS)
    assert expected != record_digest(file)
    [pushed] = versions(hours, (HOURS, 1))
    assert pushed.record == expected
    told = client(hours.db).get(f"projects/bank/versions/{HOURS}@1").json()
    assert told["record"] == expected
    assert client(hours.db).get(f"projects/bank/record/{HOURS}@1").json()["digest"] == expected
    found = documented(hours)
    assert found is not None
    assert found.digest == expected


def test_put_and_push_write_the_same_digest(hours: Bank) -> None:
    text = PROMPT + TYPED.replace("First version", "Second version")
    put = hours.put(HOURS, text, parent=1)
    hours.put("branches/copied", text)
    pusher = Pusher(hours)
    pusher.add({"branches/pushed.prompt.yml": text})
    pusher.push()
    found = versions(hours, (HOURS, 2), ("branches/copied", 1), ("branches/pushed", 1))
    file = parse(text).file
    assert file is not None
    assert {v.record for v in found} == {resolved_digest(file, LAYERS), put.version.record}


def test_without_defaults_the_digest_is_that_of_the_file(bank: Bank) -> None:
    made = bank.put(HOURS, PROMPT + TYPED).version
    file = parse(PROMPT + TYPED).file
    assert file is not None
    assert made.record == record_digest(file) == resolved_digest(file, [])
    assert documented(bank).digest == made.record  # type: ignore[union-attr]


def test_each_step_of_a_push_counts_the_defaults_of_its_own_commit(bank: Bank) -> None:
    pusher = Pusher(bank)
    pusher.add({FILE: PROMPT + TYPED})
    pusher.add({ROOT: DEFAULTS, BRANCHES: MODULE})
    later = PROMPT + TYPED.replace("First version", "Second version")
    pusher.add({FILE: later})
    pusher.push()
    first, second = versions(bank, (HOURS, 1), (HOURS, 2))
    one, two = parse(PROMPT + TYPED).file, parse(later).file
    assert one is not None
    assert two is not None
    assert first.record == record_digest(one)
    assert second.record == resolved_digest(two, LAYERS)
    old, new = documented(bank, number=1), documented(bank, number=2)
    assert old is not None
    assert new is not None
    assert (old.tier, old.complete, "impact" in old.tier_missing) == (None, False, True)
    assert (new.tier, new.complete, new.tier_missing, new.findings) == ("low", True, (), ())


def test_later_defaults_change_nothing_of_a_version(hours: Bank) -> None:
    before = documented(hours)
    pusher = Pusher(hours)
    pusher.add({ROOT: DEFAULTS.replace("days: 90", "days: 7")})
    pusher.push()
    assert documented(hours) == before


def test_documentation_says_what_gates_and_lists_need(hours: Bank) -> None:
    na = TYPED + '  io_retention: "n/a: nothing is kept by this prompt at all"\n'
    hours.put(HOURS, PROMPT + na, parent=1)
    found = documented(hours, number=2)
    assert found is not None
    assert found.not_applicable == {"io_retention": "nothing is kept by this prompt at all"}
    assert (found.owner, found.backup) == ("maria.lopez", "tom.becker")
    assert (found.use_case, found.decision_role) == ("UC-RB-051", "none")
    assert (found.residual_tier, found.sectors) == ("low", ("none",))
    assert found.review_due is not None
    assert found.complete


def test_stored_documentation_reads_as_worked_out_and_is_stored_once(hours: Bank) -> None:
    hours.put("branches/broken-record", PROMPT + "record: {impact: {score: 9}, owner: 3}\n")
    found = versions(hours, (HOURS, 1), ("branches/broken-record", 1))
    with hours.db.read() as conn:
        fresh = documentation_of(conn, hours.project, found)
    broken = fresh["branches/broken-record", 1]
    assert broken is not None
    assert {"intent", "impact.score"} <= {f.key for f in broken.findings}
    for _ in range(2):
        with hours.db.write() as tx:
            store_documentation(tx, hours.project, found, fresh)
    assert rows(hours) == 2
    with hours.db.read() as conn:
        assert documentation_of(conn, hours.project, found) == fresh


def test_documentation_made_by_other_rules_is_made_again(hours: Bank) -> None:
    found = versions(hours, (HOURS, 1))
    with hours.db.write() as tx:
        fresh = documentation_of(tx.conn, hours.project, found)
        store_documentation(tx, hours.project, found, fresh)
        tx.conn.execute(update(version_documentation).values(rules=0, complete=False))
    assert documented(hours) == fresh[HOURS, 1]
    with hours.db.write() as tx:
        store_documentation(tx, hours.project, found, fresh)
        kept = tx.conn.execute(select(version_documentation.c.complete)).scalars().all()
    assert kept == [True]


def test_it_can_be_forgotten(hours: Bank) -> None:
    found = versions(hours, (HOURS, 1))
    with hours.db.write() as tx:
        store_documentation(
            tx, hours.project, found, documentation_of(tx.conn, hours.project, found)
        )
        forget_documentation(tx, tx.conn.execute(select(version.c.id)).scalars().all())
    assert rows(hours) == 0


def test_an_invalid_file_has_no_documentation(bank: Bank) -> None:
    pusher = Pusher(bank)
    pusher.add({FILE: "messages: 3\n"})
    pusher.push()
    assert documented(bank) is None


@pytest.mark.parametrize(
    ("tier", "due"),
    [
        ("low", date(2028, 8, 31)),
        ("medium", date(2027, 8, 31)),
        ("high", date(2027, 2, 28)),
        (None, None),
    ],
)
def test_a_review_is_due_by_tier(tier: str | None, due: date | None) -> None:
    assert review_due(tier, 1_788_134_400_000_000) == due
