"""The local identity provider does what a company's would: the code flow, refresh, sign-out."""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
from typing import Any

import pytest
from joserfc import jws
from joserfc.errors import InvalidKeyIdError

from application import Application
from browser_like import BrowserLike
from code_flow import Attempt, TokenError, get_json
from idp import AUDIENCE, NORA, PEOPLE, Person
from running_idp import RunningIdp

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
OFFLINE = {"scope": "openid groups offline_access", "prompt": "consent"}


def header_of(token: str) -> dict[str, Any]:
    return jws.extract_compact(token.encode()).headers()


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.id)
def test_signs_in_with_one_click(idp: RunningIdp, person: Person) -> None:
    party = idp.relying_party()
    tokens, claims = party.sign_in(idp.browser(), person.id)
    assert (claims["sub"], claims["email"], claims["name"]) == (
        person.id,
        person.email,
        person.name,
    )
    assert claims["email_verified"] is True
    assert claims.get("groups", []) == list(person.groups)
    assert ("groups" in claims) == (person is not NORA)
    assert "refresh_token" not in tokens
    assert header_of(tokens["id_token"])["alg"] == "RS256"
    told = get_json(party.metadata["userinfo_endpoint"], tokens["access_token"])
    assert told.get("groups", []) == list(person.groups)
    counts = idp.control.counts()
    assert counts == {"authorizations": 1, "token_authorization_code": 1}


def test_page_has_a_button_per_person_and_no_inline_script(idp: RunningIdp) -> None:
    page = idp.browser().go(idp.relying_party().authorize_url(Attempt()))
    assert page.status == 200
    assert page.form.buttons == [("person", person.id) for person in PEOPLE]
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "<script" not in page.text and "style=" not in page.text and "<style" not in page.text
    assert '<html lang="en">' in page.text and "<h1>" in page.text
    assert idp.browser().fetch(f"{idp.url}/static/style.css").status == 200


def test_nobody_is_not_a_person(idp: RunningIdp) -> None:
    browser = idp.browser()
    page = browser.go(idp.relying_party().authorize_url(Attempt()))
    assert browser.submit(page, person="mallory").status == 400


@pytest.mark.parametrize("hint", ["rita", "rita@example.com"])
def test_login_hint_needs_no_click(idp: RunningIdp, hint: str) -> None:
    party, attempt = idp.relying_party(), Attempt()
    page = idp.browser().go(party.authorize_url(attempt, login_hint=hint))
    claims = party.check_id_token(party.redeem(attempt, page)["id_token"], nonce=attempt.nonce)
    assert claims["sub"] == "rita"


def test_another_hint_changes_the_person(idp: RunningIdp, application: Application) -> None:
    party, browser = idp.relying_party(), idp.browser()
    party.sign_in(browser, "ada")
    assert party.sign_in(browser, "", login_hint="ed")[1]["sub"] == "ed"
    assert len(application.tokens) == 1  # ada's session has ended
    assert party.sign_in(browser, "")[1]["sub"] == "ed"


def test_a_session_signs_in_again_without_a_page(idp: RunningIdp) -> None:
    party, browser = idp.relying_party(), idp.browser()
    party.sign_in(browser, "ada")
    attempt = Attempt()
    page = browser.go(party.authorize_url(attempt))
    assert party.redeem(attempt, page)


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_prompt_asks_again(idp: RunningIdp, prompt: str) -> None:
    party, browser = idp.relying_party("signet-es256"), idp.browser()
    attempt = Attempt()
    browser.submit(browser.go(party.authorize_url(attempt)), person="ada")
    page = browser.go(party.authorize_url(attempt, prompt=prompt))
    assert page.status == 200 and page.form.buttons
    assert "code" in browser.submit(page, person="ada").parameters


def test_prompt_none_without_a_session_is_an_error(idp: RunningIdp) -> None:
    page = idp.browser().go(idp.relying_party().authorize_url(Attempt(), prompt="none"))
    assert page.location.startswith(idp.relying_party().redirect_uri)
    assert page.parameters["error"] == "login_required"


def test_max_age_asks_again_and_tells_when(idp: RunningIdp) -> None:
    party, browser = idp.relying_party(), idp.browser()
    first = party.sign_in(browser, "ed", max_age="3600")[1]["auth_time"]
    assert abs(first - time.time()) < 30
    assert party.sign_in(browser, "", max_age="3600")[1]["auth_time"] == first
    time.sleep(2.1)
    page = browser.go(party.authorize_url(Attempt(), max_age="1"))
    assert page.status == 200 and page.form.buttons
    assert party.sign_in(browser, "ed", max_age="1")[1]["auth_time"] > first


