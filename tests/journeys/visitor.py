"""Somebody with a browser at a gateway where people sign in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request, expect

from browser import Watched
from idp import Person
from stack import Gateway

CSRF = "x-signet-csrf"
SAFE = ("GET", "HEAD", "OPTIONS")
SECONDS = 60_000
# Of the gateway "renews" of conftest.py: longer than forty requests take on a busy machine.
REFRESH_SECONDS = 8
# What Chromium logs though nothing is wrong.
USUAL = (
    # A page asked who is there, and nobody was.
    re.compile(r"status of 401 \(Unauthorized\) \[http://127\.0\.0\.1:\d+/(signet/api|apps)/"),
    # MLflow's own accounts, which it does not have here.
    re.compile(r"status of 404 .*/mlflow/users/(roles/list|current/permissions)"),
    # MLflow logs each answer that is no success once more: some as an object with a short name.
    re.compile(r"^(Fetch failed:  Response|\w) \[http://127\.0\.0\.1:\d+/apps/\w+/static-files/"),
)


@dataclass(frozen=True)
class Unsafe:
    """A request that is no read by its method."""

    method: str
    path: str
    has_csrf: bool


class Visitor(Watched):
    def __init__(self, browser: Browser, gateway: Gateway, pictures: Path) -> None:
        self.gateway = gateway
        self.unsafe: list[Unsafe] = []
        self._pictures = pictures
        pictures.mkdir(parents=True, exist_ok=True)
        super().__init__(browser, gateway.url + "/")

    def new_tab(self) -> Page:
        page = super().new_tab()
        page.on("request", self._note_unsafe)
        return page

    def _note_unsafe(self, request: Request) -> None:
        if request.method not in SAFE and request.url.startswith(self.base):
            path = request.url.removeprefix(self.gateway.url).partition("?")[0]
            self.unsafe.append(Unsafe(request.method, path, CSRF in request.headers))

    def open(self, address: str) -> None:
        self.page.goto(self.gateway.url + address)

    def choose(self, person: Person, tab: Page | None = None) -> None:
        """One click at the identity provider. Returns when the browser is back."""
        page = tab or self.page
        page.get_by_role("button", name=person.name).click()
        page.wait_for_url(self.gateway.url + "/**")

    def sign_in(self, person: Person, address: str = "/app") -> None:
        self.open(address)
        self.choose(person)

    def is_at(self, address: str, tab: Page | None = None) -> None:
        """Until the address bar shows it. MLflow may add a query of its own."""
        wanted = re.compile(re.escape(self.gateway.url + address) + r"([?&].*)?$")
        expect(tab or self.page).to_have_url(wanted, timeout=SECONDS)

    def is_in_bar(self, person: Person, tab: Page | None = None) -> None:
        button = (tab or self.page).get_by_role("button", name=f"Account of {person.name}")
        expect(button).to_be_visible(timeout=SECONDS)

    def shows(self, text: str, tab: Page | None = None) -> None:
        """In MLflow's frame."""
        inside = (tab or self.page).frame_locator("iframe").get_by_text(text)
        inside.locator("visible=true").first.wait_for()

    def asks_who(self, tab: Page | None = None) -> None:
        """Until the identity provider's page is there."""
        (tab or self.page).get_by_role("button", name="Ada Admin").wait_for()

    def status(self, path: str, tab: Page | None = None) -> int:
        """Of a fetch by the page that is open."""
        return (tab or self.page).evaluate("async path => (await fetch(path)).status", path)

    def forget_sign_in(self, tab: Page | None = None) -> None:
        """As if the sign-in were long ago: the portal stops when it sent a tab to the provider a
        moment ago."""
        (tab or self.page).evaluate("() => sessionStorage.clear()")

    def sign_out(self, tab: Page | None = None) -> None:
        page = tab or self.page
        page.get_by_role("button", name="Account of").click()
        page.get_by_role("menuitem", name="Sign out").click()

    def picture(self, name: str, tab: Page | None = None) -> None:
        self.settle()
        # What fades in is there.
        self.page.wait_for_timeout(400)
        (tab or self.page).screenshot(path=self._pictures / f"{name}.png")

    def strangers(self, *known: str) -> list[str]:
        """Requests that went neither to the gateway nor to one of the `known` addresses."""
        return [url for url in self.outside() if not url.startswith(known)]


@contextmanager
def visiting(
    browser: Browser,
    gateway: Gateway,
    pictures: Path,
    known: tuple[str, ...],
    excused: tuple[re.Pattern[str], ...],
) -> Iterator[Visitor]:
    """A visitor whose browser, at the end, must have complained of nothing but the USUAL and the
    `excused`, and asked nobody but the gateway and the `known`."""
    visitor = Visitor(browser, gateway, pictures)
    try:
        yield visitor
        visitor.settle()
    finally:
        visitor.close()
    record = visitor.record
    assert visitor.strangers(*known) == []
    assert record.breaches == []
    # MLflow handles some failed answers nowhere: its error object then shows by its short name.
    assert [text for text in record.page_errors if len(text) > 1] == []
    errors = [
        text
        for text in record.console_errors
        if not any(one.search(text) for one in (*USUAL, *excused))
    ]
    assert errors == []
    assert [one for one in visitor.unsafe if not one.has_csrf] == []


def access_log(log: Path) -> list[dict[str, Any]]:
    """What the gateway has answered so far."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("{")]
    read = [json.loads(line) for line in lines]
    return [entry for entry in read if "trace_id" in entry]
