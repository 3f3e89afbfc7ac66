"""Signatures as Amazon publishes them: its test suite for version 4, and the examples of its documentation."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from yarl import URL

from promptops_server.providers.wire.aws_signature import Keys, signed_headers, signing_key

KEYS = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
HOST = "https://example.amazonaws.com"
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt"
    "hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVX"
    "AkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "token", "names", "signature"),
    [
        pytest.param("GET", "/", {}, b"", "", "host;x-amz-date",
                     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", id="get-vanilla"),
        pytest.param("POST", "/", {}, b"", "", "host;x-amz-date",
                     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", id="post-vanilla"),
        pytest.param("GET", "/?Param2=value2&Param1=value1", {}, b"", "", "host;x-amz-date",
                     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", id="get-vanilla-query-order-key-case"),
        pytest.param("GET", "/?Param1=value1", {}, b"", "", "host;x-amz-date",
                     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb", id="get-vanilla-empty-query-key"),
        pytest.param("GET", "/?%E1%88%B4=bar", {}, b"", "", "host;x-amz-date",
                     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04", id="get-vanilla-utf8-query"),
        pytest.param("GET", "/example space/", {}, b"", "", "host;x-amz-date",
                     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741", id="get-space"),
        pytest.param("GET", "/ሴ", {}, b"", "", "host;x-amz-date",
                     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85", id="get-utf8"),
        pytest.param("GET", "/", {"My-Header1": " value1", "My-Header2": ' "a   b   c"'}, b"", "",
                     "host;my-header1;my-header2;x-amz-date",
                     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736", id="get-header-value-trim"),
        pytest.param("POST", "/", {"My-Header1": "VALUE1"}, b"", "", "host;my-header1;x-amz-date",
                     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d", id="post-header-value-case"),
        pytest.param("POST", "/", FORM, b"Param1=value1", "", "content-type;host;x-amz-date",
                     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", id="post-x-www-form-urlencoded"),
        pytest.param("POST", "/", {}, b"", TOKEN, "host;x-amz-date;x-amz-security-token",
                     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead", id="post-sts-header-before"),
    ],
)  # fmt: skip
def test_amazons_test_suite(
    method: str, url: str, headers: dict[str, str], body: bytes, token: str, names: str, signature: str
) -> None:  # fmt: skip
    keys = Keys(KEYS.id, KEYS.secret, token)
    sent = signed_headers(method, HOST + url, headers, body, keys=keys, region="us-east-1", service="service", at=AT)  # fmt: skip
    assert sent["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    assert sent["x-amz-date"] == "20150830T123600Z"
    assert sent.get("x-amz-security-token", "") == token


def test_the_examples_of_the_documentation() -> None:
    for day, key in [
        ("20120215", "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"),
        ("20150830", "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"),
    ]:
        assert signing_key(KEYS.secret, day, "us-east-1", "iam").hex() == key
    url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    sent = signed_headers(
        "GET", url, form, b"", keys=KEYS, region="us-east-1", service="iam", at=AT
    )
    assert sent["authorization"].endswith(
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_the_secret_is_not_in_what_is_printed_or_sent() -> None:
    keys = Keys("AKID", "a-secret", "a-session")
    assert "a-secret" not in repr(keys)
    assert "a-session" not in repr(keys)
    sent = signed_headers("POST", HOST, {}, b"{}", keys=keys, region="r", service="s", at=AT)
    assert "a-secret" not in str(sent)


def test_the_url_as_signed_is_the_url_as_sent() -> None:
    """The HTTP client quotes URLs its own way; what is signed must not change by it."""
    for model in (
        "anthropic.claude-x-v1:0",
        "arn:aws:bedrock:eu-west-1:1:inference-profile%2Feu.x",
    ):
        url = f"https://bedrock-runtime.eu-west-1.amazonaws.com/model/{model}/invoke"
        assert str(URL(url)) == url
