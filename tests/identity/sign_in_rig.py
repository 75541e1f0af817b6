"""A gateway with two watched providers, for many hostile sign-ins one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from id_token_rows import EC, UNFIT_KEYS
from sign_in_witness import WatchedBrowser, WatchedProvider, check_refused
from web_browser import Page

from hostile_provider import HostileProvider
from scripted_origin import Origin
from signet_process import Signet, plain_app
from wire import API

PARTNER = "partner"
RULES = {
    "admins": {"groups": ["ml-platform"]},
    "rules": [{"groups": ["everyone"], "apps": ["*"], "permission": "READ"}],
}


def entry(provider: HostileProvider, name: str, **more: Any) -> dict[str, Any]:
    """Of identity.providers."""
    return {
        "name": name,
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        **more,
    }


def settings(providers: list[dict[str, Any]], **session: str) -> dict[str, Any]:
    identity: dict[str, Any] = {"providers": providers, "same_people": True}
    return {"identity": identity | ({"session": session} if session else {}), "access": RULES}


@dataclass
class Rig:
    signet: Signet
    origin: Origin
    corp: WatchedProvider
    partner: WatchedProvider
    # How much of the log was looked through for secrets: by now, and before this test.
    log_seen: int = 0
    log_from: int = 0

    @classmethod
    @contextmanager
    def begun(cls, folder: Path, **session: str) -> Iterator[Rig]:
        origin = Origin()
        with WatchedProvider(more_keys=UNFIT_KEYS) as corp, WatchedProvider() as partner:
            corp.keys.append(EC)
            providers = [
                entry(corp, "corp", require={"hd": ["example.com"]}),
                entry(partner, PARTNER),
            ]
            signet = Signet(folder, [plain_app(origin.url)], config=settings(providers, **session))
            try:
                yield cls(signet, origin, corp, partner)
                signet.stop()
            finally:
                signet.child.stop()
                origin.refuse()

    def does_well_again(self) -> None:
        self.log_from = self.log_seen
        self.origin.requests.clear()
        for provider in (self.corp, self.partner):
            provider.does_well_again()
            provider.person["hd"] = "example.com"

    def browser(self) -> WatchedBrowser:
        return WatchedBrowser(self.signet.port)

    def signed_in(self, provider: str = "corp") -> WatchedBrowser:
        browser = self.browser()
        page = browser.sign_in(provider)
        assert page.location == "/app", page.location
        return browser

    def secrets(self, *browsers: WatchedBrowser) -> set[str]:
        held = {value for browser in browsers for value in browser.held}
        return self.corp.secrets() | self.partner.secrets() | held

    def check(
        self, page: Page, browser: WatchedBrowser, error: str, why: str, back_to: str = "/app"
    ) -> None:
        """The sign-in was refused, and left nothing."""
        seen = self.signet.log.stat().st_size
        secrets = self.secrets(browser)
        check_refused(page, self.signet, error, why, secrets, back_to, self.log_from)
        self.log_seen = seen
        assert browser.fetch("/signet/api/v1/me").status == 401
        assert browser.fetch(f"/apps/plain{API}").status == 401
