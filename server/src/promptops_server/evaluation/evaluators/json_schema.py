"""`jsonSchema`: whether the answer is JSON of a schema."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from promptops_server.evaluation.evaluator import (
    CannotTell,
    Evaluator,
    EvaluatorSettings,
    Tools,
    scored,
)
from promptops_server.evaluation.json_answers import NotJson, read_json
from promptops_server.evaluation.json_schemas import TooManySteps, check_schema, first_fault
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.texts import examined

AT_ONCE = 5_000
"""Steps that may hold the event loop up; what takes more begins anew in a thread."""


class JsonSchemaSettings(EvaluatorSettings):
    """A JSON schema of the draft it names, else 2020-12; without one, the prompt's own `jsonSchema`."""

    json_schema: dict[str, Any] | None = Field(default=None, alias="schema")
    fenced: bool = Field(default=False, description="A Markdown code fence around it is admitted")

    @field_validator("json_schema")
    @classmethod
    def _a_schema(cls, schema: dict[str, Any] | None) -> dict[str, Any] | None:
        if schema is not None:
            check_schema(schema)
        return schema


class JsonSchemaEvaluator(Evaluator[JsonSchemaSettings]):
    """Validates JSON."""

    kind = "jsonSchema"
    settings = JsonSchemaSettings

    async def score(
        self, check: Check, settings: JsonSchemaSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        schema: Mapping[str, Any] | bool | None = settings.json_schema
        if schema is None:
            own = tools.json_schema or {}
            schema = own.get("schema", own if "name" not in own else None) or None
        if schema is None:
            raise CannotTell("The prompt has no jsonSchema of its own; write one as `schema`.")
        text = examined(answer)
        try:
            value = read_json(text, fenced=settings.fenced)
        except NotJson as error:
            return scored(check, False, str(error), value=0.0)
        try:
            fault = first_fault(schema, value, AT_ONCE)
        except TooManySteps:
            fault = await asyncio.to_thread(first_fault, schema, value)
        detail = (
            f"The answer does not fit the schema: {fault}"
            if fault
            else "The answer fits the schema."
        )
        return scored(check, not fault, detail, value=float(not fault))
