"""Where findings point: in every way YAML writes a text, and everywhere a prompt has texts."""

from __future__ import annotations

import textwrap

import pytest

from promptops.lint.check import check

STYLES = {
    "plain": "first SNIPPET last",
    "plain over lines": "first\n  then SNIPPET last",
    "double quotes": '"first \\"q\\" \\u00e4 SNIPPET last"',
    "double quotes over lines": '"first \\\n  then SNIPPET last"',
    "single quotes": "'it''s SNIPPET last'",
    "single quotes over lines": "'it''s\n\n  then SNIPPET last'",
    "literal": "|\n  first\n\n  then SNIPPET last\n",
    "literal with its own indentation": "|2\n      deep\n    then SNIPPET last\n",
    "literal kept": "|+\n  first SNIPPET last\n\n",
    "folded": ">\n  first\n  then SNIPPET last\n",
    "folded stripped": ">-\n  first\n\n    deeper SNIPPET last\n  end\n",
    "a repeat before it": "|\n  SNIPPE first, then SNIPPET last\n",
}
PLACES = {
    "message": "messages:\n  - role: user\n    content: TEXT",
    "second message": "messages:\n  - {role: system, content: Hi}\n  - role: user\n    content: TEXT",
    "part": "messages:\n  - role: user\n    content:\n      - type: text\n        text: one\n      - type: text\n        text: TEXT",
    "variant": "messages:\n  - role: user\n    content: one\nvariants:\n  claude:\n    messages:\n      - role: user\n        content: TEXT",
    "part of a variant": "messages:\n  - role: user\n    content: one\nvariants:\n  claude:\n    messages:\n      - role: user\n        content:\n          - type: text\n            text: TEXT",
}
SNIPPETS = {
    "undefined-variable": "{{ nope }}",
    "literal-braces": "{{ no no }}",
    "unknown-fragment": "{{> house/tone }}",
    "hidden-characters": "\u200bx",
}


def written(place: str, style: str, snippet: str) -> str:
    before, _, _ = PLACES[place].rpartition("TEXT")
    margin = len(before) - len(before.rpartition("\n")[2])
    indent = len(before[margin:]) - len(before[margin:].lstrip())
    text = STYLES[style].replace("SNIPPET", snippet).replace("SNIPPE", "{{ claim }}")
    first, *rest = text.split("\n")
    lines = [first, *(" " * indent + line if line else "" for line in rest)]
    return "inputs: {claim: }\n" + before + "\n".join(lines).rstrip("\n") + "\n"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("rule", SNIPPETS)
@pytest.mark.parametrize("end_of_line", ["\n", "\r\n"])
def test_a_finding_in_a_text_points_at_it(
    place: str, style: str, rule: str, end_of_line: str
) -> None:
    snippet = SNIPPETS[rule]
    source = written(place, style, snippet).replace("\n", end_of_line)
    found = [f for f in check(source.encode()).findings if f.rule == rule]
    at = source.index(snippet)
    line = source.count("\n", 0, at) + 1
    column = at - (source.rfind("\n", 0, at) + 1) + 1
    assert [(f.line, f.column) for f in found] == [(line, column)], source


NESTED = """\
inputs:
  claim: {type: integer, default: «wrongly-typed-default»many}
  other: {type: array}
messages:
  - role: user
    content: "{{ claim }} {{ other }}"
responseFormat: json_schema
jsonSchema:
  name: x
  schema:
    type: object
    properties:
      a: {type: array, items: {type: «invalid-schema»objekt}}
tools:
  - type: function
    function:
      name: t
      parameters: {type: object, properties: {a: {minimum: «invalid-schema»x}}}
variants:
  claude:
    messages:
      - role: user
        content:
          - type: text
            text: |
              {{ claim }} {{ other }}
"""
CASES = """\
inputs:
  claim: {type: integer}
  «unused-input»more: {required: false}
messages:
  - role: user
    content: "{{ claim }}"
testData:
  - claim: 1
  - «test-data-misses-input»{expected: x}
  - claim: «wrongly-typed-default»many
  - claim: 2
    «test-data-misses-input»calim: 3
variants:
  claude:
    messages:
      - role: user
        content: |
          «unclosed-fence-or-tag»<data>
          {{ claim }}
          «unclosed-fence-or-tag»```json
          {}
          </more>
"""


@pytest.mark.parametrize("marked", [NESTED, CASES.replace("          </more>\n", "")])
def test_findings_deep_in_a_file_point_at_what_is_wrong(marked: str) -> None:
    wanted = []
    lines = []
    for number, line in enumerate(textwrap.dedent(marked).splitlines(), 1):
        while "«" in line:
            start = line.index("«")
            rule, line = (
                line[start + 1 : line.index("»")],
                line[:start] + line[line.index("»") + 1 :],
            )
            wanted.append((number, start + 1, rule))
        lines.append(line)
    found = check("\n".join(lines) + "\n").findings
    assert [(f.line, f.column, f.rule) for f in found] == wanted, [str(f) for f in found]
