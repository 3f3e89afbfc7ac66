"""A prompt file's own test data as a suite, and suites held against the inputs of a prompt."""

from __future__ import annotations

from promptops.format import parse, resolve_fragments
from promptops.format.suite import ParsedSuite, parse_suite
from promptops.format.test_data import fit_suite, prompt_suite

PROMPT = """\
inputs:
  claim: {}
  pages: {type: integer, default: 1}
  history: {type: array, required: false}
messages:
  - {placeholder: history}
  - role: user
    content: "{{ claim }} {{ pages }}"
testData:
  - claim: 42
    expected: motor
    label: urgent
    history: [{role: user, content: Hello}]
  - {claim: A tree fell on my car., pages: 2}
evaluators:
  - {name: team, string: {contains: "{{expected}}"}}
  - {string: {contains: "{{ label }}"}}
  - {name: team, string: {endsWith: "."}}
"""


def own(text: str) -> ParsedSuite:
    return prompt_suite(parse(text))


def said(parsed: ParsedSuite) -> list[str]:
    return [str(problem) for problem in parsed.errors]


def test_keys_are_inputs_the_expected_and_what_evaluators_name() -> None:
    suite = own(PROMPT).suite
    assert suite is not None, said(own(PROMPT))
    first, second = suite.cases
    assert first.inputs == {"claim": "42", "history": [{"role": "user", "content": "Hello"}]}
    assert (first.expected, first.values) == ("motor", {"label": "urgent"})
    assert (second.inputs, second.expected) == (
        {"claim": "A tree fell on my car.", "pages": 2},
        None,
    )
    assert [e.name for e in suite.evaluators] == ["team", "string", "team 2"]


def test_expected_is_an_input_where_the_prompt_has_it() -> None:
    text = 'messages:\n  - {role: user, content: "{{expected}}"}\ntestData:\n  - {expected: x}\n'
    suite = own(text).suite
    assert suite is not None
    assert (suite.cases[0].inputs, suite.cases[0].expected) == ({"expected": "x"}, None)


def test_a_key_that_is_nothing_is_an_error_of_the_suite_not_of_the_file() -> None:
    text = PROMPT.replace("claim: 42", "claim: 42\n    clam: 3")
    assert parse(text).file is not None
    assert said(own(text)) == [
        "11:5: error: testData[0].clam: 'clam' is not an input of the prompt (did you mean 'claim'?)"
    ]


def test_a_case_the_prompt_cannot_be_rendered_with_is_an_error() -> None:
    text = PROMPT.replace("claim: A tree fell on my car., pages: 2", "pages: many")
    assert said(own(text)) == [
        "14:5: error: testData[1]: testData[1] lacks the required input 'claim' (add claim: …, or give the input a default)",
        "14:13: error: testData[1].pages: testData[1].pages must be an integer, not a text",
    ]


def test_an_evaluator_that_cannot_be_run_is_a_warning_in_the_file_and_an_error_in_the_suite() -> (
    None
):
    text = PROMPT + "  - {name: odd, regex: {pattern: a}, latency: {maximum: 3}}\n"
    parsed = parse(text)
    assert parsed.file is not None
    assert [p.code for p in parsed.problems if p.line == 19] == ["two-kinds"]
    assert own(text).suite is None


def test_inputs_of_fragments_count_when_they_are_resolved() -> None:
    text = 'messages:\n  - {role: user, content: "{{> house/tone@1 }}"}\ntestData:\n  - {manner: kind}\n'
    fragment = parse('messages:\n  - {role: user, content: "Be {{manner}}, {{style}}."}\n').file
    parsed = parse(text)
    assert parsed.file is not None and fragment is not None
    assert prompt_suite(parsed).suite is not None
    resolved = resolve_fragments(parsed.file, lambda path, pin: fragment)
    assert said(prompt_suite(parsed, resolved)) == [
        "4:5: error: testData[0]: testData[0] lacks the required input 'style' (add style: …, or give the input a default)"
    ]


def test_a_suite_file_is_held_against_the_prompt_and_takes_texts_as_written() -> None:
    prompt = parse(PROMPT).file
    assert prompt is not None
    good = parse_suite("cases:\n  - inputs: {claim: 1.10}\n")
    fitted = fit_suite(good, prompt.inputs).suite
    assert fitted is not None and good.suite is not None
    assert fitted.cases[0].inputs == {"claim": "1.10"}
    assert fitted.digest != "" and fitted.cases[0].key == good.suite.cases[0].key
    bad = fit_suite(parse_suite("cases:\n  - inputs: {clam: x}\n"), prompt.inputs)
    assert said(bad) == [
        "2:5: error: cases[0]: cases[0] lacks the required input 'claim' (add claim: …, or give the input a default)",
        "2:14: error: cases[0].inputs.clam: 'clam' is not an input of the prompt (did you mean 'claim'?)",
    ]


def test_a_file_without_test_data_has_no_cases() -> None:
    suite = own("messages:\n  - {role: user, content: Hello}\n").suite
    assert suite is not None and suite.cases == ()
