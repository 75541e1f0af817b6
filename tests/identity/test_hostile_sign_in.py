"""Hostile providers, callbacks and ID tokens: nobody is signed in, people get a plain word, the
operator the reason, and nobody a secret."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from id_token_rows import CLAIM_ROWS, RSA, TOKEN_ROWS
from sign_in_rig import PARTNER, Rig
from sign_in_witness import WatchedBrowser, check_refused, check_signed_out
from web_browser import Page

from hostile_provider import Pairs
from minting import ABSENT
from wire import API


def signs_in(rig: Rig, query: str = "") -> Page:
    page = rig.browser().sign_in(query=query)
    assert page.location == "/app", page.location
    return page


# ---- ID tokens ----


@pytest.mark.parametrize("row", CLAIM_ROWS)
def test_claims(rig: Rig, row: str) -> None:
    changed, error, why = CLAIM_ROWS[row]
    rig.corp.id_claims = changed
    browser = rig.browser()
    page = browser.sign_in()
    rig.check(page, browser, error, why)


@pytest.mark.parametrize("row", TOKEN_ROWS)
def test_tokens(rig: Rig, row: str) -> None:
    minting, why = TOKEN_ROWS[row]
    rig.corp.mint = lambda claims: minting(claims, rig.corp)
    browser = rig.browser()
    rig.check(browser.sign_in(), browser, "failed", why)
    # Nothing that a token's header names is ever fetched.
    assert "/evil" not in {request.path for _, request in rig.corp.requests}


GOOD: dict[str, dict[str, Any]] = {
    "plain": {},
    "no at_hash": {"at_hash": ABSENT},
    "aud a list of one": {"aud": ["signet"]},
    "aud list with azp": {"aud": ["other", "signet"], "azp": "signet"},
    "expired within the skew": {"exp": -20},
    "exp with a fraction": {"exp": 300.5},
    "no auth_time": {"auth_time": ABSENT},
    "email_verified as a text": {"email_verified": "true"},
    "no sid": {"sid": ABSENT},
    "no groups": {"groups": ABSENT},
}


@pytest.mark.parametrize("row", GOOD)
def test_good_ones(rig: Rig, row: str) -> None:
    """The rows above are refused for what they say. Times are seconds from now."""
    rig.corp.id_claims = dict(GOOD[row])
    if isinstance(exp := GOOD[row].get("exp"), int | float):
        rig.corp.id_claims["exp"] = int(time.time()) + exp
    signs_in(rig)


def test_the_other_published_key(rig: Rig) -> None:
    rig.corp.keys.reverse()
    try:
        signs_in(rig)
    finally:
        rig.corp.keys.reverse()
    assert rig.corp.keys[0] == RSA


FRESH = {
    "auth_time missing": ({"auth_time": ABSENT}, r"no auth_time"),
    "auth_time two hours ago": ({"auth_time": int(time.time()) - 7200}, r"longer ago"),
    "auth_time 0": ({"auth_time": 0}, r"longer ago"),
    "auth_time null": ({"auth_time": None}, r"number of seconds|no auth_time"),
}


@pytest.mark.parametrize("row", FRESH)
def test_a_fresh_sign_in(rig: Rig, row: str) -> None:
    """max_age was asked for, and is what counts."""
    rig.corp.id_claims, why = FRESH[row]
    browser = rig.browser()
    asked = parse_qs(urlsplit(browser.begin(query="&fresh=1")).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["600"])
    rig.check(browser.sign_in(query="&fresh=1"), browser, "failed", why)
    if row != "auth_time null":
        signs_in(rig)  # nobody asked for it


# ---- callbacks ----


def without(name: str) -> Callable[[Pairs], Pairs]:
    return lambda pairs: [pair for pair in pairs if pair[0] != name]


def changed(name: str, *values: str) -> Callable[[Pairs], Pairs]:
    """With these instead; {} is what it was."""

    def change(pairs: Pairs) -> Pairs:
        was = dict(pairs)[name]
        return without(name)(pairs) + [(name, value.replace("{}", was)) for value in values]

    return change


def added(*more: tuple[str, str]) -> Callable[[Pairs], Pairs]:
    return lambda pairs: [*pairs, *more]


def said(error: str, **more: str) -> Callable[[Pairs], Pairs]:
    return lambda pairs: [("error", error), *more.items(), *without("code")(pairs)]


SCRIPT = "<script>alert(1)</script>"
LINES = '\r\n{"level":"error","event":"forged"}\x1b[2J'
CALLBACKS: dict[str, tuple[Callable[[Pairs], Pairs], str, str]] = {
    "state missing": (without("state"), "failed", r"no state"),
    "state empty": (changed("state", ""), "failed", r"no state"),
    "state repeated": (changed("state", "{}", "{}"), "failed", r"twice"),
    "state repeated, another first": (changed("state", "x", "{}"), "failed", r"twice"),
    "state tampered": (changed("state", "{}x"), "expired", r"no cookie of this sign-in"),
    "state of 10 KB": (changed("state", "s" * 10_000), "failed", r"malformed"),
    "state with a line feed": (changed("state", "{}\n"), "failed", r"malformed"),
    "state with a cookie": (changed("state", "{}; signet=x"), "failed", r"malformed"),
    "code missing": (without("code"), "failed", r"neither a code nor an error"),
    "code empty": (changed("code", ""), "failed", r"malformed"),
    "code repeated": (changed("code", "{}", "{}"), "failed", r"twice"),
    "code with a space": (changed("code", "{} "), "failed", r"malformed"),
    "code with a line feed": (changed("code", "{}\r\nX: y"), "failed", r"malformed"),
    "code with NUL": (changed("code", "{}\0"), "failed", r"malformed"),
    "code of 10 KB": (changed("code", "c" * 10_000), "failed", r"malformed"),
    "code that is not the provider's": (changed("code", "{}x"), "expired", r"invalid_grant"),
    "code with more parameters": (
        changed("code", "{}&grant_type=refresh_token"),
        "expired",
        r"invalid_grant",
    ),
    "code and an error": (added(("error", "access_denied")), "failed", r"both"),
    "an ID token in the query": (added(("id_token", "a.b.c")), "failed", r"tokens in its query"),
    "an access token in the query": (added(("access_token", "x")), "failed", r"tokens in"),
    "response_mode jwt": (
        lambda pairs: [("response", "a.b.c")],
        "failed",
        r"neither a code nor an error",
    ),
    "response_mode fragment": (lambda pairs: [], "failed", r"neither a code nor an error"),
    "iss missing (RFC 9207)": (without("iss"), "failed", r"does not name its issuer"),
    "iss blank (RFC 9207)": (changed("iss", ""), "failed", r"another issuer"),
    "iss mix-up (RFC 9207)": (changed("iss", "https://evil.example"), "failed", r"another issuer"),
    "iss repeated": (changed("iss", "{}", "{}"), "failed", r"twice"),
    "iss with a slash": (changed("iss", "{}/"), "failed", r"another issuer"),
    "iss in capitals": (
        lambda pairs: [(k, v.replace("http", "HTTP") if k == "iss" else v) for k, v in pairs],
        "failed",
        r"another issuer",
    ),
    "iss a prefix": (changed("iss", "{}.evil.example"), "failed", r"another issuer"),
    "iss with a look-alike": (changed("iss", "{}\u200b"), "failed", r"another issuer"),
    "iss of 10 KB": (changed("iss", "i" * 10_000), "failed", r"malformed"),
    "no parameter that is known": (lambda pairs: [("a", "b")], "failed", r"neither"),
    "a query of 100 pairs": (
        added(*((f"p{i}", "x") for i in range(100))),
        "failed",
        r"malformed or too large",
    ),
    "access_denied": (said("access_denied"), "denied", r"access was denied"),
    "prompt=none: login_required": (said("login_required"), "denied", r"asked not to"),
    "prompt=none: interaction_required": (said("interaction_required"), "denied", r"asked not to"),
    "prompt=none: consent_required": (said("consent_required"), "denied", r"asked not to"),
    "prompt=none: account_selection_required": (
        said("account_selection_required"),
        "denied",
        r"asked not to",
    ),
    "server_error": (said("server_error"), "unavailable", r"out of order"),
    "temporarily_unavailable": (said("temporarily_unavailable"), "unavailable", r"out of order"),
    "invalid_scope": (said("invalid_scope"), "failed", r"refuses the request.*invalid_scope"),
    "an error with a script": (said(SCRIPT), "failed", r"malformed"),
    "an error of 10 KB": (said("e" * 10_000), "failed", r"malformed"),
    "an error that is empty": (said(""), "failed", r"malformed"),
    "an error of a mixed-up issuer": (
        lambda pairs: changed("iss", "https://evil.example")(said("access_denied")(pairs)),
        "failed",
        r"another issuer",
    ),
    "an error without state": (
        lambda pairs: without("state")(said("access_denied")(pairs)),
        "failed",
        r"no state",
    ),
    "error_description with a script": (
        said("invalid_request", error_description=SCRIPT),
        "failed",
        r"invalid_request: \?script\?alert\(1\)\?/script\?",
    ),
    "error_description with lines": (
        said("invalid_request", error_description=LINES),
        "failed",
        r"malformed",
    ),
    "error_description of 10 KB": (
        said("invalid_request", error_description="d " * 2000),
        "failed",
        r"invalid_request: (d ){90}",
    ),
    "error_description in other letters": (
        said("access_denied", error_description="Ünïcode \u202e\u2028 x"),
        "denied",
        r"access_denied: \?+n\?+code \?+ x",
    ),
    "error_uri": (said("access_denied", error_uri="javascript:alert(1)"), "denied", r"denied"),
}


@pytest.mark.parametrize("row", CALLBACKS)
def test_callbacks(rig: Rig, row: str) -> None:
    rig.corp.back, error, why = CALLBACKS[row]
    asked = rig.corp.count("token")
    browser = rig.browser()
    page = browser.open(browser.callback())
    rig.check(page, browser, error, why)
    for text in (SCRIPT, "javascript:", "forged", "dddd"):
        assert text not in str(page.fields)
    assert SCRIPT not in rig.signet.log.read_text()
    assert rig.signet.log_lines("forged") == []
    assert rig.corp.count("token") == asked + ("invalid_grant" in why), "codes are not sent on"


def test_code_injection(rig: Rig) -> None:
    """Somebody's code in another's sign-in: PKCE tells the provider."""
    attacker, victim = rig.browser(), rig.browser()
    stolen = parse_qs(urlsplit(attacker.callback()).query)["code"][0]
    rig.corp.back = changed("code", stolen)
    rig.check(victim.open(victim.callback()), victim, "expired", r"invalid_grant")


def test_nonce_of_another_attempt(rig: Rig) -> None:
    """Where the provider does not look at PKCE, an injected code brings the nonce of its own
    sign-in."""
    attacker, victim = rig.browser(), rig.browser()
    nonce = parse_qs(urlsplit(attacker.begin()).query)["nonce"][0]
    rig.corp.id_claims = {"nonce": nonce}
    rig.check(victim.open(victim.callback()), victim, "failed", r"nonce")


def test_two_attempts_of_one_browser(rig: Rig) -> None:
    """Each has its own state: one's code is nothing in the other."""
    browser = rig.browser()
    first, second = (parse_qs(urlsplit(browser.callback()).query) for _ in range(2))
    crossed = {"code": first["code"][0], "state": second["state"][0], "iss": rig.corp.issuer}
    page = browser.open(f"/signet/callback/corp?{urlencode(crossed)}")
    rig.check(page, browser, "expired", r"invalid_grant")