def test_pkce_is_required(idp: RunningIdp) -> None:
    party, attempt = idp.relying_party(), Attempt()
    without = {"code_challenge": "", "code_challenge_method": ""}
    page = idp.browser().go(party.authorize_url(attempt, **without))
    assert page.parameters["error"] == "invalid_request"
    page = idp.browser().go(party.authorize_url(attempt, code_challenge_method="plain"))
    assert page.parameters["error"] == "invalid_request"
    page = idp.browser().go(party.authorize_url(attempt, login_hint="ada"))
    with pytest.raises(TokenError) as wrong:
        party.redeem(Attempt(state=attempt.state), page)
    assert wrong.value.error == "invalid_grant"


def test_a_code_works_once(idp: RunningIdp) -> None:
    party, attempt = idp.relying_party(), Attempt()
    page = idp.browser().go(party.authorize_url(attempt, login_hint="ada"))
    party.redeem(attempt, page)
    with pytest.raises(TokenError) as again:
        party.redeem(attempt, page)
    assert again.value.error == "invalid_grant"


def test_unknown_callback_is_told_to_the_person_only(idp: RunningIdp) -> None:
    url = idp.relying_party().authorize_url(Attempt(), redirect_uri="https://evil.example/cb")
    page = idp.browser().go(url)
    assert page.status == 400 and "redirect_uri" in page.text and not page.headers.get("Location")


def test_refresh_rotates(idp: RunningIdp) -> None:
    party = idp.relying_party()
    first, _ = party.sign_in(idp.browser(), "ed", **OFFLINE)
    idp.control.change_person("ed", groups=["team-b"])
    try:
        second = party.refresh(first["refresh_token"])
        claims = party.check_id_token(second["id_token"])
    finally:
        idp.control.change_person("ed", groups=["team-a"])
    assert second["refresh_token"] != first["refresh_token"]
    assert (claims["sub"], claims["groups"]) == ("ed", ["team-b"])
    assert party.refresh(second["refresh_token"])["refresh_token"]
    assert idp.control.counts()["token_refresh_token"] == 2
    with pytest.raises(TokenError) as reused:
        party.refresh(first["refresh_token"])
    assert reused.value.error == "invalid_grant"


def test_refresh_without_offline_access_ends_with_the_session(other_idp: RunningIdp) -> None:
    party, browser = other_idp.relying_party(), other_idp.browser()
    refresh_token = party.sign_in(browser, "ada")[0]["refresh_token"]
    refresh_token = party.refresh(refresh_token)["refresh_token"]
    browser.submit(browser.go(party.metadata["end_session_endpoint"]), logout="yes")
    with pytest.raises(TokenError) as ended:
        party.refresh(refresh_token)
    assert ended.value.error == "invalid_grant"


def test_offline_access_needs_consent(idp: RunningIdp) -> None:
    tokens, _ = idp.relying_party().sign_in(
        idp.browser(), "ed", scope="openid groups offline_access"
    )
    assert "refresh_token" not in tokens


def test_es256(idp: RunningIdp) -> None:
    party, attempt = idp.relying_party("signet-es256"), Attempt()
    page = idp.browser().go(party.authorize_url(attempt, login_hint="rita"))
    token = party.redeem(attempt, page)["id_token"]
    claims = party.check_id_token(token, nonce=attempt.nonce, algorithm="ES256")
    assert claims["groups"] == ["readers"]
    assert "auth_time" in claims
    assert header_of(token)["alg"] == "ES256"


def test_client_credentials_give_a_jwt(idp: RunningIdp) -> None:
    party = idp.relying_party("robot")
    token = party.call_token(grant_type="client_credentials", scope="mlflow")["access_token"]
    assert header_of(token)["typ"] == "at+jwt"
    claims = party.check(token, "RS256", aud=AUDIENCE)
    assert (claims["client_id"], claims["scope"]) == ("robot", "mlflow")


def check_logout_token(idp: RunningIdp, token: str, sid: str) -> None:
    assert header_of(token)["typ"] == "logout+jwt"
    claims = idp.relying_party().check(token, "RS256")
    assert claims["events"] == {LOGOUT_EVENT: {}}
    assert claims["sid"] == sid and claims["jti"] and "nonce" not in claims


