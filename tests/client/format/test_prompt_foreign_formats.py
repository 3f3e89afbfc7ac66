"""Files of other tools, self-written: what arrives, and what is named as lost."""

from __future__ import annotations

import json

import pytest

from promptops.format import parse
from promptops.format.convert import CannotConvert, read
from promptops.format.model import PromptFile

PROMPTY_1 = """\
---
name: Chat
authors: [a]
model:
  configuration: {type: azure_openai, azure_deployment: gpt-4o, api_key: SECRET}
  parameters: {max_tokens: 10}
sample: {q: hi}
inputs: {q: {type: string}}
---
system:
Hi.

user:
{{q}}
"""
DOTPROMPT = """\
---
model: googleai/gemini
config: {maxOutputTokens: 5}
input:
  schema: {location: string, "style?": "string, how"}
  default: {location: here}
output: {schema: {greeting: "string, the greeting", "n?": integer}}
---
{{role "system"}}You are {{location}} {{style}}
{{history}}
{{role "user"}}hello
"""
PROMPTFOO = """\
prompts: ['Translate {{text}}', 'file://p.txt', '{{ x | upper }}']
providers: [openai:gpt-4o, 'anthropic:claude']
defaultTest: {assert: [{type: contains, value: a}, {type: llm-rubric, value: nice}]}
tests: [{vars: {text: hi}, assert: [{type: equals, value: salut}], threshold: 1}]
"""
REFERENCE = "@@@langfusePrompt:name=N|label=L@@@"


def one(format_name: str, text: str) -> tuple[PromptFile, str]:
    found = read(format_name, text)
    assert len(found.prompts) == 1
    file = parse(found.prompts[0].text).file
    assert file is not None
    return file, "\n".join(map(str, (*found.losses, *found.prompts[0].notes)))


def test_prompty_1_arrives_without_its_secret() -> None:
    file, said = one("prompty", PROMPTY_1)
    assert (file.model, file.parameters, file.test_data) == (
        *("gpt-4o", {"max_tokens": 10}),
        ({"q": "hi"},),
    )
    assert [m.to_json()["role"] for m in file.messages] == ["system", "user"]
    assert "the secret api_key" in said
    assert "SECRET" not in said + str(file.data)


def test_dotprompt_gives_inputs_history_and_schema() -> None:
    file, said = one("dotprompt", DOTPROMPT)
    assert said == ""
    assert file.inputs["location"].default == "here"
    assert (file.inputs["style"].required, file.inputs["style"].description) == (False, "how")
    assert [m.to_json().get("role") for m in file.messages] == ["system", None, "user"]
    assert file.json_schema is not None
    assert file.json_schema["schema"]["required"] == ["greeting"]


def test_promptfoo_names_what_has_no_counterpart() -> None:
    file, said = one("promptfoo", PROMPTFOO)
    assert file.test_data == ({"text": "hi", "expected": "salut"},)
    assert file.evaluators == ({"name": "contains 1", "string": {"contains": "a"}},)
    for lost in ("providers[1]", "llm-rubric", "threshold", "file://p.txt", "{{ x | upper }}"):
        assert lost in said


def test_langfuse_reports_references_and_labels() -> None:
    message = {"role": "system", "content": f"Hi {{{{x}}}} {REFERENCE}"}
    slot = {"type": "placeholder", "name": "h"}
    item = {"name": "a/b", "prompt": [message, slot], "config": {"z": 2}, "labels": ["live"]}
    file, said = one("langfuse", json.dumps([item]))
    assert file.messages[1].to_json() == {"placeholder": "h"}
    for lost in (REFERENCE, "labels", "config.z"):
        assert lost in said


@pytest.mark.parametrize(
    ("format_name", "text"),
    [
        ("prompty", "---\nname: a\n---\n{% if x %}a{% endif %}"),
        ("prompty", "---\nname: a\ntemplate: mustache\n---\n{{#x}}a{{/x}}"),
        ("dotprompt", "{{#if x}}a{{/if}}"),
        ("dotprompt", "{{media url=x}}"),
        ("mlflow", '{"name": "a", "template": [{"role": "user", "content": "{% if x %}"}]}'),
    ],
)
def test_logic_beyond_plain_variables_is_refused(format_name: str, text: str) -> None:
    with pytest.raises(CannotConvert, match="logic beyond plain variables"):
        read(format_name, text)