def test_another_browsers_attempt(rig: Rig) -> None:
    """Login CSRF: the attacker's whole callback, opened by the victim."""
    attacker, victim = rig.browser(), rig.browser()
    back = attacker.callback()
    asked = rig.corp.count("token")
    rig.check(victim.open(back), victim, "expired", r"no cookie of this sign-in")
    # An attempt of the victim's own does not help.
    victim.begin()
    rig.check(victim.open(back), victim, "expired", r"no cookie of this sign-in")
    # Nor does its cookie under the name that the state asks for.
    (mine,) = victim.cookies.values()
    (name,) = attacker.cookies
    victim.cookies = {name: mine}
    rig.check(victim.open(back), victim, "expired", r"not made here for it")
    assert rig.corp.count("token") == asked
    assert attacker.open(back).location == "/app"


@pytest.mark.parametrize("what", ["tampered", "cut", "empty", "a session's", "two", "huge"])
def test_attempt_cookies(rig: Rig, what: str) -> None:
    browser, other = rig.browser(), rig.browser()
    other.sign_in()
    back = browser.callback()
    ((name, value),) = browser.cookies.items()
    cookies = {
        "tampered": f"{name}={value[:-1]}{'A' if value[-1] != 'A' else 'B'}",
        "cut": f"{name}={value[:40]}",
        "empty": f"{name}=",
        "a session's": f"{name}={other.cookies['signet']}",
        "two": f"{name}={value}; {name}=x",
        "huge": f"{name}={'A' * 20_000}",
    }[what]
    page = browser.send("GET", back, None, {"Cookie": cookies})
    why = r"two cookies" if what == "two" else r"not made here for it"
    check_refused(page, rig.signet, "expired", why, rig.secrets(browser, other))


