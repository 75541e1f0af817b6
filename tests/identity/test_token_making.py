"""Who may make a token, and who may not."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from own_tokens import (
    ME,
    RUNS_CREATE,
    SOON,
    TOKENS,
    Made,
    Start,
    begin,
    browser_of,
    is_known,
    listed,
    make,
    revoke,
    seconds_until_unknown,
    told,
    write,
)
from test_bearer import basic, bearer, claims
from web_browser import WebBrowser

from hostile_provider import HostileProvider
from hostile_provider import Request as Asked
from minting import ABSENT, mint
from scripted_origin import Origin
from signet_process import Signet
from waiting import until
from wire import ask

DAY = 86400


@pytest.fixture
def signet(start: Start, provider: HostileProvider, origin: Origin) -> Signet:
    return begin(start, provider, origin)


def test_a_token_cannot_make_tokens(
    start: Start, provider: HostileProvider, origin: Origin
) -> None:
    scripts = {"issuer": provider.url, "audience": "scripts"}
    signet = begin(start, provider, origin, bearer=[scripts])
    admin = browser_of(signet, provider, "ada", "ml-platform")
    whole, narrow = make(admin), make(admin, permission="EDIT")
    foreign = mint(
        claims(provider, aud="scripts", groups=["ml-platform"], auth_time=int(time.time())),
        provider.keys[0],
    )
    until("the issuer is known", lambda: is_known(signet, foreign))
    tried = [bearer(whole.secret), basic(whole.secret), bearer(narrow.secret), bearer(foreign)]
    # A token counts before a session, so the browser's own does not help it.
    cookies = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    tried.append(bearer(whole.secret) | {"Cookie": cookies})
    for headers in tried:
        for kind in ({}, {"kind": "service", "title": "s", "groups": ["ci"]}):
            answer = ask(
                signet.port,
                TOKENS,
                "POST",
                json.dumps({"title": "more"} | kind).encode(),
                headers | {"Content-Type": "application/json"},
            )
            message = "This takes somebody who has signed in with a browser."
            assert told(answer) == (403, "forbidden", message)
    assert set(listed(admin)) == {whole.id, narrow.id}
    assert len(signet.told("token-made")) == 2


@pytest.mark.parametrize("what", ["nobody", "no csrf token", "another's", "another site's"])
def test_pages_of_others_make_none(
    signet: Signet, editor: WebBrowser, provider: HostileProvider, what: str
) -> None:
    made = make(editor)
    headers: dict[str, str] = {}
    browser, csrf = editor, True
    if what == "nobody":
        browser = WebBrowser(signet.port)
    elif what == "no csrf token":
        csrf = False
    elif what == "another's":
        other = browser_of(signet, provider, "eve", "team-a")
        headers = {"X-Signet-Csrf": other.cookies["mlflow-request-header-X-Signet-Csrf"]}
    else:
        headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    expected = (401, "unauthenticated") if what == "nobody" else (403, "cross-site")
    for method, path, body in (
        ("POST", TOKENS, {"title": "x"}),
        ("DELETE", f"{TOKENS}/{made.id}", None),
    ):
        page = browser.fetch(path, method, body, headers, csrf)
        assert (page.status, page.field("x-signet-refusal")) == expected
    assert list(listed(editor)) == [made.id]
    assert is_known(signet, made.secret)


def test_an_old_sign_in_makes_none_until_a_fresh_one(
    signet: Signet, provider: HostileProvider
) -> None:
    def authorize(request: Asked) -> Any:
        """Asks the person again only when it is told to."""
        asked.append(request)
        if request["prompt"] == "login":
            provider.id_claims.pop("auth_time", None)
        return provider.authorize(request)

    asked: list[Asked] = []
    made: list[Made] = []
    provider.answers["authorize"] = authorize
    for auth_time in (int(time.time()) - 605, int(time.time()) - DAY, ABSENT):
        provider.id_claims["auth_time"] = auth_time
        browser = browser_of(signet, provider, "ed", "team-a")
        refused = browser.fetch(TOKENS, "POST", {"title": "x"})
        assert refused.status == 403
        assert refused.field("x-signet-refusal") == "sign-in-too-old"
        assert "Sign in again" in refused.json()["message"]
        # Everything else goes on.
        assert len(listed(browser)) == len(made)
        assert browser.fetch(f"/apps/plain{RUNS_CREATE}", "POST", {}).status == 200

        back = browser.sign_in(back_to="/app/account", query="&fresh=1")
        assert (back.status, back.location) == (302, "/app/account")
        assert (asked[-1]["prompt"], asked[-1]["max_age"] != "") == ("login", True)
        made.append(make(browser))
    # Not quite ten minutes ago is as good as now.
    provider.id_claims["auth_time"] = int(time.time()) - 570
    make(browser_of(signet, provider, "ed", "team-a"))


def test_a_provider_that_does_not_ask_again_is_not_believed(
    signet: Signet, provider: HostileProvider
) -> None:
    provider.id_claims["auth_time"] = int(time.time()) - DAY
    browser = browser_of(signet, provider, "ed", "team-a")
    back = browser.sign_in(query="&fresh=1")
    assert "error=" in back.location
    assert browser.fetch(TOKENS, "POST", {"title": "x"}).status == 403


def test_services_are_made_by_admins(
    admin: WebBrowser, editor: WebBrowser, signet: Signet, provider: HostileProvider
) -> None:
    wanted = {"title": "nightly-eval", "kind": "service", "groups": ["ci"]}
    refused = editor.fetch(TOKENS, "POST", wanted)
    assert (refused.status, refused.field("x-signet-refusal")) == (403, "forbidden")
    assert refused.json()["message"] == "Only administrators make tokens of services."
    for bad in (
        {"title": "Nightly Eval"},
        {"groups": []},
        {"groups": ["ci", "ci"]},
        {"kind": "role"},
        {"kind": "device"},
    ):
        assert admin.fetch(TOKENS, "POST", wanted | bad).status == 400, bad

    made = make(admin, **wanted)
    assert (made.record["kind"], made.record["person"]) == ("service", "service:nightly-eval")
    me = json.loads(ask(signet.port, ME, headers=bearer(made.secret)).body)
    assert (me["person"]["id"], me["person"]["groups"]) == ("service:nightly-eval", ["ci"])
    assert not me["person"]["admin"]
    assert write(signet, made.secret, "signed").status == 200
    assert write(signet, made.secret, "plain").status == 403
    assert {line["person"] for line in signet.told("write")} == {"service:nightly-eval"}
    assert listed(admin) == {}
    assert set(listed(admin, "?person=service:nightly-eval")) == {made.id}
    assert editor.fetch(f"{TOKENS}?person=service:nightly-eval").status == 403
    assert revoke(editor, made).status == 404
    # It is its maker's no more: whoever is an administrator now ends it.
    boss = browser_of(signet, provider, "bo", "ml-platform")
    assert revoke(boss, made).status == 204
    assert seconds_until_unknown(signet, made.secret) < SOON


BAD_BODIES: dict[str, tuple[bytes, str, int]] = {
    "no JSON": (b"{", "application/json", 400),
    "a list": (b'["laptop"]', "application/json", 400),
    "no title": (b"{}", "application/json", 400),
    "an empty title": (b'{"title":""}', "application/json", 400),
    "a long title": (b'{"title":"%s"}' % (b"x" * 101), "application/json", 400),
    "a title with a line break": (b'{"title":"a\\nb"}', "application/json", 400),
    "a title twice": (b'{"title":"a","title":"b"}', "application/json", 400),
    "an unknown member": (b'{"title":"a","admin":true}', "application/json", 400),
    "an unknown app": (b'{"title":"a","apps":["nowhere"]}', "application/json", 400),
    "an unknown permission": (b'{"title":"a","permission":"OWNER"}', "application/json", 400),
    "no permission": (b'{"title":"a","permission":"NO_PERMISSIONS"}', "application/json", 400),
    "groups of a person": (b'{"title":"a","groups":["ml-platform"]}', "application/json", 400),
    "somebody": (b'{"title":"a","person":"eve@example.com"}', "application/json", 400),
    "a form": (b"title=a", "application/x-www-form-urlencoded", 415),
    "plain text": (b'{"title":"a"}', "text/plain", 415),
    "too much": (b'{"title":"%s"}' % (b"x" * 70000), "application/json", 413),
}


def test_bodies_that_make_none(editor: WebBrowser, signet: Signet) -> None:
    for what, (body, kind, status) in BAD_BODIES.items():
        page = editor.fetch(TOKENS, "POST", body, {"Content-Type": kind})
        assert page.status == status, (what, page)
        assert page.field("x-signet-refusal"), what
    assert editor.fetch(f"{TOKENS}?x=1", "POST", {"title": "a"}).status == 400
    assert editor.fetch(f"{TOKENS}?x=1").status == 400
    for method in ("PUT", "PATCH", "DELETE"):
        assert editor.fetch(TOKENS, method).status == 405
    assert listed(editor) == {}
    assert not signet.log_lines("token-made")


def test_fifty_at_once_are_enough(editor: WebBrowser, signet: Signet) -> None:
    made = [make(editor, f"token {number}") for number in range(50)]
    full = editor.fetch(TOKENS, "POST", {"title": "one more"})
    assert (full.status, full.field("x-signet-refusal")) == (409, "too-many-tokens")
    revoke(editor, made[7])
    make(editor, "one more")
    assert len(listed(editor)) == 51
    assert all(is_known(signet, each.secret) == (each is not made[7]) for each in made)
