"""Claude is called at Anthropic, on Amazon Bedrock and on Vertex AI with the same request, as Anthropic's SDKs do it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import aiohttp
import anthropic
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey
from yarl import URL

from promptops.calls.anthropic import for_anthropic
from promptops.calls.ask import Ask
from promptops_server.providers.kind import Outgoing, Provider
from promptops_server.providers.kinds.anthropic import Anthropic
from promptops_server.providers.kinds.anthropic_compatible import AnthropicCompatible
from promptops_server.providers.kinds.bedrock import Bedrock
from promptops_server.providers.kinds.vertex import Vertex
from promptops_server.providers.model import CallError, Reply, Target
from promptops_server.providers.wire.anthropic_messages import (
    StreamReader,
    body_of,
    fault_of,
    read_answer,
)
from support.anthropic_server import (
    Answer,
    AnthropicServer,
    Seen,
    Step,
    error_in_stream,
    overloaded,
)

ASK = Ask(
    name="bank/claims/triage",
    model="anthropic.claude-test-v1:0",
    messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    parameters={"temperature": 0.5, "maxTokens": 60, "reasoningEffort": "low"},
    tools=[{"name": "look_up", "parameters": {"type": "object"}}],
    response_format=None,
    json_schema=None,
)
RICH = Answer("It is Paris.", (("look_up", '{"city": "Paris"}'),), reasoning="A capital.")
AWS = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.fixture(scope="module")
def server() -> Iterator[AnthropicServer]:
    with AnthropicServer() as server:
        yield server


def target(provider: Provider, server: AnthropicServer, **more: Any) -> Target:
    made = Target(
        "t1", "claude", provider.name, ASK.model, base_url=server.url, region="eu-central-1"
    )
    options = {"project": "bank-1"} if provider.name == "vertex" else {}
    base = server.url + "/v1" if provider.name == "vertex" else server.url
    return replace(made, **{"options": options, "base_url": base, **more})


class Carrier:
    """Sends what a provider made, in the order that `kind` says, over a real connection."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post_form(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        async with self._session.post(url, data=dict(form)) as response:
            return response.status, await response.read()

    async def call(self, provider: Provider, to: Target, secret: str | None, *, stream: bool, ask: Ask = ASK) -> Reply:  # fmt: skip
        secret = await provider.authorise(to, secret, self)
        body = provider.body_of(to, body_of(ask, stream=stream), stream=stream)
        headers = {"content-type": "application/json", **provider.headers_of(to, secret)}
        outgoing = Outgoing(provider.url_of(to, stream=stream), headers, json.dumps(body).encode())
        outgoing = provider.signed(to, secret, outgoing)
        async with self._session.post(
            URL(outgoing.url, encoded=True), data=outgoing.body, headers=outgoing.headers
        ) as response:
            content = await response.read()
            if response.status != 200:
                raise fault_of(response.status, response.headers, content)
        if not stream:
            return read_answer(json.loads(content))
        reader = StreamReader()
        decoder = provider.decoder()
        if decoder is None:
            data = [line[6:] for line in content.decode().split("\n") if line.startswith("data: ")]
        else:
            data = [event.data for event in decoder.feed(content)]
        for one in data:
            reader.feed(json.loads(one))
        return reader.finish()


def call(
    provider: Provider, to: Target, secret: str | None, *, stream: bool = False, ask: Ask = ASK
) -> Reply:
    async def run() -> Reply:
        async with aiohttp.ClientSession() as session:
            return await Carrier(session).call(provider, to, secret, stream=stream, ask=ask)

    return asyncio.run(run())


EVERYWHERE = [
    (Anthropic(), "key"),
    (AnthropicCompatible(), None),
    (Bedrock(), AWS),
    (Bedrock(), "ABSKkey"),
    (Vertex(), "token"),
]


@pytest.mark.parametrize(("provider", "secret"), EVERYWHERE)
def test_an_answer_comes_whole_and_streamed(
    server: AnthropicServer, provider: Provider, secret: str | None
) -> None:
    server.script([Step(answer=RICH)] * 2)
    whole = call(provider, target(provider, server), secret)
    flowing = call(provider, target(provider, server), secret, stream=True)
    assert (whole.text, whole.reasoning, whole.stop) == ("It is Paris.", "A capital.", "tool_calls")
    assert replace(whole, id="") == replace(flowing, id="")


@pytest.mark.parametrize(("provider", "secret"), EVERYWHERE)
def test_faults_are_told_everywhere(
    server: AnthropicServer, provider: Provider, secret: str | None
) -> None:
    server.script([overloaded(), error_in_stream()])
    for stream in (False, True):
        with pytest.raises(CallError) as caught:
            call(provider, target(provider, server), secret, stream=stream)
        assert caught.value.fault == "overloaded"


