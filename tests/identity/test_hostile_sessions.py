"""Cookies that were tossed, fixed, cut and forged; ways around sign-in that other gateways had."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from id_token_rows import RSA
from sign_in_rig import Rig
from sign_in_witness import WatchedBrowser
from web_browser import CSRF_COOKIE, NAVIGATION, WebBrowser

from minting import mint
from scripted_origin import Request, well
from waiting import until
from wire import API, Line

SEARCH = f"/apps/plain{API}"
RUNS_CREATE = "/apps/plain/api/2.0/mlflow/runs/create"
Jar = dict[str, str]


def status(browser: WebBrowser, path: str = SEARCH) -> int:
    return browser.fetch(path).status


def person(browser: WebBrowser) -> str:
    return browser.fetch("/signet/api/v1/me").json()["person"]["id"]


def with_cookies(rig: Rig, text: str, path: str = SEARCH, **more: str) -> int:
    headers = {"Cookie": text, "Accept": "application/json", **more}
    return WebBrowser(rig.signet.port).send("GET", path, None, headers).status


# ---- cookies ----


@pytest.fixture
def ada(rig: Rig) -> WatchedBrowser:
    return rig.signed_in()


def eve_of(rig: Rig, groups: int = 0) -> WatchedBrowser:
    rig.partner.person |= {
        "sub": "eve",
        "email": "eve@example.com",
        "groups": [f"{i:0100}" for i in range(groups)],
    }
    return rig.signed_in("partner")


def test_two_cookies(rig: Rig, ada: WatchedBrowser) -> None:
    """A sibling domain's cookie beside ours: nobody can tell which is whose."""
    mine, theirs = ada.cookies["signet"], eve_of(rig).cookies["signet"]
    assert with_cookies(rig, f"signet={mine}") == 200
    for first, second in ((mine, theirs), (theirs, mine), (mine, mine), (mine, ""), ("", mine)):
        assert with_cookies(rig, f"signet={first}; signet={second}") == 401
    line = f"Cookie: signet={mine}", f"Cookie: signet={theirs}"
    with Line(rig.signet.port) as raw:
        raw.head("GET", SEARCH, *line)
        assert raw.answer().status in (400, 401)
    assert rig.origin.requests[1:] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: good[:-1],
        lambda good: good + "A",
        lambda good: good[:-4] + "AAAA",
        lambda good: "A" * len(good),
        lambda good: good[: len(good) // 2],
        lambda good: good.upper(),
        lambda good: good + "=",
        lambda good: f'"{good}"',
        lambda good: f"2.{good}",
        lambda good: f"1.{good}",
        lambda good: f"9.{good}",
        lambda good: f"0.{good}",
        lambda good: good + "; signet-1=A",
        lambda good: good + "; signet-3=A",
        lambda good: "",
        lambda good: "AQ",
        lambda good: "A" * 20_000,
        lambda good: good + "%00",
        lambda good: good.replace("-", "+").replace("_", "/") + "+",
        lambda good: good + "\t",
        lambda good: good + "\x7f",
        lambda good: good + "é",
    ],
)
def test_spoilt_cookies(rig: Rig, ada: WatchedBrowser, spoil: Callable[[str], str]) -> None:
    spoilt = spoil(ada.cookies["signet"])
    with Line(rig.signet.port) as raw:
        raw.socket.sendall(
            f"GET {SEARCH} HTTP/1.1\r\nHost: 127.0.0.1:{rig.signet.port}\r\n"
            f"Cookie: signet={spoilt}\r\n\r\n".encode("latin-1")
        )
        # A tab behind a value is no part of it.
        assert raw.answer().status == (200 if spoilt.endswith("\t") else 401) or (
            not spoilt.isprintable()
        )


def test_control_characters_in_cookies(rig: Rig, ada: WatchedBrowser) -> None:
    good = ada.cookies["signet"]
    for text in (f"signet={good}\0", f"a=\0; signet={good}", f"signet={good}\r; x=y"):
        with Line(rig.signet.port) as raw:
            head = f"GET {SEARCH} HTTP/1.1\r\nHost: 127.0.0.1:{rig.signet.port}\r\nCookie: "
            raw.send(head.encode() + text.encode() + b"\r\n\r\n")
            assert raw.answer().status == 400, text[-5:]


def test_very_many_cookies(rig: Rig, ada: WatchedBrowser) -> None:
    good = f"signet={ada.cookies['signet']}"
    assert with_cookies(rig, "; ".join([f"c{i}=x" for i in range(1000)] + [good])) == 200
    many = "; ".join([f"signet-attempt-{i:08x}=x" for i in range(1000)] + [good])
    assert with_cookies(rig, many) == 200
    assert with_cookies(rig, f"a={'x' * (64 << 10)}; {good}") == 431
    assert with_cookies(rig, ";" * 10_000 + good) == 200