def test_an_attempt_is_no_session(rig: Rig) -> None:
    browser = rig.browser()
    browser.begin()
    (value,) = browser.cookies.values()
    forged = WatchedBrowser(browser.port, {"signet": value})
    assert forged.fetch(f"/apps/plain{API}").status == 401


def test_a_callback_works_once(rig: Rig) -> None:
    browser = rig.browser()
    back = browser.callback()
    attempt = dict(browser.cookies)
    assert browser.open(back).location == "/app"
    # Even for somebody who copied the cookie of the attempt: codes work once.
    thief = WatchedBrowser(browser.port, attempt)
    rig.check(thief.open(back), thief, "expired", r"invalid_grant")


def test_mix_up_of_providers(rig: Rig) -> None:
    """One provider's answer at the other's address, in either direction."""
    for name, other in (("corp", PARTNER), (PARTNER, "corp")):
        browser = rig.browser()
        back = browser.callback(name).replace(f"/callback/{name}", f"/callback/{other}")
        asked = rig.corp.count("token") + rig.partner.count("token")
        rig.check(browser.open(back), browser, "failed", r"another provider's address")
        assert rig.corp.count("token") + rig.partner.count("token") == asked
    # The honest provider's issuer, where the dishonest one was asked.
    browser = rig.browser()
    rig.partner.back = changed("iss", rig.corp.issuer)
    rig.check(browser.open(browser.callback(PARTNER)), browser, "failed", r"another issuer")


