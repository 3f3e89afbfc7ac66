"""Prompt files with a complete record, one for each risk tier."""

from __future__ import annotations

_MORE = """\
  out_of_scope: [questions about accounts]
  harms_benefits: [{group: branch staff, harm: a wasted telephone call, benefit: a quick answer}]
  limitations: [it knows the sheet of opening hours and nothing else]
  monitoring: [{metric: wrong answers per week, amber: 1, red: 3, cadence: weekly, owner: maria.lopez}]
  ethics_ref: Code of conduct, chapter 3
  prohibited_outputs: [advice about money]
  oversight: {mode: in_the_loop, reviewer: tom.becker, triggers: [a complaint]}
"""
_HIGH = """\
  accountable_manager: lena.vogt
  contingency: {fallback: the printed sheet, stop_owner: maria.lopez}
"""
_SCORES = {"low": 1, "medium": 2, "high": 3}


def reviewed_prompt(
    tier: str = "low",
    says: str = "When is {{ branch }} open?",
    *,
    reason: str = "First version",
    more: str = "",
) -> str:
    """A prompt of this tier whose record lacks nothing. `more` are further lines of the record."""
    score = _SCORES[tier]
    fairness = "It answers about branches, never about people. " * (4 if tier == "high" else 1)
    return f"""\
name: Branch hours
model: openai/gpt-4o-2024-08-06
owners: [maria.lopez, tom.becker]
inputs:
  branch: {{trust: trusted}}
messages:
  - role: user
    content: {says}
record:
  use_case_id: UC-RB-051
  scope: {{jurisdictions: [SG], channels: [intranet], audience: [branch staff]}}
  decision_role: none
  decision_kinds: none
  impact: {{score: {score}, reason: A wrong answer is noticed and costs a telephone call.}}
  complexity: {{score: {score}, reason: One question and one short answer from one sheet.}}
  reliance: {{score: {score}, reason: Staff read the answer before they use it.}}
  controls: [staff read every answer]
  residual_tier: low
  model: {{hosting: internal}}
  affects_people: false
  data_class: internal
  io_retention: {{days: 90, redaction: staff names}}
  intent: Staff find the opening hours of a branch without calling it. It advises nobody.
  fairness_notes: {fairness.strip()}
  change: {{class: minor, reason: "{reason} of the sheet for staff"}}
{"" if tier == "low" else _MORE}{_HIGH if tier == "high" else ""}{more if "sector:" in more else "  sector: none" + chr(10) + more}"""
