"""The local identity provider's pages in Chromium: they work by click and by key, and neither
break their own policy nor a rule of accessibility."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from application import Application
from code_flow import Attempt
from running_idp import RunningIdp

AXE = Path(__file__).resolve().parents[2] / "portal/node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "chromium is not installed"
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that complains of nothing."""
    context = chromium.new_context()
    made = context.new_page()
    complaints: list[str] = []
    made.on("console", lambda message: complaints.append(message.text))
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    context.close()
    wanted = [text for text in complaints if "favicon" not in text]
    assert not wanted


def is_accessible(page: Page) -> None:
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found]


def test_click_signs_in(idp: RunningIdp, page: Page) -> None:
    party, attempt = idp.relying_party(), Attempt()
    page.goto(party.authorize_url(attempt))
    is_accessible(page)
    page.get_by_role("button", name="Rita Reader").click()
    page.wait_for_url(f"{party.redirect_uri}?**")
    assert "the application" in page.content()


def test_keys_sign_in(idp: RunningIdp, page: Page) -> None:
    party = idp.relying_party()
    page.goto(party.authorize_url(Attempt()))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{party.redirect_uri}?**")


def test_another_person_signs_in(idp: RunningIdp, page: Page) -> None:
    party = idp.relying_party()
    page.goto(party.authorize_url(Attempt()))
    page.get_by_role("button", name="Rita Reader").click()
    page.wait_for_url(f"{party.redirect_uri}?**")
    page.goto(party.authorize_url(Attempt(), prompt="select_account"))
    page.get_by_role("button", name="Ed Editor").click()
    page.wait_for_url(f"{party.redirect_uri}?**")


def test_signs_out(idp: RunningIdp, page: Page) -> None:
    party = idp.relying_party()
    page.goto(party.authorize_url(Attempt(), login_hint="ada"))
    page.goto(party.metadata["end_session_endpoint"])
    is_accessible(page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out.").wait_for()
    is_accessible(page)


def test_a_hint_signs_out_without_a_click(
    idp: RunningIdp, application: Application, page: Page
) -> None:
    party = idp.relying_party()
    token = party.sign_in(idp.browser(), "ada")[0]["id_token"]
    page.goto(party.authorize_url(Attempt(), login_hint="ada"))
    query = {"id_token_hint": token, "post_logout_redirect_uri": application.goodbye}
    page.goto(f"{party.metadata['end_session_endpoint']}?{urlencode(query)}")
    page.wait_for_url(application.goodbye)


def test_tells_what_did_not_work(idp: RunningIdp, page: Page) -> None:
    url = idp.relying_party().authorize_url(Attempt(), redirect_uri="https://evil.example/<b>")
    text = page.request.get(url, headers={"Accept": "text/html"}).text()
    assert "invalid_redirect_uri" in text and "<b>" not in text