@pytest.mark.parametrize("stream", [False, True])
def test_the_same_place_and_body_as_the_sdks(server: AnthropicServer, stream: bool) -> None:
    ask = replace(ASK, parameters={"maxTokens": 60})  # no temperature in the SDKs' version

    def seen(of: Seen) -> tuple[str, Any, str | None]:
        return of.path, of.body, of.headers.get("authorization")

    def by_sdk(client: Any) -> tuple[str, Any, str | None]:
        with suppress(
            ModuleNotFoundError
        ):  # Amazon's frames are read by a library that is not here
            client.messages.create(
                **for_anthropic(ask, None, {}), **({"stream": True} if stream else {})
            )
        return seen(server.requests[-1])

    bedrock, vertex = Bedrock(), Vertex()
    sdk: Any = anthropic.AnthropicBedrock(api_key="ABSKkey", aws_region="eu-central-1", base_url=server.url)  # fmt: skip
    theirs = by_sdk(sdk)
    newest = {"version": theirs[1]["anthropic_version"]}
    call(bedrock, target(bedrock, server, options=newest), "ABSKkey", stream=stream, ask=ask)
    assert seen(server.requests[-1]) == theirs
    sdk = anthropic.AnthropicVertex(access_token="t", region="eu-central-1", project_id="bank-1", base_url=server.url + "/v1")  # fmt: skip
    ask = replace(ask, model="claude-test@20260101")
    theirs = by_sdk(sdk)
    newest["project"] = "bank-1"
    to = target(vertex, server, options=newest, model=ask.model)
    call(vertex, to, "t", stream=stream, ask=ask)
    assert seen(server.requests[-1]) == theirs


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("", "aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("europe-west1", "europe-west1-aiplatform.googleapis.com"),
    ],
)
def test_where_vertex_is(server: AnthropicServer, region: str, host: str) -> None:
    vertex = Vertex()
    to = target(vertex, server, base_url=None, region=region, model="claude-x@20260101")
    where = region or "global"
    assert vertex.url_of(to, stream=True) == (
        f"https://{host}/v1/projects/bank-1/locations/{where}/publishers/anthropic/models/"
        "claude-x@20260101:streamRawPredict"
    )
    sdk = anthropic.AnthropicVertex(access_token="t", region=where, project_id="bank-1")
    assert str(sdk.base_url).startswith(f"https://{host}/v1")


def test_where_bedrock_is(server: AnthropicServer) -> None:
    bedrock = Bedrock()
    arn = "arn:aws:bedrock:eu-west-1:123:inference-profile/eu.anthropic.claude-x"
    to = target(bedrock, server, base_url=None, region="eu-west-1", model=arn)
    assert bedrock.url_of(to, stream=False) == (
        "https://bedrock-runtime.eu-west-1.amazonaws.com/model/"
        "arn:aws:bedrock:eu-west-1:123:inference-profile%2Feu.anthropic.claude-x/invoke"
    )
    china = bedrock.url_of(replace(to, region="cn-north-1"), stream=False)
    assert china.startswith("https://bedrock-runtime.cn-north-1.amazonaws.com.cn/")


@pytest.mark.parametrize(
    ("provider", "change", "named"),
    [
        (AnthropicCompatible(), {"base_url": None}, "base_url"),
        (Bedrock(), {"region": ""}, "region"),
        (Bedrock(), {"region": "evil.test/"}, "region"),
        (Vertex(), {"region": "evil.test/"}, "region"),
        (Vertex(), {"options": {}}, "project"),
        (Vertex(), {"options": {"project": "a/b"}}, "project"),
    ],
)
def test_a_target_that_lacks_something_is_told_so(
    server: AnthropicServer, provider: Provider, change: dict[str, Any], named: str
) -> None:
    to = target(provider, server, **{"base_url": None, **change})
    with pytest.raises(CallError, match=named) as caught:
        provider.url_of(to, stream=False)
    assert (caught.value.fault, caught.value.parameter) == ("invalid_parameter", named)


@pytest.mark.parametrize("session", ["", "IQoJb3JpZ2luX2VjEXAMPLE//=="])
@pytest.mark.parametrize("stream", [False, True])
def test_amazon_can_verify_the_signature_over_what_arrives(
    server: AnthropicServer, session: str, stream: bool
) -> None:
    bedrock = Bedrock()
    arn = "arn:aws:bedrock:eu-west-1:123:inference-profile/eu.anthropic.claude-x v1"
    for model in (ASK.model, arn):
        secret = AWS + (":" + session if session else "")
        call(bedrock, target(bedrock, server, model=model), secret, stream=stream)
        seen = server.requests[-1]
        assert seen.headers.get("x-amz-security-token", "") == session
        assert AWS.partition(":")[2] not in str(seen.headers)
        assert verified(seen, AWS.partition(":")[2])