@pytest.mark.parametrize(
    "path", ["", "/", "nobody", "corp/", "corp/x", "CORP", "corp%00", "c%6Frp"]
)
def test_callback_addresses(rig: Rig, path: str) -> None:
    browser = rig.browser()
    back = browser.callback().replace("/callback/corp", f"/callback/{path}")
    page = browser.open(back)
    if path == "c%6Frp":  # which is another spelling of the same
        assert page.location == "/app"
        return
    check_signed_out(page)
    assert "/app" not in page.location or "error=failed" in page.location
    assert browser.fetch("/signet/api/v1/me").status == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "OPTIONS", "DELETE"])
def test_callback_by_other_methods(rig: Rig, method: str) -> None:
    """response_mode=form_post, and whoever only looks whether the address is there."""
    browser = rig.browser()
    back = browser.callback()
    asked = rig.corp.count("token")
    path, _, query = back.partition("?")
    body = query.encode() if method == "POST" else None
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for target in (path, back):
        page = browser.send(method, target, body, form)
        check_signed_out(page)
        assert page.status in (403, 405), page.status
    assert rig.corp.count("token") == asked
    assert browser.open(back).location == "/app"


def test_pkce_and_what_is_fresh_each_time(rig: Rig) -> None:
    """No downgrade, whatever the metadata names; state, nonce and verifier are never used twice."""
    rig.corp.requests.clear()
    addresses = []
    for _ in range(5):
        browser = rig.browser()
        addresses.append(browser.begin())
        browser.open(browser.local(browser.at_provider(addresses[-1])))
    asked = [dict(parse_qs(urlsplit(address).query)) for address in addresses]
    for name in ("state", "nonce", "code_challenge"):
        assert len({query[name][0] for query in asked}) == 5
        assert all(len(query[name][0]) == 43 for query in asked)
    for query in asked:
        assert query["code_challenge_method"] == ["S256"]
        assert query["response_type"] == ["code"]
        assert "response_mode" not in query
        assert query["redirect_uri"] == [f"http://127.0.0.1:{rig.signet.port}/signet/callback/corp"]
    redeemed = [request for name, request in rig.corp.requests if name == "token"]
    verifiers = {request["code_verifier"] for request in redeemed}
    assert len(verifiers) == 5 and all(len(verifier) == 43 for verifier in verifiers)
    assert {request["redirect_uri"] for request in redeemed} == {asked[0]["redirect_uri"][0]}
    # What identifies the gateway is in the header alone.
    assert all(not request["client_secret"] for request in redeemed)


