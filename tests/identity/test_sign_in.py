"""Signing in at a provider, sessions, and their ends, as a browser sees them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from web_browser import CSRF_COOKIE, WebBrowser

from hostile_provider import Answer as ProviderAnswer
from hostile_provider import HostileProvider
from minting import ABSENT
from scripted_origin import Origin
from signet_process import Signet, plain_app, signed_app
from waiting import until
from wire import API, Line

Start = Callable[..., Signet]
RUNS_CREATE = "/apps/plain/api/2.0/mlflow/runs/create"
RULES = {
    "admins": {"groups": ["ml-platform"]},
    "rules": [{"groups": ["everyone"], "apps": ["*"], "permission": "READ"}],
}


def provider_of(provider: HostileProvider, name: str = "corp", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "issuer": provider.url,
        "client_id": "signet",
        "client_secret": "signet-secret",
        **more,
    }


def config(*providers: dict[str, Any], **session: Any) -> dict[str, Any]:
    identity: dict[str, Any] = {"providers": list(providers)}
    if session:
        identity["session"] = session
    if len(providers) > 1:
        identity["same_people"] = True
    return {"identity": identity, "access": RULES}


@pytest.fixture
def signet(start: Start, provider: HostileProvider, origin: Origin) -> Signet:
    return start([plain_app(origin.url)], config=config(provider_of(provider)))


@pytest.fixture
def browser(signet: Signet) -> WebBrowser:
    return WebBrowser(signet.port)


def session_cookie(browser: WebBrowser) -> str:
    return browser.cookies["signet"]


def test_signs_in_and_returns(browser: WebBrowser, signet: Signet) -> None:
    refused = browser.open(f"/apps/plain{API}")
    assert refused.status == 302
    door = urlsplit(refused.location)
    assert door.path == "/app/sign-in"
    assert parse_qs(door.query)["return"] == [f"/apps/plain{API}"]

    back = browser.sign_in(back_to=quote("/apps/plain/#/experiments/7?a=b", safe=""))
    assert (back.status, back.location) == (302, "/apps/plain/#/experiments/7?a=b")
    assert set(browser.cookies) == {"signet", CSRF_COOKIE}
    for text in back.set_cookies:
        assert "Path=/" in text and "SameSite=Lax" in text and "Domain" not in text, text
    by_name = {text.partition("=")[0]: text for text in back.set_cookies}
    assert "HttpOnly" in by_name["signet"]
    assert "HttpOnly" not in by_name[CSRF_COOKIE]

    assert browser.fetch(f"/apps/plain{API}").status == 200
    user = browser.fetch("/apps/plain/ajax-api/2.0/mlflow/users/current").json()
    assert user == {"user": {"username": "ada@example.com", "is_admin": True}}


def test_without_a_session_scripts_get_json(browser: WebBrowser) -> None:
    answer = browser.fetch(f"/apps/plain{API}")
    assert answer.status == 401
    assert answer.field("x-signet-refusal") == "unauthenticated"
    assert answer.json()["error_code"] == "UNAUTHENTICATED"
    assert not answer.field("www-authenticate")


@pytest.mark.parametrize(
    "back_to",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/signet/sign-in", "", "/a/../b"],
)
def test_returns_nowhere_else(browser: WebBrowser, back_to: str) -> None:
    assert browser.sign_in(back_to=quote(back_to, safe="")).location == "/app"


def test_changes_need_the_csrf_token(browser: WebBrowser, origin: Origin) -> None:
    browser.sign_in()
    body = {"experiment_id": "1"}
    assert browser.fetch(RUNS_CREATE, "POST", body).status == 200
    seen = len(origin.requests)
    for headers in ({}, {"X-Signet-Csrf": ""}, {"X-Signet-Csrf": "0" * 64}):
        refused = browser.fetch(RUNS_CREATE, "POST", body, headers, csrf=False)
        assert (refused.status, refused.field("x-signet-refusal")) == (403, "cross-site"), headers
    assert len(origin.requests) == seen

    other = WebBrowser(browser.port)
    other.sign_in()
    theirs = {"X-Signet-Csrf": other.cookies[CSRF_COOKIE]}
    assert browser.fetch(RUNS_CREATE, "POST", body, theirs, csrf=False).status == 403


def test_nothing_of_the_session_reaches_the_origin(browser: WebBrowser, origin: Origin) -> None:
    browser.sign_in()
    browser.fetch(RUNS_CREATE, "POST", {"experiment_id": "1"})
    sent = repr(origin.requests[-1]).lower()
    assert session_cookie(browser).lower() not in sent
    assert browser.cookies[CSRF_COOKIE] not in sent
    assert "cookie" not in sent


def test_a_callback_works_once_and_in_one_browser(
    browser: WebBrowser, provider: HostileProvider
) -> None:
    sent = browser.open("/signet/sign-in?provider=corp")
    back = browser.local(browser.at_provider(sent.location))
    stranger = WebBrowser(browser.port).open(back)
    assert (stranger.status, stranger.location) == (
        302,
        "/app/sign-in?return=%2Fapp&error=expired",
    )
    first = browser.open(back)
    assert first.location == "/app"
    session = session_cookie(browser)
    assert "error=expired" in browser.open(back).location
    assert session_cookie(browser) == session
    assert provider.count("token") == 1


def test_sign_out_ends_the_session_everywhere(
    browser: WebBrowser, signet: Signet, provider: HostileProvider
) -> None:
    browser.sign_in()
    stolen = WebBrowser(browser.port, dict(browser.cookies))
    assert browser.fetch("/signet/sign-out", "POST", csrf=False).status == 403
    out = browser.fetch("/signet/sign-out", "POST")
    assert out.status == 200
    assert out.field("clear-site-data") == '"cache", "storage"'
    goes_to = urlsplit(out.json()["location"])
    assert f"{goes_to.scheme}://{goes_to.netloc}{goes_to.path}" == f"{provider.url}/end-session"
    asked = parse_qs(goes_to.query)
    assert asked["post_logout_redirect_uri"] == [f"{browser.origin}/app/signed-out"]
    assert asked["client_id"] == ["signet"]
    assert asked["id_token_hint"] == [provider.last_id_token]
    assert not browser.cookies
    until("the copy is dead", lambda: stolen.fetch(f"/apps/plain{API}").status == 401)


@pytest.mark.parametrize("by", ["sid", "sub"])
def test_back_channel_logout(browser: WebBrowser, provider: HostileProvider, by: str) -> None:
    browser.sign_in()
    logout = provider.logout_token() if by == "sid" else provider.logout_token(sid=ABSENT)
    began = time.monotonic()
    status, _ = provider.post_logout(f"{browser.origin}/signet/backchannel-logout/corp", logout)
    assert status == 200
    until("the session is over", lambda: browser.fetch(f"/apps/plain{API}").status == 401)
    assert time.monotonic() - began < 5
    if by == "sub":
        # What begins later is another session.
        time.sleep(1.1)
    browser.sign_in()
    if by == "sub":
        assert browser.fetch(f"/apps/plain{API}").status == 200


def test_forty_requests_renew_once(start: Start, provider: HostileProvider, origin: Origin) -> None:
    signet = start(
        [plain_app(origin.url)],
        config=config(provider_of(provider), refresh="1s", idle="1h"),
    )
    browser = WebBrowser(signet.port)
    browser.sign_in()
    time.sleep(1.2)
    provider.person["groups"] = ["ml-platform", "late"]
    cookies = dict(browser.cookies)

    def once(_: int) -> int:
        return WebBrowser(signet.port, dict(cookies)).fetch(f"/apps/plain{API}").status

    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(once, range(40))) == {200}
    assert provider.count("token") == 2  # the code, and one refresh
    assert browser.fetch(f"/apps/plain{API}").status == 200


def test_two_providers(start: Start, provider: HostileProvider, origin: Origin) -> None:
    with HostileProvider() as partner:
        partner.person |= {"sub": "eve", "email": "eve@example.com", "groups": []}
        signet = start(
            [plain_app(origin.url)],
            config=config(provider_of(provider), provider_of(partner, "partner")),
        )
        browser = WebBrowser(signet.port)
        chooser = browser.open("/signet/sign-in?return=/app/x")
        assert chooser.location == "/app/sign-in?return=%2Fapp%2Fx"
        browser.sign_in("partner")
        user = browser.fetch("/apps/plain/ajax-api/2.0/mlflow/users/current").json()
        assert user["user"]["username"] == "eve@example.com"
        session = session_cookie(browser)
        browser.sign_in("corp")
        user = browser.fetch("/apps/plain/ajax-api/2.0/mlflow/users/current").json()
        assert user["user"]["username"] == "ada@example.com"
        # Always a new session, and the former is over.
        old = WebBrowser(signet.port, {"signet": session})
        until("the former is dead", lambda: old.fetch(f"/apps/plain{API}").status == 401)
        # The same attempt at the other's callback (mix-up).
        sent = browser.open("/signet/sign-in?provider=corp")
        back = browser.local(browser.at_provider(sent.location))
        mixed = browser.open(back.replace("/callback/corp", "/callback/partner"))
        assert "error=failed" in mixed.location


@pytest.mark.parametrize("what", ["two", "torn", "foreign"])
def test_cookies_that_cannot_be_trusted(browser: WebBrowser, what: str) -> None:
    browser.sign_in()
    good = session_cookie(browser)
    cookies = {
        "two": f"signet={good}; signet={good}",
        "torn": f"signet={good[:-4]}AAAA",
        "foreign": "signet=" + "A" * 200,
    }[what]
    headers = {"Cookie": cookies, "Accept": "application/json"}
    assert browser.send("GET", f"/apps/plain{API}", None, headers).status == 401


def test_session_ends_when_idle(start: Start, provider: HostileProvider, origin: Origin) -> None:
    signet = start(
        [plain_app(origin.url)],
        config=config(provider_of(provider), idle="3s", lifetime="8s", refresh="1h"),
    )
    browser = WebBrowser(signet.port)
    browser.sign_in()
    first = session_cookie(browser)
    for _ in range(4):
        time.sleep(1)
        assert browser.fetch(f"/apps/plain{API}").status == 200
    assert session_cookie(browser) != first  # used, and so made anew
    assert WebBrowser(signet.port, {"signet": first}).fetch(f"/apps/plain{API}").status == 401
    until("the lifetime is over", lambda: browser.fetch(f"/apps/plain{API}").status == 401)


def test_it_is_all_in_the_audit_log(browser: WebBrowser, signet: Signet) -> None:
    browser.sign_in()
    browser.fetch(RUNS_CREATE, "POST", {"experiment_id": "1"})
    browser.fetch("/signet/sign-out", "POST")
    line = signet.told("sign-in")[-1]
    assert line["person"] == "ada@example.com"
    assert line["means"].startswith("session ")
    assert signet.told("sign-out")[-1]["means"] == line["means"]
    assert signet.told("write")[-1]["means"] == line["means"]
    text = signet.log.read_text()
    assert "code=" not in text and "state=" not in text


@pytest.mark.parametrize("by", ["session", "token"])
def test_signed_out_while_the_body_arrives(
    start: Start, provider: HostileProvider, origin: Origin, by: str
) -> None:
    """Engine rule 10: what is hashed first is checked again before it goes on."""
    signet = start([signed_app(origin.url)], config=config(provider_of(provider)))
    browser = WebBrowser(signet.port)
    browser.sign_in()
    provider.id_claims["auth_time"] = int(time.time())
    browser.sign_in()
    token = browser.fetch("/signet/api/v1/tokens", "POST", {"title": "t"}).json()
    proof = {
        "session": [
            "Cookie: " + "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
            f"X-Signet-Csrf: {browser.cookies[CSRF_COOKIE]}",
        ],
        "token": [f"Authorization: Bearer {token['secret']}"],
    }[by]
    path = "/apps/signed/api/2.0/mlflow/runs/create"
    for ends in (False, True):
        seen = len(origin.requests)
        with Line(signet.port) as line:
            line.head("POST", path, *proof, "Content-Type: application/json", "Content-Length: 4")
            line.send(b"{ ")
            time.sleep(0.2)
            if ends and by == "session":
                assert browser.fetch("/signet/sign-out", "POST").status == 200
            elif ends:
                gone = browser.fetch(f"/signet/api/v1/tokens/{token['token']['id']}", "DELETE")
                assert gone.status == 204
            # Beyond the time that other loops take to hear of it.
            time.sleep(0.5)
            line.send(b" }")
            answer = line.answer("POST")
        assert (answer.status, answer.refusal) == ((401, "unauthenticated") if ends else (200, ""))
        assert len(origin.requests) == seen + (not ends)


def test_a_renewal_that_fails_is_told(
    start: Start, provider: HostileProvider, origin: Origin
) -> None:
    signet = start([plain_app(origin.url)], config=config(provider_of(provider), refresh="1s"))
    browser = WebBrowser(signet.port)
    browser.sign_in()
    provider.answers["token"] = lambda _: ProviderAnswer(503)
    time.sleep(1.2)
    for _ in range(5):
        assert browser.fetch(f"/apps/plain{API}").status == 200
    signet.told("session-not-renewed")
    # A word per loop, not one per request.
    assert len(signet.log_lines("session-not-renewed")) <= 2
