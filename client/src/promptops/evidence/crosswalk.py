"""The cross-walk: which clause of which framework is served by what, and where the proof of it lies.

Owns the table that the page docs/crosswalk.md and the command `crosswalk` show. It is the product's reading, not legal
advice; clauses are named by their subject, not quoted.
"""

from __future__ import annotations

from dataclasses import dataclass

from promptops.evidence.feat import PRINCIPLES
from promptops.format.record import EVIDENCE, FIELDS

NOTICE = "The product's reading, not legal advice. Clauses are named by their subject, not quoted."


@dataclass(frozen=True, slots=True)
class Theme:
    """A subject that frameworks share: the fields and features that serve it, a command and files of a pack that prove it."""

    fields: str
    feature: str
    command: str
    files: str


THEMES: dict[str, Theme] = {
    "inventory": Theme("D01–D05", "inventory of all prompts with owner and use case", "promptops inventory PROJECT", "record.json"),
    "risk rating": Theme("D06–D08", "three scores, floors, tier; controls follow the tier", "promptops record show ADDRESS", "record.json, report.pdf (Risk)"),
    "third party": Theme("D09, D10", "model pinned by name and version; contract, region, exit in the record", "promptops record show ADDRESS", "record.json, artifact.json"),
    "data and privacy": Theme("D14, D30–D33", "personal attributes, data class, variables with trust and personal data marked", "promptops record show ADDRESS", "record.json, lint.json"),
    "fairness": Theme("D11–D15", "affected groups, harms, fairness notes and results", "promptops record show ADDRESS", "record.json, tests.json"),
    "testing": Theme("D16, D17, D23", "limitations; independent validation at tier high; test results where some are recorded", "promptops evidence ADDRESS -o FILE", "tests.json, approvals.json"),
    "oversight and redress": Theme("D20, D21, D26, D27", "oversight mode, standard of a person, recourse with a person as reviewer", "promptops record show ADDRESS", "record.json"),
    "transparency": Theme("D28, D29", "disclosure and explanation in plain words", "promptops record show ADDRESS", "record.json"),
    "approval": Theme("D22–D25", "decisions bound to both digests and the tier; separation of duties; signatures", "promptops evidence ADDRESS -o FILE", "approvals.json, report.pdf (Approvals)"),
    "change": Theme("D35", "every change is a version with a difference; an edit voids decisions by construction", "promptops prompt diff ADDRESS", "difference.diff, difference.json, history.json"),
    "logs": Theme("D18, audit event", "gap-free hashed log, signed checkpoints, proof of inclusion", "promptops audit verify FILE", "audit/events.jsonl, audit/proofs.json"),
    "stop and incidents": Theme("D34", "suspend with a signed tombstone; rollback; releases with reasons", "promptops releases PROJECT@ENVIRONMENT", "release.json, history.json, continuity.json"),
    "review and retention": Theme("D33, D36", "review dates; immutable versions and logs", "promptops evidence ADDRESS -o FILE", "continuity.json, history.json"),
}  # fmt: skip

Rows = tuple[tuple[str, str, str], ...]
"""Clause, its subject, theme."""