def verified(seen: Seen, secret: str) -> bool:
    """What Amazon does with a signed request, written apart from what is tested."""
    fields = dict(f.strip().split("=", 1) for f in seen.headers["authorization"].removeprefix("AWS4-HMAC-SHA256").split(","))  # fmt: skip
    _, day, region, service, end = fields["Credential"].split("/")
    assert (service, end) == ("bedrock", "aws4_request")
    names = fields["SignedHeaders"]
    assert {"host", "x-amz-date", "content-type"} <= set(names.split(";"))
    lines = [f"{name}:{seen.headers[name]}\n" for name in names.split(";")]
    path = "/".join(quote(segment, safe="-_.~") for segment in seen.path.split("/"))
    canonical = f"{seen.method}\n{path}\n\n{''.join(lines)}\n{names}\n{hashlib.sha256(seen.raw).hexdigest()}"  # fmt: skip
    to_sign = f"AWS4-HMAC-SHA256\n{seen.headers['x-amz-date']}\n{day}/{region}/{service}/{end}\n{hashlib.sha256(canonical.encode()).hexdigest()}"  # fmt: skip
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, end):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex() == fields["Signature"]


@pytest.mark.parametrize("secret", [":x", "AKID:", "AKID::token", ":"])
def test_a_half_aws_secret_is_refused_without_being_said(
    server: AnthropicServer, secret: str
) -> None:
    bedrock = Bedrock()
    with pytest.raises(CallError, match="ACCESS_KEY_ID:SECRET") as caught:
        bedrock.headers_of(target(bedrock, server), secret)
    assert caught.value.fault == "authentication"


def test_keys_betas_and_versions_are_sent_as_each_wants_them(server: AnthropicServer) -> None:
    own = Anthropic()
    to = target(own, server, base_url=server.url + "/v1/", options={"beta": "a-1,b-2"})
    call(own, to, "key")
    headers = server.requests[-1].headers
    assert (headers["x-api-key"], headers["anthropic-beta"]) == ("key", "a-1,b-2")
    assert headers["anthropic-version"] == "2023-06-01"
    assert own.listing_url(to) == server.url + "/v1/models?limit=1000"
    call(own, replace(to, options={"auth": "bearer"}), "key")
    headers = server.requests[-1].headers
    assert headers["authorization"] == "Bearer key"
    assert "x-api-key" not in headers
    bedrock = Bedrock()
    call(bedrock, target(bedrock, server, options={"beta": "a-1, b-2"}), "ABSKkey")
    assert server.requests[-1].body["anthropic_beta"] == ["a-1", "b-2"]


def test_the_version_spoken_still_takes_a_temperature(server: AnthropicServer) -> None:
    own, bedrock, vertex = Anthropic(), Bedrock(), Vertex()
    call(bedrock, target(bedrock, server), "ABSKkey")
    assert server.requests[-1].body["anthropic_version"] == "bedrock-2023-05-31"
    call(vertex, target(vertex, server), "t")
    assert server.requests[-1].body["anthropic_version"] == "vertex-2023-10-16"
    call(own, target(own, server), "key")
    assert server.requests[-1].body["temperature"] == 0.5
    with pytest.raises(CallError) as caught:
        call(own, target(own, server, options={"version": "2026-10-21"}), "key")
    assert (caught.value.fault, caught.value.parameter) == ("invalid_parameter", "temperature")


def test_headers_that_carry_a_secret_are_named(server: AnthropicServer) -> None:
    for provider, secret in EVERYWHERE:
        headers = provider.headers_of(target(provider, server), secret)
        outgoing = provider.signed(target(provider, server), secret, Outgoing("https://x.test/", headers, b""))  # fmt: skip
        shown = {n: v for n, v in outgoing.headers.items() if n.lower() not in outgoing.secret_headers}  # fmt: skip
        assert secret is None or not any(secret in value for value in shown.values())


@pytest.fixture(scope="module")
def account() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def key_file(key: rsa.RSAPrivateKey, url: str, **more: Any) -> str:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    return json.dumps(
        {
            "type": "service_account", "client_email": "prompts@bank-1.iam.gserviceaccount.com",
            "private_key": pem, "private_key_id": "k1", "token_uri": url, **more,
        }
    )  # fmt: skip