def test_other_hosts_begin_no_sign_in(rig: Rig) -> None:
    """redirect_uri is the configuration's, whatever a request says of host and scheme."""
    browser = rig.browser()
    lies = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Original-Host": "evil.example",
        "Forwarded": "host=evil.example;proto=https",
    }
    page = browser.send("GET", "/signet/sign-in?provider=corp", None, lies)
    goes_back = parse_qs(urlsplit(page.location).query)["redirect_uri"]
    assert goes_back == [f"http://127.0.0.1:{rig.signet.port}/signet/callback/corp"]
    for host in ("evil.example", "127.0.0.1", f"127.0.0.1:{rig.signet.port}@evil.example"):
        page = browser.send("GET", "/signet/sign-in?provider=corp", None, {"Host": host})
        assert page.status in (400, 421) and not page.location, host


def test_attempts_do_not_pile_up(rig: Rig) -> None:
    """Pages of another site can begin sign-ins in this browser, but not fill its cookies."""
    browser = rig.browser()
    for _ in range(12):
        browser.begin()
        assert len(browser.cookies) <= 5
    time.sleep(1.1)  # attempts tell their age in seconds
    last = browser.begin()
    browser.cookies |= {f"signet-attempt-{i:08x}": "x" * 50 for i in range(30)}
    browser.begin()
    assert len(browser.cookies) <= 5
    assert browser.open(browser.local(browser.at_provider(last))).location == "/app"


@pytest.mark.parametrize(
    "query",
    [
        "?provider=nobody",
        "?provider=corp&provider=partner",
        "?provider=corp%00",
        "?provider=../corp",
        "?provider=%ff",
        "?provider=corp&return=%zz",
        "?" + "&".join(f"p{i}=x" for i in range(200)),
        "?provider=" + "c" * 9000,
    ],
    ids=lambda query: query[:30],
)
def test_begins_that_are_refused(rig: Rig, query: str) -> None:
    page = rig.browser().open(f"/signet/sign-in{query}")
    assert page.status in (400, 404), (page.status, page.location)
    assert not page.set_cookies
    assert b"nobody" not in page.body
