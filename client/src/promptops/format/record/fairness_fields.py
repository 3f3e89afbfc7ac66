"""Fields D11 to D14, D20 and D26 to D29: whom it touches, how fairly, and what they are told."""

from __future__ import annotations

from .model import ALWAYS, MEDIUM, PEOPLE, PEOPLE_MEDIUM, PERSONAL_DATA, Field
from .purpose_fields import PERSON
from .shapes import REASON_MIN, Choice, Group, Many, Member, Text, YesNo

_LONG = Text(max=2_000)

FIELDS = (
    Field(
        *("D11", "affects_people", YesNo(), ALWAYS, ("P1",)),
        question="Is a person affected by the answer, or addressed by it?",
        help="Customers, applicants, patients, employees. Yes brings the questions about them.",
        example=True,
        na="never",
    ),
    Field(
        *("D11", "affected_groups", Many(Text(max=200)), PEOPLE, ("P1",)),
        question="Which groups of people are affected?",
        help="Also those for whom it could work worse: by language, age, disability, device.",
        example=["policyholders", "claimants writing in a second language"],
        na="below_high",
    ),
    Field(
        *("D12", "harms_benefits"),
        Many(
            Group((Member("group", Text(max=200)), Member("harm", _LONG), Member("benefit", _LONG)))
        ),
        *(MEDIUM, ("P1",)),
        question="For each group: what harm and what benefit can come of it?",
        help="One entry for each group of `affected_groups`, spelt as there.",
        example=[
            {
                "group": "policyholders",
                "harm": "a claim waits because its urgency was not seen",
                "benefit": "urgent claims are read first",
            }
        ],
    ),
    Field(
        *("D13", "fairness_notes", Text(min=30, max=4_000, min_high=150), ALWAYS, ("P1", "P3")),
        question="Why should it work equally well for everybody it touches?",
        help="What could disadvantage somebody, and what you did about it. 150 characters at tier high.",
        example=(
            "Urgency must follow the damage described, never the fluency of the writing. Short,"
            " misspelt and translated claims are in the test data; waiting time is compared weekly."
        ),
        na="below_high",
        own=("fairness_notes",),
    ),
    Field(
        *("D14", "personal_attributes"),
        Many(
            Group(
                (
                    Member("name", Text(max=200)),
                    Member("kind", Choice(("direct", "proxy"))),
                    Member("purpose", _LONG),
                    Member("justification", _LONG),
                )
            )
        ),
        *(PERSONAL_DATA, ("P2",)),
        question="Which personal attributes reach the model, and why?",
        help="Direct (age) and proxies (postcode). If none does: n/a with the reason.",
        example=[
            {
                "name": "address",
                "kind": "proxy",
                "purpose": "finds the loss adjuster of the region",
                "justification": "the claim cannot be handled without it",
            }
        ],
        na="below_high",
    ),
    Field(
        *("D20", "human_standard", _LONG, PEOPLE, ("P6",)),
        question="By which standard would a person doing this work be judged?",
        help="The prompt is held to no lower one.",
        example="The claims handling manual, chapter 3: urgency is set within four hours.",
    ),
    Field(
        *("D26", "recourse"),
        Group(
            (
                Member("channel", Text(max=500)),
                Member("time_limit", Text(max=200)),
                Member("reviewer", PERSON),
            )
        ),
        *(PEOPLE, ("P10",)),
        question="How does somebody object, by when, and which person looks at it?",
        help="The reviewer is a person who can change the outcome.",
        example={
            "channel": "claims-review@bank.example or any branch",
            "time_limit": "answered within 10 working days",
            "reviewer": "head of claims review",
        },
        na="below_high",
    ),
    Field(
        *("D27", "supplementary_data", _LONG, PEOPLE_MEDIUM, ("P11",)),
        question="How does verified further data from the person count in a review?",
        help="What they may hand in, and what happens with it.",
        example="Photos and receipts are added to the claim and it is sorted again by a handler.",
    ),
    Field(
        *("D28", "disclosure"),
        Group((Member("text", Text(min=REASON_MIN, max=2_000)), Member("place", Text(max=500)))),
        *(PEOPLE, ("P12",)),
        question="What are people told about AI being used, and where?",
        help="It says that AI is used and how to reach a person.",
        example={
            "text": "AI helps us to sort claims; a person reads each. Call 1800 555 to reach one.",
            "place": "claim form, above the send button",
        },
    ),
    Field(
        *("D29", "explanation"),
        Group((Member("data", _LONG), Member("effect", _LONG), Member("consequences", _LONG))),
        *(PEOPLE_MEDIUM, ("P13", "P14")),
        question="On request: which data was used, how did it matter, what follows from it?",
        help="In plain words, as a customer would be told.",
        example={
            "data": "what you wrote in the claim, and your type of policy",
            "effect": "the damage you described decided how soon it is read",
            "consequences": "only the order of work; cover is decided by a person",
        },
    ),
)
