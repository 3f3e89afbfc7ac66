"""Errors of the endpoints there are, in the forms they send them, come out as our words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.providers.model import Fault
from promptops_server.providers.wire.openai_faults import fault_in, fault_of


def openai(message: str, **more: Any) -> dict[str, Any]:
    """OpenAI's form."""
    return {
        "error": {
            "message": message,
            "type": "invalid_request_error",
            "param": None,
            "code": None,
            **more,
        }
    }


FORMS: list[tuple[str, int, Any, Fault, str]] = [
    ("OpenAI: rate", 429, openai("Rate limit reached for gpt-4o", code="rate_limit_exceeded"), "rate_limit", ""),
    ("OpenAI: quota", 429, openai("You exceeded your current quota", code="insufficient_quota"), "permission", ""),
    ("OpenAI: overloaded", 503, openai("The engine is currently overloaded", type="server_error"), "overloaded", ""),
    ("OpenAI: failed", 500, openai("The server had an error", type="server_error"), "failed", ""),
    (
        "OpenAI: too long", 400,
        openai("This model's maximum context length is 8192 tokens.", code="context_length_exceeded", param="messages"),
        "context_too_long", "",
    ),
    (
        "OpenAI: parameter refused", 400,
        openai(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            param="max_tokens", code="unsupported_parameter",
        ),
        "invalid_parameter", "max_tokens",
    ),
    (
        "OpenAI: value refused, without param", 400,
        openai("Unsupported value: 'temperature' does not support 0.2 with this model."),
        "invalid_parameter", "temperature",
    ),
    ("OpenAI: old form", 400, openai("Unrecognized request argument supplied: top_k"), "invalid_parameter", "top_k"),
    (
        "OpenAI: limit above the model's", 400,
        openai("max_tokens is too large: 100000. This model supports at most 16384 completion tokens", param="max_tokens"),
        "invalid_parameter", "max_tokens",
    ),
    ("OpenAI: key", 401, openai("Incorrect API key provided: sk-abcd1234.", code="invalid_api_key"), "authentication", ""),
    ("OpenAI: no access", 403, openai("Project does not have access to model gpt-5", code="model_not_found"), "permission", ""),
    ("OpenAI: no model", 404, openai("The model `gpt-9` does not exist", code="model_not_found"), "not_found", ""),
    ("OpenAI: policy", 400, openai("Your request was rejected by our safety system.", code="content_policy_violation"), "refused", ""),
    (
        "Azure: filter", 400,
        {"error": {
            "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            "param": "prompt", "code": "content_filter", "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}},
        }},
        "refused", "",
    ),
    ("Azure: gateway", 401, {"statusCode": 401, "message": "Access denied due to invalid subscription key."}, "authentication", ""),
    ("Azure: deployment", 404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}, "not_found", ""),
    ("Azure: rate", 429, {"error": {"code": "429", "message": "Please retry after 20 seconds."}}, "rate_limit", ""),
    (
        "vLLM: too long, old form", 400,
        {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "type": "BadRequestError", "param": None, "code": 400},
        "context_too_long", "",
    ),
    (
        "vLLM: too long", 400,
        {"error": {"message": "The decoder prompt (length 9000) is longer than the maximum model length of 4096.", "type": "BadRequestError", "code": 400}},
        "context_too_long", "",
    ),
    (
        "vLLM: limit", 400,
        {"error": {"message": "'max_tokens' or 'max_completion_tokens' is too large: 9000. This model's maximum context length is 8192 tokens", "type": "BadRequestError", "code": 400}},
        "invalid_parameter", "max_tokens",
    ),
    ("vLLM: no model", 404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}, "not_found", ""),
    ("vLLM: key", 401, {"error": "Unauthorized"}, "authentication", ""),
    (
        "vLLM: parameter", 400,
        {"error": {"message": "temperature must be non-negative, got -1.0.", "type": "BadRequestError", "code": 400}},
        "invalid_parameter", "temperature",
    ),
    ("FastAPI: field", 422, {"detail": [{"loc": ["body", "top_p"], "msg": "Input should be a number"}]}, "invalid_parameter", "top_p"),
    (
        "Mistral: field", 422,
        {"object": "error", "message": {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, "type": "invalid_request_error"},
        "invalid_parameter", "seed",
    ),
    ("Ollama: no model", 404, {"error": {"message": 'model "x" not found, try pulling it first', "type": "api_error"}}, "not_found", ""),
    ("Ollama: text", 404, {"error": "model 'x' not found"}, "not_found", ""),
    (
        "DashScope: too long", 400,
        {"error": {"code": "invalid_parameter_error", "param": None, "message": "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]", "type": "invalid_request_error"}},
        "context_too_long", "",
    ),
    (
        "DashScope: range", 400,
        {"error": {"code": "invalid_parameter_error", "message": "<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]"}},
        "invalid_parameter", "max_tokens",
    ),
    (
        "DashScope: thinking", 400,
        {"error": {"code": "invalid_parameter_error", "message": "parameter.enable_thinking must be set to false for non-streaming calls"}},
        "invalid_parameter", "enable_thinking",
    ),
    ("DashScope: filter", 400, {"error": {"code": "data_inspection_failed", "message": "Input data may contain inappropriate content."}}, "refused", ""),
    ("DashScope: own form", 401, {"code": "InvalidApiKey", "message": "Invalid API-key provided.", "request_id": "1"}, "authentication", ""),
    ("DashScope: rate", 429, {"error": {"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded"}}, "rate_limit", ""),
    ("DashScope: overdue", 400, {"error": {"code": "Arrearage", "message": "Access denied, your account is overdue."}}, "permission", ""),
    ("Groq: larger than a minute's tokens", 413, openai("Request too large for model `x` on tokens per minute (TPM)", code="rate_limit_exceeded"), "context_too_long", ""),
    ("Groq: property", 400, openai("'messages.0' : for 'role:system' the following must be satisfied[('messages.0' : property 'name' is unsupported)]"), "invalid_parameter", "name"),
    ("Groq: JSON", 400, openai("Failed to generate JSON.", code="json_validate_failed"), "bad_answer", ""),
    ("Groq: flex", 498, openai("Flex tier capacity exceeded", code="capacity_exceeded"), "overloaded", ""),
    ("OpenRouter: credits", 402, {"error": {"code": 402, "message": "Insufficient credits"}}, "permission", ""),
    ("OpenRouter: moderation", 403, {"error": {"code": 403, "message": "Input flagged", "metadata": {"reasons": ["hate"]}}}, "refused", ""),
    ("OpenRouter: provider down", 502, {"error": {"code": 502, "message": "Provider returned error", "metadata": {"raw": "down", "provider_name": "X"}}}, "overloaded", ""),
    ("OpenRouter: not an id", 400, {"error": {"code": 400, "message": "gpt9 is not a valid model ID"}}, "not_found", ""),
    (
        "llama.cpp: too long", 400,
        {"error": {"code": 400, "message": "the request exceeds the available context size", "type": "exceed_context_size_error", "n_ctx": 2048}},
        "context_too_long", "",
    ),
    ("llama.cpp: loading", 503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "overloaded", ""),
    ("llama.cpp: key", 401, {"error": {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}}, "authentication", ""),
    ("Together: sum", 422, openai("`inputs` tokens + `max_new_tokens` must be <= 4097"), "context_too_long", ""),
    ("Google: list", 400, [{"error": {"code": 400, "message": "API key not valid", "status": "INVALID_ARGUMENT"}}], "authentication", ""),
    ("gateway: page", 504, b"<html><head><title>x</title></head><body>Gateway Time-out</body></html>", "time_out", ""),
    ("gateway: nothing", 502, b"", "overloaded", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "fault", "parameter"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS]
)  # fmt: skip
def test_every_form_is_understood(status: int, body: Any, fault: Fault, parameter: str) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    error = fault_of(status, {}, raw)
    assert (error.fault, error.parameter) == (fault, parameter)
    assert error.status == status
    assert error.detail.endswith(".")


