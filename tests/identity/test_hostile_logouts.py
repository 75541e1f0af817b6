"""Logout tokens that are none, and those of others: nobody is signed out by them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from id_token_rows import FOREIGN, RSA, pretend
from sign_in_rig import Rig
from sign_in_witness import WatchedBrowser
from web_browser import WebBrowser

from hostile_provider import LOGOUT_EVENT, HostileProvider
from minting import ABSENT, Secret, mint
from waiting import until
from wire import API

SEARCH = f"/apps/plain{API}"


def status(browser: WebBrowser, path: str = SEARCH) -> int:
    return browser.fetch(path).status


Token = Callable[[HostileProvider, int], str]
NO_LOGOUT: dict[str, Token] = {
    "with a nonce": lambda p, now: p.logout_token(nonce="n"),
    "with a nonce that is null": lambda p, now: p.logout_token(nonce=None),
    "without events": lambda p, now: p.logout_token(events=ABSENT),
    "events a list": lambda p, now: p.logout_token(events=[LOGOUT_EVENT]),
    "events of another kind": lambda p, now: p.logout_token(events={"urn:x": {}}),
    "the event null": lambda p, now: p.logout_token(events={LOGOUT_EVENT: None}),
    "wrong aud": lambda p, now: p.logout_token(aud="another"),
    "aud missing": lambda p, now: p.logout_token(aud=ABSENT),
    "aud list without azp": lambda p, now: p.logout_token(aud=["signet", "x"]),
    "wrong iss": lambda p, now: p.logout_token(iss="https://login.example.com"),
    "alg none": lambda p, now: mint(claims_of(p, now), p.keys[0], alg="none"),
    "HMAC with the public key": lambda p, now: mint(
        claims_of(p, now), Secret(RSA.public_pem()), alg="HS256", header={"kid": RSA.kid}
    ),
    "HMAC with the client secret": lambda p, now: mint(
        claims_of(p, now), Secret(b"signet-secret"), alg="HS256"
    ),
    "a foreign key of the trusted kid": lambda p, now: mint(claims_of(p, now), pretend(RSA)),
    "jwk in header": lambda p, now: mint(claims_of(p, now), FOREIGN, header={"jwk": FOREIGN.jwk()}),
    "expired": lambda p, now: p.logout_token(exp=now - 3600),
    "exp missing": lambda p, now: p.logout_token(exp=ABSENT),
    "issued an hour ago": lambda p, now: p.logout_token(iat=now - 3600),
    "iat in the future": lambda p, now: p.logout_token(iat=now + 3600),
    "iat missing": lambda p, now: p.logout_token(iat=ABSENT),
    "jti missing": lambda p, now: p.logout_token(jti=ABSENT),
    "jti a number": lambda p, now: p.logout_token(jti=7),
    "nobody": lambda p, now: p.logout_token(sub=ABSENT, sid=ABSENT),
    "sub a list": lambda p, now: p.logout_token(sub=["ada"], sid=ABSENT),
    "sid with a line feed": lambda p, now: p.logout_token(sid="a\nb"),
    "typ of an access token": lambda p, now: p.logout_token(header={"typ": "at+jwt"}),
    "crit": lambda p, now: p.logout_token(header={"crit": ["exp"]}),
    "an ID token": lambda p, now: p.last_id_token,
    "no JWS": lambda p, now: "x",
    "empty": lambda p, now: "",
    "duplicate members": lambda p, now: mint(
        b'{"iss": "x", "iss": "' + p.issuer.encode() + b'"}', p.keys[0]
    ),
    "of 60 KB": lambda p, now: p.logout_token(padding="x" * 40_000),
}


def claims_of(provider: HostileProvider, now: int) -> dict[str, Any]:
    return {
        "iss": provider.issuer,
        "aud": provider.client_id,
        "iat": now,
        "exp": now + 120,
        "jti": f"jti-{time.monotonic_ns()}",
        "sub": provider.person["sub"],
        "events": {LOGOUT_EVENT: {}},
    }


@pytest.fixture(scope="module")
def resident(shared_rig: Rig) -> WatchedBrowser:
    """Somebody whose session outlives all hostile logouts."""
    shared_rig.does_well_again()
    return shared_rig.signed_in()


def logout_address(rig: Rig, name: str = "corp") -> str:
    return f"http://127.0.0.1:{rig.signet.port}/signet/backchannel-logout/{name}"


@pytest.mark.parametrize("row", NO_LOGOUT)
def test_no_logout_tokens(rig: Rig, resident: WatchedBrowser, row: str) -> None:
    token = NO_LOGOUT[row](rig.corp, int(time.time()))
    before = len(rig.signet.log_lines("request-refused"))
    answered, body = rig.corp.post_logout(logout_address(rig), token)
    assert answered == 400

    def told() -> bool:
        lines = rig.signet.log_lines("request-refused")[before:]
        return any("logout" in line["why"] for line in lines)

    until("the reason", told)
    for part in token.split("."):
        assert len(part) < 20 or part not in rig.signet.log.read_text() + body.decode()
    time.sleep(0.05)
    assert status(resident) == 200
    line = rig.signet.told("back-channel-logout")[-1]
    assert (line["status"], line["refusal"], line["person"]) == (400, "bad-request", "")


def test_no_logout_requests(rig: Rig, resident: WatchedBrowser) -> None:
    """Another way to send it, another provider's address, too much, twice."""
    good, browser = rig.corp.logout_token, WebBrowser(rig.signet.port)
    path = "/signet/backchannel-logout"
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def post(body: str, name: str = "corp", **headers: str) -> int:
        return browser.send("POST", f"{path}/{name}", body.encode(), form | headers).status

    assert post(urlencode([("logout_token", good()), ("logout_token", good())])) == 400
    assert post(urlencode({"token": good()})) == 400
    assert post(f'{{"logout_token": "{good()}"}}') == 400
    assert post("logout_token=" + "x" * (70 << 10)) in (400, 413)
    assert post(urlencode({"logout_token": good()}), "partner") == 400
    assert post(urlencode({"logout_token": good()}), "nobody") in (400, 404)
    assert post(urlencode({"logout_token": good()}), "") in (400, 404)
    query = urlencode({"logout_token": good()})
    assert browser.send("GET", f"{path}/corp?{query}", None, {}).status == 405
    assert browser.send("POST", f"{path}/corp?{query}", b"", form).status == 400
    # A page of another site, which no provider is.
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert post(urlencode({"logout_token": good()}), **evil) == 403
    assert status(resident) == 200