def test_parts_of_a_large_session(rig: Rig) -> None:
    """Missing, swapped, of two people, one too many."""
    rig.corp.person["groups"] = [f"{i:0100}" for i in range(90)]
    ada, eve = rig.signed_in(), eve_of(rig, groups=90)
    names = [name for name in ada.cookies if name != CSRF_COOKIE]
    assert names == ["signet", "signet-1", "signet-2", "signet-3"]
    mine = [ada.cookies[name] for name in names]
    theirs = [eve.cookies[name] for name in names]

    def ask(*values: str | None) -> int:
        pairs = zip(names, values, strict=False)
        return with_cookies(rig, "; ".join(f"{n}={v}" for n, v in pairs if v is not None))

    assert ask(*mine) == 200 and ask(*theirs) == 200
    assert with_cookies(rig, "; ".join(f"{n}={ada.cookies[n]}" for n in reversed(names))) == 200
    for i in range(4):
        assert ask(*(None if i == j else part for j, part in enumerate(mine))) == 401
        assert ask(*("" if i == j else part for j, part in enumerate(mine))) == 401
        assert ask(*(theirs[j] if i == j else part for j, part in enumerate(mine))) == 401
    assert ask(mine[0], mine[2], mine[1], mine[3]) == 401
    assert ask(*mine[:3]) == 401 and ask(mine[0]) == 401
    assert ask("3." + mine[0][2:], *mine[1:3]) == 401
    assert ask("3." + mine[0][2:], *mine[1:]) == 401
    # Whoever has fewer groups at the next sign-in has no parts of the former session left.
    rig.corp.person["groups"] = []
    ada.sign_in()
    assert set(ada.cookies) == {"signet", CSRF_COOKIE}
    assert status(ada) == 200


def test_session_fixation(rig: Rig, ada: WatchedBrowser) -> None:
    """A session that somebody planted before is not the one that one has after (GHSA-f24x)."""
    eve = eve_of(rig)
    planted = dict(eve.cookies)
    victim = WatchedBrowser(rig.signet.port, dict(planted))
    assert victim.sign_in().location == "/app"
    assert victim.cookies["signet"] != planted["signet"]
    assert victim.cookies[CSRF_COOKIE] != planted[CSRF_COOKIE]
    assert person(victim) == "ada@example.com"
    # The planted copy never becomes the victim; it is over.
    until("the planted one is dead", lambda: status(WebBrowser(rig.signet.port, planted)) == 401)
    # Signing in again is another session too, and so is everybody's.
    assert len({victim.cookies["signet"], ada.cookies["signet"], planted["signet"]}) == 3


def test_a_failed_sign_in_changes_no_session(rig: Rig, ada: WatchedBrowser) -> None:
    before = dict(ada.cookies)
    rig.corp.id_claims = {"nonce": "another"}
    assert "error=failed" in ada.sign_in().location
    assert ada.cookies == before
    assert status(ada) == 200


def test_csrf_tokens(rig: Rig, ada: WatchedBrowser) -> None:
    eve = eve_of(rig)
    token = ada.cookies[CSRF_COOKIE]
    for wrong in (
        eve.cookies[CSRF_COOKIE],
        token[:-1],
        token + "0",
        token.upper(),
        ada.cookies["signet"],
    ):
        headers = {"X-Signet-Csrf": wrong}
        assert ada.fetch(RUNS_CREATE, "POST", {}, headers, csrf=False).status == 403
    # Nobody's cookie, nor a query, stands for the header; and it may come once only.
    assert ada.fetch(f"{RUNS_CREATE}?X-Signet-Csrf={token}", "POST", {}, csrf=False).status == 403
    with Line(rig.signet.port) as raw:
        cookies = "; ".join(f"{name}={value}" for name, value in ada.cookies.items())
        twice = f"X-Signet-Csrf: {token}", f"X-Signet-Csrf: {token}"
        raw.head("POST", RUNS_CREATE, f"Cookie: {cookies}", *twice, "Content-Length: 0")
        assert raw.answer("POST").status == 403
    assert ada.fetch(RUNS_CREATE, "POST", {}).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"X-Signet-Csrf": ""},
    ],
    ids=str,
)
def test_logout_csrf(ada: WatchedBrowser, headers: dict[str, str]) -> None:
    assert ada.fetch("/signet/sign-out", "POST", headers=headers).status == 403
    assert ada.fetch("/signet/sign-out").status == 405
    assert ada.open("/signet/sign-out").status == 405
    assert status(ada) == 200


def test_what_origins_set_is_dropped(rig: Rig, ada: WatchedBrowser) -> None:
    """No origin overwrites a session, a CSRF token or an attempt."""

    def answer(request: Request) -> bool:
        request.read_body()
        evil = ["signet=evil", f"{CSRF_COOKIE}=evil", "signet-attempt-00000000=x", "a=b"]
        fields = [f"Set-Cookie: {text}; Path=/" for text in evil]
        request.conversation.answer(b"{}", "200 OK", *fields, 'Clear-Site-Data: "cookies"')
        return True

    before = dict(ada.cookies)
    rig.origin.behaviour = answer
    try:
        page = ada.fetch(SEARCH)
    finally:
        rig.origin.behaviour = well
    assert page.status == 200 and page.set_cookies == []
    assert not page.field("clear-site-data")
    assert ada.cookies == before


# ---- ways around sign-in, as other gateways had them ----

