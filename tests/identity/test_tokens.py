"""Personal and service tokens: made in a browser, used by programs, ended by either."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from own_tokens import (
    ME,
    RUNS_CREATE,
    SOON,
    TOKENS,
    Made,
    Start,
    apps_of,
    begin,
    browser_of,
    config,
    end_token,
    is_known,
    listed,
    make,
    revoke,
    seconds_until_unknown,
    state_file,
    told,
    write,
)
from test_bearer import basic, bearer, check_unauthenticated
from web_browser import WebBrowser

from hostile_provider import HostileProvider
from scripted_origin import Origin
from signet_process import Signet, in_threads
from waiting import until
from wire import API, ask

SECRET = re.compile(r"sgn_[0-9A-Za-z]{49}")
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CURRENT = "/ajax-api/2.0/mlflow/users/current"
DAY = 86400


@pytest.fixture(scope="module", autouse=True)
def early(out: Path) -> Iterator[tuple[WebBrowser, Made, Made]]:
    """A token that was used when this file's tests began, and one that was not: uses are written
    down once a minute."""
    origin = Origin()
    with HostileProvider() as provider:
        folder = out / "test_tokens-early"
        shutil.rmtree(folder, ignore_errors=True)
        signet = Signet(folder, apps_of(origin), config=config(provider))
        try:
            browser = browser_of(signet, provider, "ed", "team-a")
            used, unused = make(browser), make(browser, "unused")
            assert is_known(signet, used.secret)
            yield browser, used, unused
            signet.stop()
        finally:
            signet.child.stop()
            origin.refuse()


@pytest.fixture
def signet(start: Start, provider: HostileProvider, origin: Origin) -> Signet:
    return begin(start, provider, origin)


def spell(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text


def well_formed(body: str) -> str:
    """A secret with these digits, which nobody was given."""
    text = f"sgn_{body}"
    return text + spell(zlib.crc32(text.encode()), 6)


def test_what_is_made_is_used(editor: WebBrowser, signet: Signet, origin: Origin) -> None:
    made = make(editor)
    assert SECRET.fullmatch(made.secret)
    assert made.secret == well_formed(made.secret[4:-6])
    said = dict(made.record)
    days = _seconds(said.pop("expires_at")) - _seconds(said.pop("made_at"))
    assert days == 30 * DAY
    assert said == {
        "id": made.id,
        "kind": "personal",
        "title": "laptop",
        "person": "ed@example.com",
        "apps": [],
        "permission": None,
        "last_used_at": None,
        "revoked_at": None,
        "state": "usable",
    }
    assert listed(editor) == {made.id: made.record}
    page = editor.fetch(TOKENS)
    assert made.secret.encode() not in page.body
    assert page.field("cache-control") == "no-store"

    origin.requests.clear()
    whole = made.secret
    for headers in (bearer(whole), basic(whole), basic(whole, ""), basic(whole, "eve@example.com")):
        for app in ("plain", "signed"):
            assert signet.ask(app, headers=headers).status == 200, headers
            assert signet.ask(app, RUNS_CREATE, "POST", b"{}", headers).status == 200
        who = json.loads(signet.ask("plain", CURRENT, headers=headers).body)
        assert who == {"user": {"username": "ed@example.com", "is_admin": False}}
    assert len(origin.requests) == 16
    for request in origin.requests:
        assert whole not in repr(request)
        is_signed = "AWS4-HMAC-SHA256" in request.headers.get("authorization", "")
        assert is_signed or "authorization" not in request.headers
    me = json.loads(ask(signet.port, ME, headers=bearer(whole)).body)
    assert (me["means"], me["person"]["id"]) == ("token", "ed@example.com")
    assert (me["session"], me["can_make_tokens"]) == (None, False)
    assert {line["means"] for line in signet.told("write")} == {f"token {made.id}"}


def _seconds(text: str) -> float:
    return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def test_a_token_of_some_apps(editor: WebBrowser, signet: Signet) -> None:
    made = make(editor, apps=["plain"])
    assert made.record["apps"] == ["plain"]
    assert write(signet, made.secret).status == 200
    for answer in (
        write(signet, made.secret, "signed"),
        signet.ask("signed", headers=bearer(made.secret)),
    ):
        assert told(answer) == (403, "forbidden", "The token is not for app signed.")
    apps = json.loads(ask(signet.port, "/signet/api/v1/apps", headers=bearer(made.secret)).body)
    assert [app["name"] for app in apps["apps"]] == ["plain"]


def test_a_token_gives_at_most(admin: WebBrowser, signet: Signet, origin: Origin) -> None:
    whole = make(admin)
    reader = make(admin, permission="READ", lifetime_days=1)
    assert reader.record["permission"] == "READ"
    assert write(signet, whole.secret).status == 200
    assert is_known(signet, reader.secret)
    seen = len(origin.requests)
    needs = {
        RUNS_CREATE: "The token gives READ on app plain; createRun takes EDIT.",
        "/api/2.0/mlflow/experiments/delete": (
            "The token gives READ on app plain; deleteExperiment takes MANAGE."
        ),
        "/api/2.0/mlflow/users/create": (
            "The token gives READ on app plain; user_create takes an administrator."
        ),
    }
    for path, message in needs.items():
        assert told(write(signet, reader.secret, path=path)) == (403, "forbidden", message)
    assert len(origin.requests) == seen
    # It sees and ends nothing but itself.
    seen_by_it = ask(signet.port, TOKENS, headers=bearer(reader.secret))
    assert [token["id"] for token in json.loads(seen_by_it.body)["tokens"]] == [reader.id]
    others = ask(signet.port, f"{TOKENS}?person=ed@example.com", headers=bearer(reader.secret))
    assert others.status == 403
    for token, status in ((whole, 404), (reader, 204)):
        gone = ask(signet.port, f"{TOKENS}/{token.id}", "DELETE", headers=bearer(reader.secret))
        assert gone.status == status
    assert is_known(signet, whole.secret)
    assert seconds_until_unknown(signet, reader.secret) < SOON


def test_never_more_than_its_owner_has(
    signet: Signet, provider: HostileProvider, editor: WebBrowser
) -> None:
    reader = make(browser_of(signet, provider, "rae"), permission="MANAGE")
    assert is_known(signet, reader.secret)
    message = "You have READ on app plain; createRun takes EDIT."
    assert told(write(signet, reader.secret)) == (403, "forbidden", message)
    # The rules of the moment count, not those when it was made.
    made = make(editor)
    assert write(signet, made.secret, "signed").status == 200
    signet.document["access"] = {"rules": []}
    signet.write()
    signet.signal(signal.SIGHUP)
    until("the rules have gone", lambda: write(signet, made.secret, "signed").status == 403)


def test_expiry(editor: WebBrowser, signet: Signet) -> None:
    for days in (0, -1, 91, 1.5, "1", 10**12):
        refused = editor.fetch(TOKENS, "POST", {"title": "x", "lifetime_days": days})
        assert (refused.status, refused.field("x-signet-refusal")) == (400, "bad-request"), days
    made = make(editor, lifetime_days=90)
    span = _seconds(made.record["expires_at"]) - _seconds(made.record["made_at"])
    assert span == 90 * DAY
    assert is_known(signet, made.secret)
    end_token(signet, made.id)
    assert seconds_until_unknown(signet, made.secret) < SOON
    check_unauthenticated(signet.ask("plain", headers=basic(made.secret)))
    assert listed(editor)[made.id]["state"] == "expired"
    assert any("expired" in line["why"] for line in signet.told("request-refused"))


def test_revocation_takes_effect_at_once(editor: WebBrowser, signet: Signet) -> None:
    made, other = make(editor), make(editor, "other")
    known = in_threads(8, lambda _: is_known(signet, made.secret))
    assert all(known)
    assert revoke(editor, made).status == 204
    assert seconds_until_unknown(signet, made.secret) < SOON
    for headers in (bearer(made.secret), basic(made.secret)):
        check_unauthenticated(signet.ask("plain", headers=headers))
        check_unauthenticated(signet.ask("plain", RUNS_CREATE, "POST", b"{}", headers))
    assert is_known(signet, other.secret)
    entry = listed(editor)[made.id]
    assert entry["state"] == "revoked" and entry["revoked_at"]
    # Once more is no error, and nothing happens.
    assert revoke(editor, made).status == 204
    assert len(signet.told("token-revoked")) == 1
    why = [line["why"] for line in signet.told("request-refused")]
    assert any(made.id in each and "revoked" in each for each in why), why


def test_revocation_reaches_another_gateway(
    start: Start, signet: Signet, editor: WebBrowser, origin: Origin
) -> None:
    """Two processes of one machine may share the file."""
    made = make(editor)
    document = {key: signet.document[key] for key in ("identity", "access", "state")}
    other = start(apps_of(origin), config=document)
    assert is_known(other, made.secret)
    late = make(editor, "late")
    until("the newer one is known there", lambda: is_known(other, late.secret), SOON)
    revoke(editor, made)
    assert seconds_until_unknown(other, made.secret) < SOON


def test_revoked_by_itself(editor: WebBrowser, signet: Signet) -> None:
    made = make(editor)
    gone = ask(signet.port, f"{TOKENS}/{made.id}", "DELETE", headers=basic(made.secret))
    assert gone.status == 204
    assert seconds_until_unknown(signet, made.secret) < SOON
    assert signet.told("token-revoked")[-1]["means"] == f"token {made.id}"


def test_other_peoples_tokens(
    admin: WebBrowser, editor: WebBrowser, signet: Signet, provider: HostileProvider
) -> None:
    made = make(editor)
    eve = browser_of(signet, provider, "eve", "team-a")
    assert listed(eve) == {}
    refused = eve.fetch(f"{TOKENS}?person=ed@example.com")
    assert (refused.status, refused.field("x-signet-refusal")) == (403, "forbidden")
    for path in (made.id, "0" * 16):
        missing = eve.fetch(f"{TOKENS}/{path}", "DELETE")
        # Nobody learns which ids there are.
        assert (missing.status, missing.json()["message"]) == (404, "There is no such token.")
    for path in (made.id.upper() + "a", "x", "%30" * 17, f"{made.id}/x"):
        assert eve.fetch(f"{TOKENS}/{path}", "DELETE").status in (400, 403, 404), path
    hers = make(eve)
    gone = ask(signet.port, f"{TOKENS}/{made.id}", "DELETE", headers=bearer(hers.secret))
    assert gone.status == 404
    assert is_known(signet, made.secret)

    assert set(listed(admin, "?person=Ed@Example.com")) == {made.id}
    assert revoke(admin, made).status == 204
    assert seconds_until_unknown(signet, made.secret) < SOON
    line = signet.told("token-revoked")[-1]
    assert line["person"] == "ada@example.com"
    assert f"id={made.id} " in line["rule"] and "person=ed@example.com" in line["rule"]


def test_secrets_that_are_none(editor: WebBrowser, signet: Signet, origin: Origin) -> None:
    made = make(editor)
    good = made.secret
    origin.requests.clear()
    bad = {
        "a digit mistyped": good[:10] + ("a" if good[10] != "a" else "b") + good[11:],
        "the checksum mistyped": good[:-1] + ("a" if good[-1] != "a" else "b"),
        "cut short": good[:-1],
        "longer": good + "0",
        "another case": good.swapcase().replace("SGN_", "sgn_"),
        "an upper prefix": "SGN_" + good[4:],
        "no prefix": good[4:],
        "never given": well_formed("z" * 43),
        "zeros": well_formed("0" * 43),
        "another letter": good[:10] + "-" + good[11:],
        "its id": made.id,
        "its hash": "sgn_" + "a" * 64,
        "the prefix alone": "sgn_",
    }
    for what, secret in bad.items():
        for headers in (bearer(secret), basic(secret), basic("x", secret)):
            answer = signet.ask("plain", headers=headers)
            assert (answer.status, answer.refusal) == (401, "unauthenticated"), what
            assert json.loads(answer.body)["error_code"] == "UNAUTHENTICATED", what
    for headers in (
        {"Authorization": f"Token {good}"},
        {"Authorization": good},
        {"Cookie": f"signet={good}"},
        {"X-Signet-Token": good},
    ):
        check_unauthenticated(signet.ask("plain", headers=headers))
    check_unauthenticated(signet.ask("plain", f"{API}&access_token={good}"))
    twice = ask(signet.port, f"/apps/plain{API}", headers=bearer(f"{good}, Bearer {good}"))
    check_unauthenticated(twice)
    assert origin.requests == []
    assert is_known(signet, good)
    for secret in bad.values():
        assert secret == "sgn_" or secret == made.id or secret not in signet.log.read_text()


def test_what_the_audit_log_says(editor: WebBrowser, signet: Signet) -> None:
    made = make(editor, apps=["plain"], permission="EDIT")
    write(signet, made.secret)
    write(signet, made.secret, "signed")
    revoke(editor, made)
    seconds_until_unknown(signet, made.secret)
    line = signet.told("token-made")[-1]
    assert (line["log"], line["person"], line["status"]) == ("audit", "ed@example.com", 201)
    assert line["means"].startswith("session ")
    facts = dict(fact.split("=", 1) for fact in line["rule"].split())
    expires = facts.pop("expires")
    assert facts == {
        "id": made.id,
        "kind": "personal",
        "person": "ed@example.com",
        "apps": "plain",
        "permission": "EDIT",
    }
    assert int(expires) > time.time() + 29 * DAY
    line = signet.told("token-revoked")[-1]
    assert (line["status"], line["method"]) == (204, "DELETE")
    assert f"id={made.id} " in line["rule"]
    # Who tried what is not theirs to do, and that it was no change.
    editor.fetch(TOKENS, "POST", {"title": "s", "kind": "service", "groups": ["ci"]})
    editor.fetch(f"{TOKENS}/{'0' * 16}", "DELETE")

    def refused() -> list[dict[str, Any]]:
        return [line for line in signet.told("refusal") if line["path"].startswith(TOKENS)]

    until("both are in the log", lambda: len(refused()) == 2)
    tried = refused()
    assert sorted(line["status"] for line in tried) == [403, 404]
    assert {line["person"] for line in tried} == {"ed@example.com"}
    changes = [line for line in signet.told("write") if line.get("event") == "write"]
    assert [line["operation"] for line in changes] == ["createRun"]
    # Nobody reads the secret anywhere: not in logs or metrics, nor from the disk.
    kept = [signet.log.read_bytes(), signet.admin("/metrics").body]
    kept += [file.read_bytes() for file in state_file(signet).parent.glob("state.db*")]
    for text in kept:
        for part in (made.secret, made.secret[4:-6], made.secret[4:24]):
            assert part.encode() not in text


def test_tokens_outlast_the_gateway(
    start: Start, provider: HostileProvider, origin: Origin
) -> None:
    first = begin(start, provider, origin)
    browser = browser_of(first, provider, "ed", "team-a")
    good, narrow, dead = make(browser), make(browser, permission="READ"), make(browser)
    revoke(browser, dead)
    before = listed(browser)
    first.stop()
    document = {key: first.document[key] for key in ("identity", "access", "state")}
    again = start(apps_of(origin), config=document)
    assert write(again, good.secret).status == 200
    assert is_known(again, narrow.secret)
    assert write(again, narrow.secret).status == 403
    assert not is_known(again, dead.secret)
    after = listed(browser_of(again, provider, "ed", "team-a"))
    assert after == before


def test_when_it_was_last_used(early: tuple[WebBrowser, Made, Made]) -> None:
    browser, used, unused = early
    seen = until(
        "the use is written down", lambda: listed(browser)[used.id]["last_used_at"], seconds=100
    )
    assert 0 <= _seconds(seen) - _seconds(used.record["made_at"]) < 30
    assert listed(browser)[unused.id]["last_used_at"] is None
