"""The FEAT principles (MAS, 2018), paraphrased, by their numbers in the record's fields."""

from __future__ import annotations

PRINCIPLES: dict[str, tuple[str, str]] = {
    "P1": (
        "Fairness",
        "No individual or group is put at a systematic disadvantage without justification",
    ),
    "P2": ("Fairness", "Personal attributes are used only with a justification"),
    "P3": ("Fairness", "Data and models are reviewed for accuracy, relevance and bias"),
    "P4": ("Fairness", "Decisions are reviewed against the behaviour that was designed"),
    "P5": ("Ethics", "Use is in line with the firm's ethical standards"),
    "P6": ("Ethics", "Decisions are held to no lower bar than those of people"),
    "P7": ("Accountability", "Use is approved by an appropriate internal authority"),
    "P8": ("Accountability", "The firm answers for models made in the house and outside"),
    "P9": ("Accountability", "Management and Board are aware of the use"),
    "P10": ("Accountability", "People can enquire, appeal and ask for a review"),
    "P11": ("Accountability", "Verified further data from people counts in a review"),
    "P12": ("Transparency", "The use of AI is disclosed proactively"),
    "P13": ("Transparency", "On request, people learn which data was used and how it mattered"),
    "P14": ("Transparency", "On request, people learn what follows for them"),
}
"""Per principle its theme and what it asks."""
