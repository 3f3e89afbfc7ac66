"""What `for_openai` and `for_anthropic` give, used as applications use it: the real SDKs against servers that speak the protocols.

Tools over two turns, answers by a JSON schema, images, streams, and the asynchronous clients. Each request is also put through
the SDK's own request type.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import anthropic
import openai
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import BaseModel, TypeAdapter

from promptops import Prompt
from promptops.compose import compose
from support.anthropic_server import Answer as ClaudeAnswer
from support.anthropic_server import AnthropicServer
from support.openai_server import Answer, OpenAIServer

PIXEL = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
FIND = {
    "name": "find_policy",
    "description": "Finds a policy by its number",
    "parameters": {
        "type": "object",
        "properties": {"number": {"type": "string"}},
        "required": ["number"],
        "additionalProperties": False,
    },
}
TEAM = {
    "name": "team",
    "strict": True,
    "schema": {
        "type": "object",
        "properties": {"team": {"type": "string"}},
        "required": ["team"],
        "additionalProperties": False,
    },
}


class Team(BaseModel):
    team: str


def prompt(**members: Any) -> Prompt:
    content = {
        "model": "gpt-5-mini",
        "messages": [
            {"role": "system", "content": "You sort claims."},
            {"role": "user", "content": "Claim: {{ claim }}"},
            {"placeholder": "history"},
        ],
        "variants": {"claude": {"model": "claude-sonnet-5"}},
        **members,
    }
    return compose(content, project="bank", path="claims/triage", environment="production")


def checked_openai(call: dict[str, Any]) -> dict[str, Any]:
    TypeAdapter(CompletionCreateParamsNonStreaming).validate_python(call, strict=False)
    return call


def checked_anthropic(call: dict[str, Any]) -> dict[str, Any]:
    TypeAdapter(MessageCreateParamsNonStreaming).validate_python(call, strict=False)
    return call


def test_openai_calls_a_tool_and_is_told_what_it_found() -> None:
    def model(body: dict[str, Any]) -> Answer:
        if body["messages"][-1]["role"] == "tool":
            return Answer(f"Policy: {body['messages'][-1]['content']}")
        name = body["tools"][0]["function"]["name"]
        return Answer(tool_calls=((name, '{"number": "P-7"}'),))

    tools = prompt(tools=[FIND])
    with OpenAIServer(answer=model) as server:
        client = openai.OpenAI(base_url=server.url, api_key="k", max_retries=0)
        asked = {"claim": "Hail on P-7", "history": []}
        said = (
            client.chat.completions.create(**checked_openai(tools.for_openai(asked)))
            .choices[0]
            .message
        )
        assert said.tool_calls is not None
        call = said.tool_calls[0]
        assert call.type == "function"
        assert (call.function.name, json.loads(call.function.arguments)) == (
            "find_policy",
            {"number": "P-7"},
        )
        history = [
            said.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": call.id, "content": "motor"},
        ]
        again = tools.for_openai({**asked, "history": history})
        answer = client.chat.completions.create(**checked_openai(again))
        assert answer.choices[0].message.content == "Policy: motor"
        assert server.requests[-1].body["messages"][-2]["tool_calls"][0]["id"] == call.id


def test_anthropic_calls_a_tool_and_is_told_what_it_found() -> None:
    def model(body: dict[str, Any]) -> ClaudeAnswer:
        last = body["messages"][-1]["content"]
        if isinstance(last, list) and last[-1]["type"] == "tool_result":
            return ClaudeAnswer(f"Policy: {last[-1]['content']}")
        return ClaudeAnswer(tool_calls=((body["tools"][0]["name"], '{"number": "P-7"}'),))

    tools = prompt(tools=[FIND])
    with AnthropicServer(answer=model) as server:
        client = anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0)
        asked = {"claim": "Hail on P-7", "history": []}
        said = client.messages.create(
            **checked_anthropic(tools.for_anthropic(asked, model="claude"))
        )
        call = next(part for part in said.content if part.type == "tool_use")
        assert (call.name, call.input) == ("find_policy", {"number": "P-7"})
        # The history is kept in the prompt file's terms, so that it serves either provider.
        function = {"name": call.name, "arguments": json.dumps(call.input)}
        history = [
            {
                "role": "assistant",
                "tool_calls": [{"id": call.id, "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": call.id, "content": "motor"},
        ]
        again = tools.for_anthropic({**asked, "history": history}, model="claude")
        answer = client.messages.create(**checked_anthropic(again))
        assert answer.content[0].type == "text"
        assert answer.content[0].text == "Policy: motor"


def test_openai_answers_by_the_prompts_schema() -> None:
    sorted_by_schema = prompt(responseFormat="json_schema", jsonSchema=TEAM)
    with OpenAIServer(answer=lambda body: '{"team": "motor"}') as server:
        client = openai.OpenAI(base_url=server.url, api_key="k", max_retries=0)
        call = checked_openai(sorted_by_schema.for_openai({"claim": "Hail", "history": []}))
        text = client.chat.completions.create(**call).choices[0].message.content
        assert Team.model_validate_json(text or "").team == "motor"
        assert server.requests[-1].body["response_format"] == {
            "type": "json_schema",
            "json_schema": TEAM,
        }
        # The SDK's own class may stand in for the prompt's schema.
        parsed = client.chat.completions.parse(
            **sorted_by_schema.for_openai({"claim": "Hail", "history": []}, response_format=Team)
        )
        assert parsed.choices[0].message.parsed == Team(team="motor")


def test_anthropic_answers_by_the_prompts_schema() -> None:
    sorted_by_schema = prompt(responseFormat="json_schema", jsonSchema=TEAM)
    with AnthropicServer(answer=lambda body: '{"team": "motor"}') as server:
        client = anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0)
        call = checked_anthropic(
            sorted_by_schema.for_anthropic({"claim": "Hail", "history": []}, model="claude")
        )
        answer = client.messages.create(**call)
        assert answer.content[0].type == "text"
        assert Team.model_validate_json(answer.content[0].text).team == "motor"
        form = server.requests[-1].body["output_config"]["format"]
        assert form == {"type": "json_schema", "schema": TEAM["schema"]}


def test_images_arrive_in_each_providers_own_form() -> None:
    seen = prompt(
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is broken? {{ hint }}"},
                    {"type": "image_url", "image_url": {"url": PIXEL}},
                ],
            }
        ]
    )
    with OpenAIServer(answer=lambda body: "glass") as server:
        client = openai.OpenAI(base_url=server.url, api_key="k", max_retries=0)
        client.chat.completions.create(**checked_openai(seen.for_openai({"hint": "Look."})))
        text, image = server.requests[-1].body["messages"][0]["content"]
        assert text == {"type": "text", "text": "What is broken? Look."}
        assert image == {"type": "image_url", "image_url": {"url": PIXEL}}
    with AnthropicServer(answer=lambda body: "glass") as server:
        other = anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0)
        other.messages.create(
            **checked_anthropic(seen.for_anthropic({"hint": "Look."}, model="claude"))
        )
        text, image = server.requests[-1].body["messages"][0]["content"]
        assert text == {"type": "text", "text": "What is broken? Look."}
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL.partition(",")[2]}
        assert image == {"type": "image", "source": source}


def test_asynchronous_clients_stream_the_answer() -> None:
    asked = {"claim": "Hail", "history": []}

    async def from_openai(url: str) -> str:
        async with openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as client:
            stream = await client.chat.completions.create(**prompt().for_openai(asked, stream=True))
            return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

    async def from_anthropic(url: str) -> str:
        async with anthropic.AsyncAnthropic(base_url=url, api_key="k", max_retries=0) as client:
            call = prompt().for_anthropic(asked, model="claude")
            async with client.messages.stream(**call) as stream:
                return "".join([text async for text in stream.text_stream])

    with OpenAIServer(answer=lambda body: "The motor team.") as server:
        assert asyncio.run(from_openai(server.url)) == "The motor team."
        assert server.requests[-1].body["stream"] is True
    with AnthropicServer(answer=lambda body: "The motor team.") as server:
        assert asyncio.run(from_anthropic(server.url)) == "The motor team."