def test_logouts_of_others(rig: Rig, resident: WatchedBrowser) -> None:
    for token in (
        rig.corp.logout_token(sid="another", sub=ABSENT),
        rig.corp.logout_token(sid="another"),
        rig.corp.logout_token(sub="eve"),
        rig.corp.logout_token(sub="ada@example.com"),
    ):
        assert rig.corp.post_logout(logout_address(rig), token)[0] == 200
    # The same subject at another provider is somebody else.
    token = rig.partner.logout_token(sub="ada")
    assert rig.partner.post_logout(logout_address(rig, "partner"), token)[0] == 200
    time.sleep(0.3)
    assert status(resident) == 200


def test_replayed_logout(rig: Rig) -> None:
    """Who kept a logout token ends nothing that began since."""
    rig.corp.person |= {"sub": "grace", "email": "grace@example.com"}
    first = rig.signed_in()
    token = rig.corp.logout_token()
    assert rig.corp.post_logout(logout_address(rig), token)[0] == 200
    until("the first session is over", lambda: status(first) == 401)
    time.sleep(1.1)
    second = rig.signed_in()
    with ThreadPoolExecutor(8) as pool:
        replays = [pool.submit(rig.corp.post_logout, logout_address(rig), token) for _ in range(8)]
        # A provider that did not hear the answer may ask again.
        assert {each.result()[0] for each in replays} == {200}
    time.sleep(0.3)
    assert status(second) == 200
    # The provider's next one counts.
    assert rig.corp.post_logout(logout_address(rig), rig.corp.logout_token())[0] == 200
    until("the second session is over", lambda: status(second) == 401)


def test_refused_logouts_say_why(rig: Rig) -> None:
    rig.corp.post_logout(logout_address(rig), rig.corp.logout_token(events=ABSENT))
    until(
        "the reason",
        lambda: any("(events)" in line["why"] for line in rig.signet.told("request-refused")),
    )