FRAMEWORKS: dict[str, tuple[str, Rows]] = {
    "mas": (
        "MAS Guidelines on AI Risk Management",
        (
            ("4.5–4.7", "inventory of AI", "inventory"),
            ("4.10–4.13", "assessment of risk materiality", "risk rating"),
            ("5.3", "ability to stop", "stop and incidents"),
            ("5.4", "data", "data and privacy"),
            ("5.5–5.6", "transparency", "transparency"),
            ("5.6, 5.9", "human oversight and redress", "oversight and redress"),
            ("5.7–5.8", "fairness", "fairness"),
            ("5.10–5.11", "third parties", "third party"),
            ("5.14–5.22", "evaluation and testing", "testing"),
            ("5.16, 5.21", "review and approval", "approval"),
            ("5.23", "monitoring, logs, incidents", "logs"),
            ("5.24, 5.26", "review, retirement", "review and retention"),
            ("5.25", "change management", "change"),
        ),
    ),
    "eu": (
        "EU AI Act (Regulation 2024/1689)",
        (
            ("Art. 9, 27", "risk management; fundamental-rights impact", "risk rating"),
            ("Art. 10", "data and data governance", "data and privacy"),
            ("Art. 10", "bias", "fairness"),
            ("Art. 11", "technical documentation", "inventory"),
            ("Art. 12, 19, 26, 72", "record-keeping, logs, deployers, post-market monitoring", "logs"),
            ("Art. 13, 50", "transparency", "transparency"),
            ("Art. 14, 86", "human oversight; explanation of decisions", "oversight and redress"),
            ("Art. 14, 73", "stopping; serious incidents", "stop and incidents"),
            ("Art. 15, 17", "accuracy and robustness; quality management", "testing"),
            ("Art. 17", "quality management: responsibilities", "approval"),
            ("Art. 18", "keeping of documentation", "review and retention"),
            ("Art. 25", "responsibilities along the value chain", "third party"),
            ("Art. 43(4)", "substantial modification", "change"),
        ),
    ),
    "nist": (
        "NIST AI Risk Management Framework 1.0",
        (
            ("GV 1.6, MP 1.1", "inventory; purpose and context", "inventory"),
            ("MP 5, MG 1", "impacts; priorities of risk", "risk rating"),
            ("GV 6, MG 3", "third parties", "third party"),
            ("MS 2.10", "privacy", "data and privacy"),
            ("MS 2.11", "fairness and bias", "fairness"),
            ("MS 1.3, MS 2.5", "independent assessment; validity", "testing"),
            ("MP 3.5, MG 4.1", "human oversight; appeal", "oversight and redress"),
            ("MS 2.8–2.9", "transparency; explanation", "transparency"),
            ("GV 2.1", "roles and responsibilities", "approval"),
            ("MG 4.1", "change management", "change"),
            ("MS 2.4", "behaviour monitored in production", "logs"),
            ("MG 2.4, MG 4.3", "disengaging; incidents", "stop and incidents"),
            ("GV 1.5, GV 1.7", "periodic review; decommissioning", "review and retention"),
        ),
    ),
    "iso": (
        "ISO/IEC 42001:2023",
        (
            ("A.4.2, A.9.4", "resources; intended use", "inventory"),
            ("6.1, A.5", "risks; impact assessment", "risk rating"),
            ("A.10", "suppliers and third parties", "third party"),
            ("A.7", "data", "data and privacy"),
            ("A.5.4", "impact on individuals and groups", "fairness"),
            ("A.6.2.4", "verification and validation", "testing"),
            ("A.9.2", "responsible use", "oversight and redress"),
            ("A.8.2", "information for users", "transparency"),
            ("A.3.2", "roles and responsibilities", "approval"),
            ("A.6.2.3", "documentation of design and development", "change"),
            ("A.6.2.6, A.6.2.8", "operation and monitoring; event logs", "logs"),
            ("A.8.4", "communication of incidents", "stop and incidents"),
            ("9", "performance evaluation", "review and retention"),
        ),
    ),
    "records": (
        "Records law (21 CFR Part 11, HIPAA Security Rule)",
        (
            ("11.10(a)", "validation", "testing"),
            ("11.10(d), (f), (g)", "access, sequence and authority checks", "approval"),
            ("11.50, 11.70, 11.200", "signatures: what they show, their link, their components", "approval"),
            ("11.10(e)", "audit trail", "logs"),
            ("11.10(k)", "control of documentation", "change"),
            ("164.308", "contingency", "stop and incidents"),
            ("164.312", "technical safeguards", "data and privacy"),
            ("164.312(b)", "audit controls", "logs"),
            ("164.316", "documentation and its retention", "review and retention"),
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the cross-walk."""

    clause: str
    subject: str
    fields: str
    feature: str
    command: str
    files: str


NAMES = ("feat", *FRAMEWORKS)


def title_of(framework: str) -> str:
    """A framework's title."""
    return "FEAT principles (MAS, 2018)" if framework == "feat" else FRAMEWORKS[framework][0]


def rows_of(framework: str) -> list[Row]:
    """The lines of a framework. Raises KeyError."""
    if framework == "feat":
        return [_principle(id) for id in PRINCIPLES]
    out = []
    for clause, subject, theme in FRAMEWORKS[framework][1]:
        served = THEMES[theme]
        out.append(
            Row(clause, subject, served.fields, served.feature, served.command, served.files)
        )
    return out


def page() -> str:
    """The page docs/crosswalk.md."""
    out = [
        "# Cross-walk: clauses, fields, proof",
        NOTICE,
        "",
        "For each clause: the fields of the record (D01 to D38, `promptops record fields`) and the features that serve it, a",
        "command that shows it, and the files of an evidence pack (`promptops evidence`, see [evidence](evidence.md)) where the",
        "proof lies. The same table: `promptops crosswalk --framework feat|mas|eu|nist|iso|records`. A clause that only a firm's",
        "own organisation can meet is served here by what the firm writes into the record, and by nothing else.",
    ]
    for name in NAMES:
        out += [
            "",
            f"## {title_of(name)}",
            "| clause | about | fields | served by | command | in the pack |",
            "|---|---|---|---|---|---|",
        ]
        out += [
            f"| {r.clause} | {r.subject} | {r.fields} | {r.feature} | `{r.command}` | {r.files} |"
            for r in rows_of(name)
        ]
    return "\n".join(out) + "\n"


def _principle(id: str) -> Row:
    theme, text = PRINCIPLES[id]
    fields = [field.id for field in FIELDS if id in field.serves]
    beside = [item.id for item in EVIDENCE if id in item.serves]
    return Row(
        id,
        f"{theme}: {text[0].lower()}{text[1:]}",
        ", ".join(sorted({*fields, *beside})),
        "the documentation record" + (", evidence kept beside the version" if beside else ""),
        "promptops record show ADDRESS",
        "record.json" + (", approvals.json, tests.json" if beside else "") + f", report.pdf ({id})",
    )