WAYS_AROUND: dict[str, tuple[str, dict[str, str]]] = {
    "a query like a public path (GHSA-7rh7)": (f"{SEARCH}&next=/health", {}),
    "a path behind the query": ("/apps/plain/api/2.0/mlflow/runs/get?/health", {}),
    "an escaped # (GHSA-pxq7)": ("/apps/plain/api%23/health", {}),
    "#": ("/apps/plain/api/2.0/mlflow/runs/get#/health", {}),
    "X-Forwarded-Uri (GHSA-7x63)": (SEARCH, {"X-Forwarded-Uri": "/health"}),
    "X-Original-URL": (SEARCH, {"X-Original-URL": "/health", "X-Rewrite-URL": "/health"}),
    "X-Forwarded-Method": (SEARCH, {"X-Forwarded-Method": "OPTIONS"}),
    "a health check's User-Agent (GHSA-5hvv)": (SEARCH, {"User-Agent": "GoogleHC/1.0"}),
    "a probe's User-Agent": (SEARCH, {"User-Agent": "kube-probe/1.29"}),
    "ELB's User-Agent": (SEARCH, {"User-Agent": "ELB-HealthChecker/2.0"}),
    "underscores (GHSA-vjrc)": (SEARCH, {"X_Forwarded_User": "root", "X_Amzn_Oidc_Data": "a.b.c"}),
    "somebody's name": (
        SEARCH,
        {"X-Forwarded-User": "root", "X-Forwarded-Email": "ada@example.com", "Remote-User": "ada"},
    ),
    "a load balancer's word": (
        SEARCH,
        {"X-Amzn-Oidc-Data": "a.b.c", "X-Amzn-Oidc-Identity": "ada", "X-Forwarded-For": "::1"},
    ),
    "a prefix (MO#52)": ("/health/../apps/plain/api/2.0/mlflow/runs/get", {}),
    "a prefix in escapes": ("/health/%2e%2e/apps/plain/api/2.0/mlflow/runs/get", {}),
    "two slashes": (f"/{SEARCH}", {}),
    "a semicolon": ("/health;/../apps/plain/api/2.0/mlflow/runs/get", {}),
    "a backslash": ("/health/..\\apps\\plain\\api\\2.0\\mlflow\\runs\\get", {}),
    "static files' prefix": ("/apps/plain/static-files/../api/2.0/mlflow/runs/get", {}),
    "the portal's files": ("/app/../apps/plain/api/2.0/mlflow/runs/get", {}),
    "an absolute address": (f"http://evil.example{SEARCH}", {}),
    "an unsigned JWT (GHSA-g765)": (SEARCH, {"Authorization": "Bearer none"}),
    "Basic without a word": (SEARCH, {"Authorization": "Basic Og=="}),
    "the default app": ("/api/2.0/mlflow/runs/get", {}),
    "MLflow's page": ("/apps/plain/", {"Accept": "application/json"}),
    "an upgrade": (SEARCH, {"Upgrade": "websocket", "Connection": "Upgrade"}),
}


@pytest.mark.parametrize("row", WAYS_AROUND)
def test_ways_around(rig: Rig, row: str) -> None:
    path, headers = WAYS_AROUND[row]
    if row == "an unsigned JWT (GHSA-g765)":
        claims = {"iss": rig.corp.issuer, "aud": "signet", "sub": "ada", "exp": time.time() + 60}
        headers = {"Authorization": f"Bearer {mint(claims, RSA, alg='none')}"}
    before = len(rig.origin.requests)
    with Line(rig.signet.port) as raw:
        own = {"Host": f"127.0.0.1:{rig.signet.port}"} | headers
        fields = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        raw.send(f"GET {path} HTTP/1.1\r\n{fields}\r\n".encode())
        answer = raw.answer()
    assert answer.status in (400, 401, 403, 404, 421), answer
    assert "set-cookie" not in answer.headers
    assert len(rig.origin.requests) == before


def test_tokens_of_the_provider_are_no_session(rig: Rig) -> None:
    """An ID token opens nothing, in a header or a cookie."""
    rig.signed_in()
    for headers in (
        {"Authorization": f"Bearer {rig.corp.last_id_token}"},
        {"Cookie": f"signet={rig.corp.last_id_token}"},
    ):
        page = WebBrowser(rig.signet.port).send("GET", SEARCH, None, headers)
        assert page.status == 401
        assert not page.location


def test_only_pages_are_led_to_the_door(rig: Rig) -> None:
    """Without a session a navigation goes to sign-in, and nothing else is redirected."""
    browser = rig.browser()
    assert browser.open(SEARCH).status == 302
    for headers in (
        NAVIGATION | {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"},
        {"Accept": "*/*"},
        {"Accept": "application/json"},
        {"X-Requested-With": "XMLHttpRequest", "Accept": "text/html"},
    ):
        page = browser.send("GET", SEARCH, None, headers)
        assert page.status == 401 or "X-Requested-With" in headers, headers
        assert not page.field("www-authenticate").lower().startswith("basic")
    assert browser.send("POST", RUNS_CREATE, b"{}", NAVIGATION).status in (401, 403)
