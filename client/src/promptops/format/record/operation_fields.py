"""Fields D09, D10, D17 to D22 and D30 to D38: the model, the safeguards, the data and the change."""

from __future__ import annotations

from .model import ALWAYS, EXTERNAL, HIGH, MEDIUM, PERSONAL_DATA, Field
from .purpose_fields import PERSON
from .shapes import Choice, Group, Many, Member, Named, Number, Text, Whole, YesNo

_LINE = Text(max=500)
DATA_CLASSES = ("public", "internal", "confidential", "personal", "sensitive_personal")
OVERSIGHT = ("in_the_loop", "over_the_loop", "out_of_the_loop")
CHANGES = ("minor", "major", "significant")
SECTORS = ("none", "phi", "gxp", "safety")

FIELDS = (
    Field(
        *("D09", "model"),
        Group(
            (
                Member("provider", Text(max=200)),
                Member("name", Text(max=200)),
                Member("version", Text(max=200), None),
                Member("variant_versions", Named(Text(max=200)), None),
                Member("hosting", Choice(("internal", "external"))),
                Member("opaque", YesNo(), None),
            )
        ),
        *(ALWAYS, ("P8",)),
        question="Which model, from whom, in which version, run by whom?",
        help=(
            "Provider and name are taken from the file's `model`, parameters from `modelParameters`. From tier medium"
            " on the version is pinned: in the model id, or here. `opaque: false` if the weights are open."
        ),
        example={
            "provider": "openai",
            "name": "gpt-4o",
            "version": "2024-08-06",
            "hosting": "external",
        },
        na="never",
    ),
    Field(
        *("D10", "third_party"),
        Group(
            (
                Member("contract", _LINE),
                Member("region", Text(max=200)),
                Member("change_notice", _LINE),
                Member("exit", Text(max=2_000)),
            )
        ),
        *(EXTERNAL, ("P8",)),
        question="Under which contract, in which region, with what notice of change, and what if it ends?",
        help="One contract usually serves many prompts: write it in the defaults.",
        example={
            "contract": "C-2026-118",
            "region": "ap-southeast-1",
            "change_notice": "90 days in writing",
            "exit": "the qwen variant runs in our own data centre within a day",
        },
    ),
    Field(
        *("D17", "limitations", Many(_LINE), MEDIUM, ("P4", "P13")),
        question="What can it not do, or not do well?",
        help="What a user must know before relying on it.",
        example=["does not see photos", "does not know the policy's cover"],
    ),
    Field(
        *("D18", "monitoring"),
        Many(
            Group(
                (
                    Member("metric", Text(max=200)),
                    Member("trips", Choice(("above", "below")), None),
                    Member("amber", Number()),
                    Member("red", Number()),
                    Member("cadence", Text(max=100)),
                    Member("owner", PERSON),
                )
            )
        ),
        *(MEDIUM, ("P3", "P4")),
        question="What is measured in use, and when does somebody act?",
        help="Amber trips before red; `trips: below` for a metric where less is worse.",
        example=[
            {
                "metric": "urgent claims found late, per cent",
                "amber": 1,
                "red": 3,
                "cadence": "weekly",
                "owner": "maria.lopez",
            }
        ],
    ),
    Field(
        *("D19", "ethics_ref", _LINE, MEDIUM, ("P5",)),
        question="Which ethical standard of the firm applies?",
        help="A document that can be found: its number or address.",
        example="Responsible AI policy 4.2",
    ),
    Field(
        *("D19", "prohibited_outputs", Many(_LINE), MEDIUM, ("P5",)),
        question="What must it never say?",
        help="Checks and reviewers look for these.",
        example=["a decision on the claim", "advice on what to claim"],
    ),
    Field(
        *("D21", "oversight"),
        Group(
            (
                Member("mode", Choice(OVERSIGHT)),
                Member("reviewer", PERSON),
                Member("triggers", Many(_LINE), None),
            )
        ),
        *(MEDIUM, ("P6", "P7")),
        question="How do people watch over it, who does, and what makes them step in?",
        help="In the loop: before each effect; over: can step in at any time; out: afterwards only.",
        example={
            "mode": "in_the_loop",
            "reviewer": "claims handlers",
            "triggers": ["urgency immediate"],
        },
        na="below_high",
    ),
    Field(
        *("D22", "accountable_manager", PERSON, HIGH, ("P7", "P9")),
        question="Which manager is accountable?",
        help="A person, and not an author of the version.",
        example="ruth.fischer",
    ),
    Field(
        *("D30", "data_class", Choice(DATA_CLASSES), ALWAYS, ("P2",)),
        question="Of which class is the most sensitive data that reaches the model?",
        help="Personal data brings the questions about it.",
        example="personal",
        na="never",
    ),
    Field(
        *("D31", "privacy"),
        Group(
            (
                Member("categories", Many(Text(max=200))),
                Member("basis", _LINE),
                Member("assessment", _LINE, "medium"),
            )
        ),
        *(PERSONAL_DATA, ("P2",)),
        question="Which categories of personal data, on what legal basis, assessed where?",
        help="From tier medium on with the privacy assessment's reference.",
        example={
            "categories": ["contact", "claim history"],
            "basis": "contract with the policyholder",
            "assessment": "DPIA-2026-07",
        },
    ),
    Field(
        *("D32", "variables"),
        Many(
            Group(
                (
                    Member("name", Text(max=200)),
                    Member("source", Text(max=200)),
                    Member("trust", Choice(("trusted", "untrusted"))),
                    Member("pii", YesNo()),
                )
            ),
            min=0,
        ),
        *(ALWAYS, ("P2", "P8")),
        question="Where does each variable come from, is it trusted, is it personal?",
        help="Taken from `inputs`. Written here, it lists exactly the template's variables.",
        example=[{"name": "claim", "source": "web form", "trust": "untrusted", "pii": True}],
        na="never",
    ),
    Field(
        *("D33", "io_retention"),
        Group((Member("days", Whole(1, 3_650)), Member("redaction", _LINE))),
        *(ALWAYS, ("P10",)),
        question="How long are inputs and answers kept, and what is taken out of them?",
        help="Long enough for appeals, 1 to 3,650 days.",
        example={"days": 365, "redaction": "names and policy numbers"},
    ),
    Field(
        *("D34", "contingency"),
        Group((Member("fallback", Text(max=2_000)), Member("stop_owner", PERSON))),
        *(HIGH, ("P4", "P8")),
        question="What happens without it, and who may stop it?",
        help="The drill that proves it is evidence, kept beside the version.",
        example={
            "fallback": "claims are read in order of arrival",
            "stop_owner": "duty manager, claims",
        },
        na="below_high",
    ),
    Field(
        *("D35", "change"),
        Group(
            (
                Member("reason", Text(min=15, max=1_000)),
                Member("class", Choice(CHANGES)),
                Member("ticket", Text(max=100), None),
            )
        ),
        *(ALWAYS, ("P7",)),
        question="Why this change, and how large is it?",
        help="About this version alone. A class that is too low is raised by the reviewer.",
        example={
            "reason": "Shorter answers for the phone desk",
            "class": "minor",
            "ticket": "CLM-88",
        },
        na="never",
        own=("change.reason", "change.ticket"),
    ),
    Field(
        *("D38", "sector", Many(Choice(SECTORS)), ALWAYS, ("P5",)),
        question="Do sector rules apply?",
        help="phi: health data, asks for `privacy`; gxp: asks for signatures; safety; none.",
        example=["none"],
        na="never",
    ),
)
