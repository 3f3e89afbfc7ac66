"""Refusals of Anthropic, Amazon Bedrock and Vertex AI mean the same faults."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.providers.wire.anthropic_faults import fault_of
from support.anthropic_server import (
    Step,
    broken,
    context_too_long,
    error,
    forbidden,
    invalid_parameter,
    not_found,
    overloaded,
    rate_limited,
    too_large,
    unauthorised,
)


def bad(message: str) -> Step:
    return error(400, "invalid_request_error", message)


def amazon(status: int, kind: str, message: str) -> Step:
    named = {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
    return Step(status=status, body={"message": message}, headers=named)


def google(status: int, kind: str, message: str) -> Step:
    return Step(
        status=status, body=[{"error": {"code": status, "message": message, "status": kind}}]
    )


@pytest.mark.parametrize(
    ("step", "fault", "parameter"),
    [
        (unauthorised(), "authentication", ""),
        (forbidden(), "permission", ""),
        (error(402, "billing_error", "Payment required"), "permission", ""),
        (bad("Your credit balance is too low to access the Anthropic API."), "permission", ""),
        (not_found(), "not_found", ""),
        (rate_limited(), "rate_limit", ""),
        (overloaded(), "overloaded", ""),
        (Step(status=529, body=b""), "overloaded", ""),
        (error(500, "api_error", "Internal server error"), "failed", ""),
        (broken(), "failed", ""),
        (Step(status=502, body=b"Bad Gateway"), "failed", ""),
        (error(504, "timeout_error", "Request timed out"), "time_out", ""),
        (too_large(), "context_too_long", ""),
        (context_too_long(), "context_too_long", ""),
        (bad("input length and `max_tokens` exceed context limit: 184915 + 20000 > 204648, decrease input length or `max_tokens` and try again"), "context_too_long", ""),
        (bad("Output blocked by content filtering policy"), "refused", ""),
        (invalid_parameter("top_k"), "invalid_parameter", "top_k"),
        (bad("temperature: range: 0..1"), "invalid_parameter", "temperature"),
        (bad("max_tokens: 900000 > 64000, which is the maximum allowed number of output tokens for claude-x"), "invalid_parameter", "max_tokens"),
        (bad("`temperature` may only be set to 1 when thinking is enabled."), "invalid_parameter", "temperature"),
        (bad("`temperature` and `top_p` cannot both be specified for this model."), "invalid_parameter", "temperature"),
        (bad("This model does not support the effort parameter."), "invalid_parameter", "effort"),
        (bad('"thinking.type.enabled" is not supported for this model.'), "invalid_parameter", "thinking.type.enabled"),
        (bad("tools.0.custom.input_schema: JSON schema is invalid"), "invalid_parameter", "tools.0.custom.input_schema"),
        (bad("output_config.format.schema: For 'number' type, property 'maximum' is not supported"), "invalid_parameter", "output_config.format.schema"),
        (bad("This model does not support assistant message prefill. The conversation must end with a user message."), "invalid_parameter", "messages"),
        (bad("Something nobody foresaw"), "invalid_parameter", ""),
        (amazon(403, "UnrecognizedClientException", "The security token included in the request is invalid."), "authentication", ""),
        (amazon(403, "InvalidSignatureException", "The request signature we calculated does not match."), "authentication", ""),
        (amazon(403, "ExpiredTokenException", "The security token included in the request is expired"), "authentication", ""),
        (amazon(403, "AccessDeniedException", "You don't have access to the model with the specified model ID."), "permission", ""),
        (amazon(429, "ThrottlingException", "Too many tokens, please wait before trying again."), "rate_limit", ""),
        (amazon(429, "ModelNotReadyException", "The model is not ready"), "overloaded", ""),
        (amazon(408, "ModelTimeoutException", "The request took too long to process."), "time_out", ""),
        (amazon(424, "ModelErrorException", "The model failed"), "failed", ""),
        (amazon(404, "ResourceNotFoundException", "Could not find the model"), "not_found", ""),
        (amazon(400, "ValidationException", "Input is too long for requested model."), "context_too_long", ""),
        (amazon(400, "ValidationException", "The provided model identifier is invalid."), "not_found", ""),
        (amazon(400, "ValidationException", "Invocation of model ID anthropic.claude-x with on-demand throughput isn't supported. Retry your request with the ID or ARN of an inference profile that contains this model."), "not_found", ""),
        (amazon(400, "ValidationException", "Malformed input request: #: extraneous key [top_z] is not permitted, please reformat your input and try again."), "invalid_parameter", "top_z"),
        (amazon(400, "ValidationException", "max_tokens: must be greater than 0"), "invalid_parameter", "max_tokens"),
        (google(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), "authentication", ""),
        (google(403, "PERMISSION_DENIED", "Permission 'aiplatform.endpoints.predict' denied"), "permission", ""),
        (google(404, "NOT_FOUND", "Publisher Model `projects/p/…` was not found"), "not_found", ""),
        (google(429, "RESOURCE_EXHAUSTED", "Quota exceeded"), "rate_limit", ""),
        (google(503, "UNAVAILABLE", "Try later"), "overloaded", ""),
        (google(400, "INVALID_ARGUMENT", "prompt is too long: 3 tokens > 2 maximum"), "context_too_long", ""),
    ],
)  # fmt: skip
def test_what_it_means(step: Step, fault: str, parameter: str) -> None:
    body = step.body if isinstance(step.body, bytes) else json.dumps(step.body).encode()
    found = fault_of(step.status, step.headers, body)
    assert (found.fault, found.parameter, found.status) == (fault, parameter, step.status)
    assert found.detail.endswith((".", "!"))


def test_the_sentence_says_what_the_endpoint_said_and_what_to_do() -> None:
    said = fault_of(401, {}, b'{"error": {"type": "authentication_error", "message": "invalid x-api-key"}}')  # fmt: skip
    assert (
        said.detail
        == "invalid x-api-key. The endpoint does not accept the credential: check the target's key."
    )
    assert fault_of(502, {}, b"<html>").detail == "The endpoint answered 502."


def test_how_long_to_wait() -> None:
    assert fault_of(429, {"Retry-After": "2.5"}, b"").retry_after == 2.5
    assert fault_of(429, {}, b"").retry_after is None
    assert fault_of(429, {"retry-after": "soon"}, b"").retry_after is None
    assert fault_of(429, {"retry-after": "-3"}, b"").retry_after == 0
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    waited = fault_of(503, {"retry-after": date}, b"").retry_after
    assert waited is not None
    assert 55 < waited <= 60


def test_a_key_in_what_the_endpoint_says_is_not_passed_on() -> None:
    for key in ("sk-ant-api03-AAAAbbbb_cc-dd", "AKIAIOSFODNN7EXAMPLE", "ABSKQmVkcm9ja0FQSUtleS1=="):
        found = fault_of(401, {}, json.dumps({"message": f"wrong key {key} given"}).encode())
        assert key not in found.detail
        assert "given" in found.detail


@given(
    status=st.integers(300, 599),
    body=st.one_of(
        st.binary(max_size=40),
        st.recursive(
            st.one_of(st.none(), st.integers(), st.text(max_size=20)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=2),
                st.dictionaries(
                    st.sampled_from(["error", "message", "type", "status", "__type"]), inner
                ),
            ),
            max_leaves=6,
        ).map(lambda value: json.dumps(value).encode()),
    ),
    headers=st.dictionaries(
        st.sampled_from(["Retry-After", "x-amzn-errortype"]), st.text(max_size=20)
    ),
)
def test_any_refusal_has_a_meaning(status: int, body: bytes, headers: dict[str, str]) -> None:
    found = fault_of(status, headers, body)
    assert found.detail
    assert found.retry_after is None or found.retry_after >= 0
