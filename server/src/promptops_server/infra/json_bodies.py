"""JSON bodies that are read in a thread instead of by the framework, since they may be many megabytes long."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from promptops_server.infra.problems import Invalid

M = TypeVar("M", bound=BaseModel)


def described(model: type[BaseModel]) -> dict[str, Any]:
    """What a route says of its body, for `openapi_extra`."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": model.model_json_schema()}},
        }
    }


def read_as(model: type[M], body: bytes, refusal: str) -> M:
    """The body, checked. Raises `Invalid`: `refusal`, and what is wrong with which members, at most 50."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise Invalid(
            refusal,
            errors=[
                {"field": ".".join(map(str, e["loc"])), "message": e["msg"]}
                for e in error.errors(include_url=False, include_input=False)[:50]
            ],
        ) from None