def test_a_service_accounts_key_is_exchanged_once_for_many_calls(
    server: AnthropicServer, account: rsa.RSAPrivateKey
) -> None:
    vertex, secret = Vertex(), key_file(account, server.url + "/token")
    to = target(vertex, server)

    async def many() -> None:
        async with aiohttp.ClientSession() as session:
            carrier = Carrier(session)
            await asyncio.gather(
                *(carrier.call(vertex, to, secret, stream=False) for _ in range(8))
            )
            await carrier.call(vertex, to, secret, stream=True)

    server.tokens.clear()
    asyncio.run(many())
    asyncio.run(many())  # another loop: the token is still good
    assert len(server.tokens) == 1
    assert server.requests[-1].headers["authorization"] == "Bearer token-1"
    form = dict(pair.split("=", 1) for pair in server.tokens[0].raw.decode().split("&"))
    assert form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
    assertion = jwt.decode(form["assertion"], RSAKey.import_key(account.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)))  # fmt: skip
    assert assertion.header["kid"] == "k1"
    claims = assertion.claims
    assert claims["iss"] == "prompts@bank-1.iam.gserviceaccount.com"
    assert claims["aud"] == server.url + "/token"
    assert claims["exp"] - claims["iat"] == 3600


def test_a_token_that_ends_soon_is_replaced(
    server: AnthropicServer, account: rsa.RSAPrivateKey
) -> None:
    vertex, secret = Vertex(), key_file(account, server.url + "/token")
    server.tokens.clear()
    server.token_answer = (200, {"access_token": "short", "expires_in": 100})
    call(vertex, target(vertex, server), secret)
    server.token_answer = None
    call(vertex, target(vertex, server), secret)
    assert len(server.tokens) == 2
    assert server.requests[-1].headers["authorization"] == "Bearer token-2"


@pytest.mark.parametrize(
    ("answer", "fault", "words"),
    [
        ((400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}), "authentication", "Invalid JWT Signature"),
        ((401, {"error": "disabled_client"}), "authentication", "disabled_client"),
        ((503, {}), "failed", "503"),
        ((200, {"token": 1}), "bad_answer", "no access token"),
        ((200, ["x"]), "bad_answer", "no access token"),
    ],
)  # fmt: skip
def test_an_exchange_that_fails_says_why(
    server: AnthropicServer, account: rsa.RSAPrivateKey, answer: tuple[int, Any], fault: str, words: str
) -> None:  # fmt: skip
    vertex = Vertex()
    server.token_answer = answer
    try:
        with pytest.raises(CallError, match=words) as caught:
            call(vertex, target(vertex, server), key_file(account, server.url + "/token"))
    finally:
        server.token_answer = None
    assert caught.value.fault == fault
    call(vertex, target(vertex, server), key_file(account, server.url + "/token"))  # and recovers


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "authorized_user"}, "only service accounts"),
        ({"private_key": ""}, "has no private_key"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"}, "no RSA key"),
        ({"token_uri": None, "client_email": 1}, "no client_email and no token_uri"),
    ],
)  # fmt: skip
def test_a_key_file_that_is_none_is_told_so_without_its_content(
    server: AnthropicServer, account: rsa.RSAPrivateKey, change: dict[str, Any], words: str
) -> None:
    vertex = Vertex()
    with pytest.raises(CallError, match=words) as caught:
        call(vertex, target(vertex, server), key_file(account, server.url + "/token", **change))
    assert caught.value.fault == "authentication"
    assert "BEGIN" not in caught.value.detail
    assert caught.value.__cause__ is None


def test_a_key_file_itself_is_never_sent(
    server: AnthropicServer, account: rsa.RSAPrivateKey
) -> None:
    vertex = Vertex()
    secret = key_file(account, server.url + "/token")
    assert "authorization" not in vertex.headers_of(target(vertex, server), secret)


def test_a_caller_that_is_cancelled_leaves_the_token_to_the_others(
    server: AnthropicServer, account: rsa.RSAPrivateKey
) -> None:
    vertex, secret = Vertex(), key_file(account, server.url + "/token")

    class Slow:
        asked = 0

        async def post_form(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
            self.asked += 1
            await asyncio.sleep(0.1)
            return 200, b'{"access_token": "late", "expires_in": 3600}'

    async def run() -> str | None:
        slow = Slow()
        first = asyncio.create_task(vertex.authorise(target(vertex, server), secret, slow))
        second = asyncio.create_task(vertex.authorise(target(vertex, server), secret, slow))
        await asyncio.sleep(0.02)
        first.cancel()
        text = await second
        assert slow.asked == 1
        return text

    assert asyncio.run(run()) == "late"