def test_says_what_the_endpoint_said_and_what_to_do_but_no_key() -> None:
    body = json.dumps(
        openai("Incorrect API key provided: sk-proj-Secret123.", code="invalid_api_key")
    )
    detail = fault_of(401, {}, body.encode()).detail
    assert detail.startswith("The endpoint refuses the key: Incorrect API key provided: …")
    assert detail.endswith("Check the target's credential.")
    assert "Secret123" not in detail


def test_a_page_of_html_is_read_as_its_text() -> None:
    body = b"<html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>"
    assert fault_of(502, {}, body).detail == "The endpoint is overloaded: Bad gateway."


def test_waits_as_long_as_the_headers_say() -> None:
    body = json.dumps(openai("Please try again in 20ms.", code="rate_limit_exceeded")).encode()
    assert fault_of(429, {}, body).retry_after == 0.02
    assert fault_of(429, {"Retry-After": "7"}, body).retry_after == 7


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"choices": []}, None),
        ({"error": None, "choices": []}, None),
        ({"error": {"message": "No", "code": 429}}, "rate_limit"),
        ({"error": {"message": "Broke", "type": "server_error"}}, "failed"),
        ({"object": "error", "message": "Broke", "code": 400}, "invalid_parameter"),
    ],
)
def test_errors_within_answers_of_status_200_are_seen(
    document: dict[str, Any], fault: Fault | None
) -> None:
    found = fault_in(document)
    assert (found.fault if found else None) == fault


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["error", "message", "code", "type", "param", "detail", "innererror", "metadata", "loc"]),
        inner, max_size=4,
    ),
    max_leaves=10,
)  # fmt: skip


@given(st.integers(300, 599), JSON)
def test_no_error_breaks_the_reader(status: int, document: Any) -> None:
    error = fault_of(status, {}, json.dumps(document).encode())
    assert len(error.detail) < 1000
    assert error.detail.isprintable()


@given(st.integers(300, 599), st.binary(max_size=100))
def test_no_bytes_break_the_reader(status: int, body: bytes) -> None:
    assert fault_of(status, {}, body).detail
