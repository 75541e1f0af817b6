"""Providers that are asked again who somebody is, and answer strangely: one for each row."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sign_in_rig import entry, settings
from sign_in_witness import WatchedBrowser, WatchedProvider, check_no_secret
from web_browser import WebBrowser

from hostile_provider import Answer, as_json
from minting import ABSENT, Key, mint, shared_key
from scripted_origin import Origin
from signet_process import Signet, plain_app
from waiting import until
from wire import API

SEARCH = f"/apps/plain{API}"


def status(browser: WebBrowser, path: str = SEARCH) -> int:
    return browser.fetch(path).status


Prepare = Callable[[WatchedProvider], None]


def tokens(answer: Answer) -> Prepare:
    def prepare(provider: WatchedProvider) -> None:
        provider.answers["token"] = lambda _: answer

    return prepare


def claims(**changed: Any) -> Prepare:
    def prepare(provider: WatchedProvider) -> None:
        provider.id_claims = changed

    return prepare


def minted(make: Callable[[dict[str, Any], WatchedProvider], str]) -> Prepare:
    def prepare(provider: WatchedProvider) -> None:
        provider.mint = lambda claims: make(claims, provider)

    return prepare


def without_id_token(provider: WatchedProvider) -> None:
    tokens_of = provider.tokens

    def fewer(login: Any) -> dict[str, Any]:
        answer = tokens_of(login)
        del answer["id_token"]
        return answer

    provider.tokens = fewer  # type: ignore[method-assign]


IMPOSTOR = shared_key("ES256", "impostor")


def rotated(provider: WatchedProvider) -> None:
    provider.rotate(keep=False)


# What changes → what the operator is told.
ENDS: dict[str, tuple[Prepare, str]] = {
    "another sub": (claims(sub="eve"), r"of somebody else"),
    "another person": (claims(email="eve@example.com"), r"names another person"),
    "an email that is no longer verified": (claims(email_verified=False), r"email_verified"),
    "sub missing": (claims(sub=ABSENT), r"names nobody"),
    "invalid_grant": (tokens(as_json({"error": "invalid_grant"}, 400)), r"invalid_grant"),
    "aud another": (claims(aud="another"), r"another audience"),
    "iss another": (claims(iss="https://login.example.com"), r"another issuer"),
    "expired": (claims(exp=int(time.time()) - 3600), r"expired"),
    "at_hash wrong": (claims(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), r"code or access token"),
    "alg none": (
        minted(lambda claims, p: mint(claims, p.keys[0], alg="none")),
        r"algorithm is not allowed",
    ),
    "a foreign key": (
        minted(lambda claims, p: mint(claims, Key(p.keys[0].kid, "ES256", IMPOSTOR.private))),
        r"signature is not",
    ),
    "group overage": (claims(_claim_names={"groups": "src1"}), r"overage"),
}
STAYS: dict[str, Prepare] = {
    "down": lambda provider: provider.close(),
    "503": tokens(Answer(503)),
    "429": tokens(Answer(429)),
    "500 with invalid_grant": tokens(as_json({"error": "invalid_grant"}, 500)),
    "invalid_client": tokens(as_json({"error": "invalid_client"}, 401)),
    "a redirect": tokens(Answer(302, headers=(("Location", "/elsewhere"),))),
    "no JSON": tokens(Answer(200, b"<html>")),
    "no HTTP": tokens(Answer(0, b"x\r\n")),
    "2 MiB": tokens(Answer(200, b" " * (2 << 20))),
    "slow": lambda provider: provider.late("token", 30),
    "no ID token": without_id_token,
    "new keys": rotated,
}


@dataclass
class Renewals:
    signet: Signet
    providers: dict[str, WatchedProvider]
    browsers: dict[str, WatchedBrowser]
    statuses: dict[str, list[int]]
    took: dict[str, float]


@pytest.fixture(scope="module")
def renewals(out: Path) -> Iterator[Renewals]:
    """Everybody signs in; then the providers change, and two requests of each come at once."""
    origin = Origin()
    rows = {row: prepare for row, (prepare, _) in ENDS.items()} | STAYS
    with ExitStack() as stack:
        stack.callback(origin.refuse)
        providers = {row: stack.enter_context(WatchedProvider()) for row in rows}
        for index, provider in enumerate(providers.values()):
            provider.keys = [Key.make("ES256")]
            provider.person["email"] = f"ada{index}@example.com"
        entries = [entry(provider, f"p{i}") for i, provider in enumerate(providers.values())]
        signet = Signet(
            out / "hostile_renewals",
            [plain_app(origin.url)],
            config=settings(entries, refresh="1s", idle="1h"),
        )
        try:
            browsers = {row: WatchedBrowser(signet.port) for row in rows}
            for index, (row, browser) in enumerate(browsers.items()):
                assert browser.sign_in(f"p{index}").location == "/app", row
            time.sleep(1.1)
            for row, prepare in rows.items():
                prepare(providers[row])
            took = {}

            def ask(row: str) -> list[int]:
                began, jar = time.monotonic(), dict(browsers[row].cookies)
                with ThreadPoolExecutor(2) as pool:
                    found = list(
                        pool.map(lambda _: status(WebBrowser(signet.port, dict(jar))), range(2))
                    )
                took[row] = time.monotonic() - began
                return found

            with ThreadPoolExecutor(len(rows)) as pool:
                statuses = dict(zip(rows, pool.map(ask, rows), strict=True))
            yield Renewals(signet, providers, browsers, statuses, took)
            signet.stop()
        finally:
            signet.child.stop()


@pytest.mark.parametrize("row", ENDS)
def test_renewals_that_end_the_session(renewals: Renewals, row: str) -> None:
    browser = renewals.browsers[row]
    assert renewals.statuses[row] == [401, 401]
    page = browser.fetch(SEARCH)
    assert page.status == 401
    told = [line["why"] for line in renewals.signet.told("request-refused")]
    assert any(re.search(ENDS[row][1], why) for why in told), told
    # At a page, people are asked to sign in again.
    assert browser.open("/apps/plain/").location == "/app/sign-in?return=%2Fapps%2Fplain%2F"
    check_no_secret(
        renewals.signet.log.read_text(),
        renewals.providers[row].secrets() | browser.held,
        "the log",
    )


def test_signed_out_while_the_provider_is_asked(test_folder: Path) -> None:
    """The provider's answer comes late and says yes; meanwhile it has signed the person out."""
    origin = Origin()
    with WatchedProvider() as provider:
        rules = settings([entry(provider, "corp")], refresh="1s", idle="1h")
        signet = Signet(test_folder, [plain_app(origin.url)], config=rules)
        try:
            browser = WatchedBrowser(signet.port)
            assert browser.sign_in("corp").location == "/app"
            time.sleep(1.1)
            provider.late("token", 3)
            with ThreadPoolExecutor(1) as pool:
                asked = pool.submit(status, WebBrowser(signet.port, dict(browser.cookies)))
                until("the provider is asked", lambda: provider.count("token") == 2)
                logout = f"http://127.0.0.1:{signet.port}/signet/backchannel-logout/corp"
                assert provider.post_logout(logout, provider.logout_token())[0] == 200
                assert not asked.done()
                assert asked.result() == 401
            signet.stop()
        finally:
            signet.child.stop()
            origin.refuse()


@pytest.mark.parametrize("row", STAYS)
def test_renewals_that_do_not(renewals: Renewals, row: str) -> None:
    """Nobody is signed out because a provider has a bad day, and nobody waits long for it."""
    browser = renewals.browsers[row]
    assert renewals.statuses[row] == [200, 200]
    assert status(browser) == 200
    assert renewals.took[row] < 20
    check_no_secret(
        renewals.signet.log.read_text(),
        renewals.providers[row].secrets() | browser.held,
        "the log",
    )
