"""New passwords: long enough, not easy to guess, not made of names and words of this product; anything else goes."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.access.passwords import CONTEXT_WORDS, check_new_password
from promptops_server.app.welcome import DEMO_PASSWORD
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Invalid
from support.people import PASSWORD, House

ABOUT = ("anna.keller", "Anna Keller", "anna.keller@bank.example")


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("tiny one", "shorter than 12"),
        ("password1234", "names and words"),
        ("iloveyou1234", "easy to guess"),
        ("qwertyuiop12", "easy to guess"),
        ("aaaaaaaaaaaa", "Repeats like"),
        ("123456789012", "easy to guess"),
        ("annakeller2026", "names and words"),
        ("Anna.Keller-bank", "names and words"),
        ("PromptOps-2026-PromptOps", "names and words"),
        ("prompts admin 01.01.2027", "names and words"),
    ],
)
def test_what_is_easy_to_guess_is_refused_with_what_is_wrong(password: str, told: str) -> None:
    with pytest.raises(Invalid, match=told) as caught:
        check_new_password(password, ABOUT)
    assert caught.value.remedy
    assert password not in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        DEMO_PASSWORD,
        "siebzehn grüne Möwen",
        "kiqwuzebtrsx",
        "73902846150938271",
        "唯々諾々と従う人は少ない",
        "x" + "correct horse battery staple " * 30,
    ],
)
def test_any_characters_and_any_length_make_a_good_one(password: str) -> None:
    check_new_password(password, ABOUT)


@given(st.text(min_size=0, max_size=60), st.lists(st.text(max_size=40), max_size=3))
def test_any_text_is_judged(password: str, about: list[str]) -> None:
    with suppress(Invalid):
        check_new_password(password, about)


def test_a_text_made_to_be_slow_is_judged_soon() -> None:
    started = time.process_time()
    check_new_password("4@8({[<361!|1!|0$5+7%2" * 40)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("word", CONTEXT_WORDS)
def test_words_of_the_product_alone_are_refused(word: str) -> None:
    with pytest.raises(Invalid):
        check_new_password(f"{word}-{word.upper()}-2026-{word}")


def test_the_rule_holds_at_creation_change_and_reset(database: Database) -> None:
    house = House(database)
    house.user("root", admin=True)
    house.user("ana", display_name="Ana Lima")
    root, ana = house.sign_in("root"), house.sign_in("ana")
    made = root.call("POST", "/users", json={"name": "ben", "password": "iloveyou1234"})
    reset = root.call("PATCH", "/users/ana", json={"password": "AnaLima20262026"})
    body = {"old_password": PASSWORD, "password": "aaaaaaaaaaaaaa"}
    changed = ana.call("PATCH", "/users/ana", json=body)
    for answer in (made, reset, changed):
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (
            422,
            "password-weak",
        )
    assert house.sign_in("ana").session["must"] == []
