"""A low-tier prompt, what its author typed of the record, and the defaults that give the rest."""

PROMPT = """\
name: Branch hours
model: openai/gpt-4o-2024-08-06
owners: [maria.lopez, tom.becker]
inputs:
  branch: {trust: trusted}
messages:
  - role: user
    content: When is {{ branch }} open?
"""
DEFAULTS = """\
# What all prompts of this project share.
scope: {jurisdictions: [SG], channels: [intranet], audience: [branch staff]}
decision_role: none
decision_kinds: none
impact: {score: 1, reason: A wrong answer is noticed and costs a telephone call.}
complexity: {score: 1, reason: One question and one short answer from one sheet.}
reliance: {score: 1, reason: Staff read the answer before they use it.}
controls: [staff read every answer]
residual_tier: low
model: {hosting: internal}
affects_people: false
data_class: internal
io_retention: {days: 90, redaction: staff names}
change: {class: minor}
sector: none
"""
MODULE = "use_case_id: UC-RB-051\n"
TYPED = """\
record:
  intent: Staff find the opening hours of a branch without calling it. It advises nobody.
  fairness_notes: It answers about branches, never about people.
  change: {reason: First version for staff}
"""