def test_sign_out_returns_and_tells_the_others(idp: RunningIdp, application: Application) -> None:
    party, browser = idp.relying_party(), idp.browser()
    tokens, claims = party.sign_in(browser, "ada", **OFFLINE)
    query = {
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": application.goodbye,
        "state": "bye",
    }
    url = f"{party.metadata['end_session_endpoint']}?{urllib.parse.urlencode(query)}"
    page = browser.go(url)
    assert "/static/submit.js" in page.text  # with a hint, no click is waited for
    page = browser.submit(page, logout="yes")
    assert page.location == f"{application.goodbye}?state=bye"
    assert len(application.tokens) == 1
    check_logout_token(idp, application.tokens[0], claims["sid"])
    assert party.refresh(tokens["refresh_token"])  # which is what offline_access means
    assert browser.go(party.authorize_url(Attempt())).form.buttons  # asks again


def test_sign_out_without_a_hint_asks(idp: RunningIdp) -> None:
    party, browser = idp.relying_party(), idp.browser()
    party.sign_in(browser, "ada")
    page = browser.go(party.metadata["end_session_endpoint"])
    assert "Sign out" in page.text and "<script" not in page.text
    assert "signed out" in browser.submit(page, logout="yes").text


def test_signed_out_everywhere(idp: RunningIdp, application: Application) -> None:
    party = idp.relying_party()
    idp.control.sign_out("ada")
    application.tokens.clear()
    browsers = [idp.browser(), idp.browser()]
    signed_in = [party.sign_in(browser, "ada", **OFFLINE) for browser in browsers]
    party.sign_in(idp.browser(), "ed")
    assert idp.control.sign_out("ada") == {"sessions": 2, "told": 2, "failed": 0}
    by_sid = {
        idp.relying_party().check(token, "RS256")["sid"]: token for token in application.tokens
    }
    assert len(by_sid) == 2
    for tokens, claims in signed_in:
        check_logout_token(idp, by_sid[claims["sid"]], claims["sid"])
        with pytest.raises(TokenError):
            party.refresh(tokens["refresh_token"])
    assert browsers[0].go(party.authorize_url(Attempt())).form.buttons
    assert idp.control.sign_out("ada") == {"sessions": 0, "told": 0, "failed": 0}


def test_logout_that_nobody_hears_is_counted(idp: RunningIdp, application: Application) -> None:
    idp.control.sign_out("nora")
    application.status = 503
    idp.relying_party().sign_in(idp.browser(), "nora")
    assert idp.control.sign_out("nora")["failed"] == 1


def test_keys_rotate(idp: RunningIdp) -> None:
    party, browser = idp.relying_party(), idp.browser()
    old = party.sign_in(browser, "ada")[0]["id_token"]
    idp.control.rotate_keys()
    new = party.sign_in(browser, "")[0]["id_token"]  # the session has outlived the old keys
    assert header_of(new)["kid"] != header_of(old)["kid"]
    party.check_id_token(old)
    party.check_id_token(new)
    idp.control.rotate_keys(forget=True)
    assert len(get_json(party.metadata["jwks_uri"])["keys"]) == 2
    with pytest.raises(InvalidKeyIdError):
        party.check_id_token(new)


def test_goes_down_and_comes_back(idp: RunningIdp) -> None:
    party, browser = idp.relying_party(), idp.browser()
    party.sign_in(browser, "ada")
    idp.control.down()
    with pytest.raises(urllib.error.URLError):
        get_json(party.metadata["jwks_uri"])
    idp.control.up()
    assert party.sign_in(browser, "")[1]["sub"] == "ada"


def test_answers_late_and_wrong_as_told(idp: RunningIdp) -> None:
    party, browser = idp.relying_party(), idp.browser()
    idp.control.fault("/token", seconds=0.6, times=1)
    started = time.monotonic()
    party.sign_in(browser, "ada")
    assert time.monotonic() - started >= 0.6
    idp.control.fault("/token", status=503)
    with pytest.raises(TokenError) as failed:
        party.sign_in(browser, "ada")
    assert failed.value.status == 503
    idp.control.clear_faults()
    party.sign_in(browser, "ada")


def test_two_providers_at_once(idp: RunningIdp, other_idp: RunningIdp) -> None:
    other = other_idp
    browser = BrowserLike(idp.url, other.url)  # one jar for both, as for one host
    here, there = idp.relying_party(), other.relying_party()
    assert here.sign_in(browser, "ada")[1]["sub"] == "ada"
    tokens, claims = there.sign_in(browser, "ed")
    assert (claims["iss"], claims["sub"], claims["exp"] - claims["iat"]) == (other.url, "ed", 77)
    assert there.refresh(tokens["refresh_token"])["refresh_token"] != tokens["refresh_token"]
    assert here.sign_in(browser, "")[1]["sub"] == "ada"
    assert there.sign_in(browser, "")[1]["sub"] == "ed"
    with pytest.raises(InvalidKeyIdError):
        here.check_id_token(tokens["id_token"])
