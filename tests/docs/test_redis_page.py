"""`docs/redis.md` names the rights, refusals and metrics that there are."""

from __future__ import annotations

import re

from docs_page import DOCS, blocks, rows

from promptops.delivery.redis_address import SCHEMES
from promptops.delivery.verify import Refusal
from promptops_server.delivery.redis_users import application_user, application_user_name

PAGE = (DOCS / "redis.md").read_text()


def test_the_user_of_an_application_is_the_one_that_is_made() -> None:
    (shown,) = (b.text.strip() for b in blocks("redis.md") if b.text.startswith("user "))
    place = ("retail-bank", "production")
    line = application_user(application_user_name(*place), "a password", *place).line
    assert re.sub(r"#[0-9a-f]{64}", "#HASH", line) == shown


def test_every_code_of_a_refusal_is_explained() -> None:
    codes = set(re.findall(r"`([a-z-]+)`", (Refusal.__doc__ or "").partition("Codes:")[2]))
    explained = {code for row in rows("redis.md") for code in re.findall(r"`([a-z-]+)`", row[0])}
    assert codes
    assert codes <= explained


def test_every_form_of_an_address_is_shown() -> None:
    assert all(f"{scheme}://" in PAGE for scheme in SCHEMES)
