"""Fields D01 to D08: what the prompt is for, who answers for it, how much depends on it."""

from __future__ import annotations

from .model import ALWAYS, MEDIUM, TIERS, TOOLS, Field
from .shapes import REASON_MIN, Choice, Group, Many, Member, Named, Text, Whole
from .tier import CONSEQUENTIAL

_SCORE = Group((Member("score", Whole(1, 3)), Member("reason", Text(min=REASON_MIN, max=1_000))))
ROLES = ("none", "assist", "recommend", "automate")
EFFECTS = ("none", "reads", "writes", "writes_system_of_record", "moves_money")
PERSON = Text(max=200, person=True)

FIELDS = (
    Field(
        *("D01", "use_case_id", Text(max=100), ALWAYS, ("P7",)),
        question="Which use case of the inventory does this prompt belong to?",
        help="The identifier your AI inventory gave it. Prompts of one use case share it.",
        example="UC-RB-014",
        na="never",
    ),
    Field(
        *("D02", "owner", PERSON, ALWAYS, ("P7",)),
        question="Who answers for this prompt?",
        help="A person, not a team. Not said here: the first of the file's `owners`.",
        example="maria.lopez",
    ),
    Field(
        *("D02", "backup", PERSON, ALWAYS, ("P7",)),
        question="Who answers for it when the owner is away?",
        help="Another person. Not said here: the second of the file's `owners`.",
        example="tom.becker",
    ),
    Field(
        *("D03", "intent", Text(min=50, max=2_000), ALWAYS, ("P5", "P7")),
        question="What is this prompt for, and what will it not do?",
        help="The purpose in plain words: who is better off, and what stays with people.",
        example="Puts urgent claims before a handler first. Every claim is still decided by a person.",
        na="below_high",
        own=("intent",),
    ),
    Field(
        *("D04", "scope"),
        Group(
            (
                Member("jurisdictions", Many(Text(max=100))),
                Member("channels", Many(Text(max=100))),
                Member("audience", Many(Text(max=200))),
            )
        ),
        *(ALWAYS, ("P7",)),
        question="Where, through which channels and for whom is it used?",
        help="At least one of each. A wider audience or another jurisdiction is a significant change.",
        example={
            "jurisdictions": ["SG"],
            "channels": ["web form"],
            "audience": ["claims handlers"],
        },
    ),
    Field(
        *("D05", "out_of_scope", Many(Text(max=500)), MEDIUM, ("P4", "P5")),
        question="What must it not be used for?",
        help="Uses that somebody could think of and that were not assessed.",
        example=["deciding a claim", "answering the customer"],
    ),
    Field(
        *("D06", "decision_role", Choice(ROLES), ALWAYS, ("P1", "P6")),
        question="What part does the answer play in a decision about somebody?",
        help="none: in no decision; assist: prepares; recommend: proposes an outcome; automate: decides.",
        example="assist",
        na="never",
    ),
    Field(
        *("D06", "decision_kinds", Many(Choice(("none", "other", *CONSEQUENTIAL))), ALWAYS),
        ("P1", "P6"),
        question="What are these decisions about?",
        help="All kinds it has a part in. All but none and other are never of tier low.",
        example=["claims"],
        na="never",
    ),
    Field(
        *("D07", "impact", _SCORE, ALWAYS, ("P7",)),
        question="How badly can a wrong answer hurt somebody, or the firm?",
        help="1: it is noticed and costs little; 2: it is costly to put right; 3: lasting harm.",
        example={"score": 2, "reason": "A late claim leaves a household without shelter for days."},
        na="never",
    ),
    Field(
        *("D07", "complexity", _SCORE, ALWAYS, ("P7",)),
        question="How hard is it to foresee and explain what the prompt answers?",
        help="1: one step, short answer; 2: several steps or an opaque model; 3: tools, chains, retrieval.",
        example={"score": 2, "reason": "One step, but an opaque model of a third party."},
        na="never",
    ),
    Field(
        *("D07", "reliance", _SCORE, ALWAYS, ("P7",)),
        question="How far do people or systems follow the answer unseen?",
        help="1: every answer is checked; 2: samples are checked; 3: nobody looks before it takes effect.",
        example={"score": 1, "reason": "A handler reads every claim before anything happens."},
        na="never",
    ),
    Field(
        *("D07", "tool_effects", Named(Choice(EFFECTS)), TOOLS, ("P7",)),
        question="What can each tool do?",
        help="Per tool of the file. Moving money, or writing to a system of record, makes tier high.",
        example={"find_policy": "reads"},
        na="never",
    ),
    Field(
        *("D08", "controls", Many(Text(max=500)), ALWAYS, ("P7", "P9")),
        question="Which controls lower the risk?",
        help="What is in place today and can be shown. They count for the residual tier only.",
        example=["a handler reads every claim", "weekly sample by language"],
    ),
    Field(
        *("D08", "residual_tier", Choice(TIERS), ALWAYS, ("P7", "P9")),
        question="Which tier is left with these controls?",
        help="Controls follow the inherent tier; a residual tier below it needs credited controls.",
        example="low",
        na="never",
    ),
)
