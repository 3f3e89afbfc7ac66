"""Signing in and out in the browser."""

from __future__ import annotations

from playwright.sync_api import expect

from promptops_server.app.welcome import DEMO_PASSWORD
from support.browser import Console


def test_an_address_asked_for_before_sign_in_is_shown_after_it(console: Console) -> None:
    page = console.page()
    page.goto("/p/retail-bank")
    expect(page).to_have_url("/sign-in?next=%2Fp%2Fretail-bank")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url("/p/retail-bank")


def test_a_wrong_password_is_refused_where_it_was_typed(console: Console) -> None:
    page = console.page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password", exact=True).fill("not this one")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("admin")
