"""Coverage: counts over the kept documentation of a project's newest versions."""

from __future__ import annotations

from bank import Bank
from pusher import Pusher

from promptops_server.registry.records.coverage import Documented, documented
from promptops_server.registry.records.document import documentation_of, store_documentation
from promptops_server.registry.versions import get_version
from support.record_files import DEFAULTS, MODULE, PROMPT, TYPED


def judge(bank: Bank, path: str) -> None:
    with bank.db.write() as tx:
        found = [get_version(tx.conn, bank.project, path)]
        known = documentation_of(tx.conn, bank.project, found)
        store_documentation(tx, bank.project, found, known)


def counted(bank: Bank) -> Documented:
    with bank.db.read() as conn:
        return documented(conn, bank.project)


def test_prompts_are_counted_by_tier_and_by_what_they_lack(bank: Bank) -> None:
    pusher = Pusher(bank)
    pusher.add(
        {
            "record-defaults.yml": DEFAULTS,
            "branches/record-defaults.yml": MODULE,
            "branches/hours.prompt.yml": PROMPT + TYPED,
        }
    )
    pusher.push()
    bank.put("bare/one", "messages: [{role: user, content: a}]\n")
    bank.put("bare/two", "messages: [{role: user, content: b}]\n")
    assert counted(bank).unknown == 3
    assert counted(bank).fields == ()
    for path in ("branches/hours", "bare/one", "bare/two"):
        judge(bank, path)
    found = counted(bank)
    assert found.unknown == 0
    assert sum(tier.complete for tier in found.tiers) == 1
    assert sum(tier.incomplete for tier in found.tiers) == 2
    assert found.fields[0].prompts == 2
    assert all(field.key and field.id for field in found.fields)
    assert len({(field.id, field.key) for field in found.fields}) == len(found.fields)
