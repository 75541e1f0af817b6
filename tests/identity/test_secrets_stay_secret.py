"""One long story with everything that is secret in it; then all that was written anywhere is
searched for each of them."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
from sign_in_rig import entry, settings
from sign_in_witness import WatchedBrowser, WatchedProvider
from web_browser import CSRF_COOKIE, NAVIGATION, Page

from hostile_provider import Answer
from minting import mint
from scripted_origin import Origin, Request
from signet_process import Signet, plain_app, signed_app
from waiting import until
from wire import API

SEARCH = f"/apps/plain{API}"
RUNS_CREATE = "/apps/plain/api/2.0/mlflow/runs/create"
TOKENS = "/signet/api/v1/tokens"
DEVICE = "/signet/api/v1/device"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Whoever finds that much of a secret has it, or most of it.
PIECE = 20


@dataclass
class Story:
    """`kinds` are the secrets by what they are; `pages` all answers of the gateway."""

    signet: Signet
    folder: Path
    provider: WatchedProvider
    kinds: dict[str, set[str]] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    seen_by_origin: list[str] = field(default_factory=list)
    metrics: str = ""

    def note(self, kind: str, *found: str) -> str:
        self.kinds.setdefault(kind, set()).update(found)
        return found[0]

    def browser(self) -> WatchedBrowser:
        return WatchedBrowser(self.signet.port, pages=self.pages)

    def send(
        self, path: str, method: str = "GET", body: bytes | None = None, **fields: str
    ) -> Page:
        """Of a program without cookies."""
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        return self.browser().send(method, path, body, headers)


def basic(password: str, user: str = "token") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def failed_sign_ins(story: Story) -> None:
    provider, browser = story.provider, story.browser()
    for claims in ({"nonce": "another"}, {"aud": "another"}, {"email_verified": False}):
        provider.id_claims = claims
        assert "error=" in browser.sign_in().location
    provider.id_claims = {}
    usual = provider.mint
    provider.mint = lambda claims: mint(claims, provider.keys[0], alg="none")
    assert "error=failed" in browser.sign_in().location
    provider.mint = usual
    back = browser.callback()
    assert "error=expired" in story.browser().open(back).location
    assert "error=failed" in browser.open(back + "&state=x").location
    assert browser.send("POST", back, back.encode(), FORM).status == 405
    assert browser.open(back.replace("/corp", "/nobody")).status in (302, 404)
    provider.answers["token"] = lambda request: Answer(
        500, f"{request.form}{request.headers}".encode()
    )
    assert "error=unavailable" in browser.sign_in().location
    provider.answers["token"] = provider.token
    provider.back = lambda pairs: [("error", "access_denied"), *pairs[1:]]
    assert "error=denied" in browser.sign_in().location
    provider.back = lambda pairs: pairs
    story.kinds.setdefault("attempt cookies", set()).update(browser.held)


def a_session(story: Story) -> WatchedBrowser:
    browser = story.browser()
    assert browser.sign_in(back_to="/app/x").location == "/app/x"
    assert browser.fetch(SEARCH).status == 200
    assert browser.open("/apps/plain/").status == 200
    assert browser.fetch("/apps/signed/api/2.0/mlflow/runs/search", "POST", {}).status == 200
    assert browser.fetch(RUNS_CREATE, "POST", {"experiment_id": "1"}).status == 200
    csrf = browser.cookies[CSRF_COOKIE]
    # Where a mistake, or somebody curious, puts them.
    for path in (
        f"/nowhere?session={browser.cookies['signet']}",
        f"/apps/nobody/?code={csrf}",
        f"/app/x?token={csrf}",
    ):
        browser.fetch(path)
        browser.open(path)
    assert story.send(f"{SEARCH}&state={csrf}").status == 401
    wrong = {"X-Signet-Csrf": csrf[:-1] + ("0" if csrf[-1] != "0" else "1")}
    assert browser.fetch(RUNS_CREATE, "POST", {}, wrong, csrf=False).status == 403
    assert browser.fetch(RUNS_CREATE, "POST", {}, {"Sec-Fetch-Site": "cross-site"}).status == 403
    for name in ("signet", CSRF_COOKIE):
        spoilt = {**browser.cookies, name: browser.cookies[name][:-5] + "AAAAA"}
        WatchedBrowser(story.signet.port, spoilt, pages=story.pages).fetch(SEARCH)
    # The provider is asked again.
    time.sleep(1.2)
    assert browser.fetch(SEARCH).status == 200
    grants = {request["grant_type"] for _, request in story.provider.requests}
    assert "refresh_token" in grants
    assert browser.fetch("/signet/api/v1/me").status == 200
    return browser


def tokens(story: Story, browser: WatchedBrowser) -> None:
    made = browser.fetch(TOKENS, "POST", {"title": "laptop", "lifetime_days": 3})
    assert made.status == 201, made.body
    secret = story.note("a personal token", made.json()["secret"])
    made.body = made.body.replace(secret.encode(), b"")  # the one place for it
    for said in (f"Bearer {secret}", basic(secret), basic(secret, "")):
        assert story.send(SEARCH, Authorization=said).status == 200
        assert story.send(RUNS_CREATE, "POST", b"{}", Authorization=said).status == 200
        signed = "/apps/signed/api/2.0/mlflow/runs/search"
        assert story.send(signed, "POST", b"{}", Authorization=said).status == 200
        assert story.send("/apps/plain/nothing", Authorization=said).status == 403
        assert story.send(TOKENS, Authorization=said).status == 200
    # Refused ones, in every place.
    spoilt = story.note("refused tokens", secret[:-4] + "0000", "sgn_" + secrets.token_urlsafe(32))
    jwt = story.provider.last_id_token
    for text in (spoilt, secret.upper(), f"{secret}x", jwt, jwt[:-4], f"x.{secret}"):
        for said in (f"Bearer {text}", basic(text), basic("x", text), text, f"Digest {text}"):
            assert story.send(SEARCH, Authorization=said).status == 401
            story.send(SEARCH, Authorization=said, **NAVIGATION)
        assert story.send(f"{SEARCH}&access_token={text}&token={text}").status == 401
    assert story.send(SEARCH, Cookie=f"signet={secret}").status == 401
    assert story.send(SEARCH, Authorization=f"Bearer {secret} {secret}").status == 401
    listed = browser.fetch(TOKENS)
    (token,) = listed.json()["tokens"]
    assert browser.fetch(f"{TOKENS}/{token['id']}", "DELETE").status == 204
    until(
        "the token is revoked",
        lambda: story.send(SEARCH, Authorization=f"Bearer {secret}").status == 401,
    )


def a_device(story: Story, browser: WatchedBrowser) -> None:
    def post(**form: str) -> Page:
        return story.send(f"{DEVICE}/token", "POST", urlencode(form).encode(), **FORM)

    begun = story.send(
        f"{DEVICE}/authorize", "POST", urlencode({"client_id": "signet-cli"}).encode(), **FORM
    )
    codes = begun.json()
    device_code = story.note("a device code", codes["device_code"])
    begun.body = b""
    grant = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": "signet-cli",
        "device_code": device_code,
    }
    assert post(**grant).status == 400
    approved = browser.fetch(
        f"{DEVICE}/grants", "POST", {"user_code": codes["user_code"], "approve": True}
    )
    assert approved.status == 204, approved.body
    time.sleep(codes["interval"])
    given = post(**grant)
    assert given.status == 200, given.body
    pair = given.json()
    given.body = b""
    access = story.note("a device's tokens", pair["access_token"], pair["refresh_token"])
    assert story.send(SEARCH, Authorization=f"Bearer {access}").status == 200
    again = post(grant_type="refresh_token", refresh_token=pair["refresh_token"])
    assert again.status == 200, again.body
    story.note("a device's tokens", again.json()["access_token"], again.json()["refresh_token"])
    again.body = b""
    # Used a second time, it ends the whole sign-in.
    assert post(grant_type="refresh_token", refresh_token=pair["refresh_token"]).status == 400


def the_end(story: Story, browser: WatchedBrowser) -> None:
    provider = story.provider
    out = browser.fetch("/signet/sign-out", "POST")
    assert out.status == 200
    goes_to = out.json()["location"]
    assert goes_to.startswith(f"{provider.url}/end-session?")
    # The hint is for the provider, whose own token it is.
    story.note("ID tokens", provider.last_id_token)
    out.body = out.body.replace(provider.last_id_token.encode(), b"")
    other = story.browser()
    other.sign_in()
    logout = story.note("logout tokens", provider.logout_token())
    address = f"http://127.0.0.1:{story.signet.port}/signet/backchannel-logout/corp"
    assert provider.post_logout(address, logout)[0] == 200
    assert provider.post_logout(address, logout)[0] == 200
    assert provider.post_logout(address, logout[:-6] + "AAAAAA")[0] == 400
    until("the session is over", lambda: other.fetch(SEARCH).status == 401)
    assert other.open(SEARCH).status == 302
    story.kinds.setdefault("cookies", set()).update(browser.held | other.held)


@pytest.fixture(scope="module")
def story(out: Path) -> Iterator[Story]:
    origin = Origin()
    folder = out / "secrets_stay_secret"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*"):
        if old.is_file():
            old.unlink()
    own = {"client secret": "client-" + secrets.token_hex(24), "session key": secrets.token_hex(32)}
    own["authorization of an origin"] = "Basic " + secrets.token_hex(20)
    own["AWS secret"] = secrets.token_hex(20)
    env = {
        "OIDC_SECRET": own["client secret"],
        "SESSION_KEY": own["session key"],
        "ORIGIN_WORD": own["authorization of an origin"],
        "AWS_SECRET_ACCESS_KEY": own["AWS secret"],
    }
    with WatchedProvider(client_secret=own["client secret"]) as provider:
        config = settings(
            [entry(provider, "corp") | {"client_secret": "${env:OIDC_SECRET}"}], refresh="1s"
        )
        config["identity"]["session"]["keys"] = ["${env:SESSION_KEY}"]
        signet = Signet(
            folder,
            [
                plain_app(origin.url) | {"authorization": "${env:ORIGIN_WORD}"},
                signed_app(origin.url),
            ],
            config=config
            | {
                "log": {
                    "access": str(folder / "access.log"),
                    "audit": str(folder / "audit.log"),
                    "level": "debug",
                }
            },
            env=env,
        )
        told = Story(signet, folder, provider)
        told.kinds |= {name: {value} for name, value in own.items()}

        def remember(request: Request) -> bool:
            body = request.conversation.take(int(request.headers.get("content-length", "0")))
            # Of the origin's own the gateway adds one, which is for it.
            headers = {
                name: value
                for name, value in request.headers.items()
                if value != own["authorization of an origin"]
            }
            told.seen_by_origin.append(f"{request.method} {request.target} {headers} {body!r}")
            request.conversation.answer(b"{}", "200 OK", "Content-Type: application/json")
            return True

        origin.behaviour = remember
        try:
            failed_sign_ins(told)
            browser = a_session(told)
            tokens(told, browser)
            a_device(told, browser)
            the_end(told, browser)
            told.kinds["the provider's"] = provider.secrets() - own_words(told)
            told.metrics = signet.admin("/metrics").body.decode()
            signet.stop()
            yield told
        finally:
            signet.child.stop()
            origin.refuse()


def own_words(story: Story) -> set[str]:
    """What is no secret although it stands where secrets do."""
    return {base64.b64encode(b"signet:").decode()}


def pieces(secret: str) -> set[bytes]:
    """The secret as it is and as it may have been written, and its halves."""
    raw = secret.encode()
    forms = {
        raw,
        quote(secret, safe="").encode(),
        base64.b64encode(raw).rstrip(b"="),
        base64.urlsafe_b64encode(raw).rstrip(b"="),
        raw.hex().encode(),
        json.dumps(secret)[1:-1].encode(),
    }
    if len(raw) >= 2 * PIECE:
        # A JWT's header says nothing that is secret.
        rest = raw.partition(b".")[2].strip(b".") if raw.count(b".") == 2 else raw
        forms |= {rest[:PIECE], rest[-PIECE:]}
    if secret.startswith("sgn_"):
        forms.add(raw[4:])
    return forms


def found_in(data: bytes, story: Story) -> list[str]:
    """Kinds of the secrets of which a piece is there."""
    return sorted(
        f"{kind}: {secret[:8]}…"
        for kind, known in story.kinds.items()
        for secret in known
        if any(piece in data for piece in pieces(secret))
    )


def test_the_search_finds_what_is_there(story: Story) -> None:
    wanted = {"attempt cookies", "cookies", "a personal token", "a device's tokens", "ID tokens"}
    assert wanted <= set(story.kinds)
    assert sum(map(len, story.kinds.values())) > 80
    for known in story.kinds.values():
        for secret in known:
            assert len(secret) >= 8
            assert found_in(b"x" + secret.encode() + b"y", story)
            assert found_in(base64.b64encode(secret.encode()), story)
    names = {request for request, _ in story.provider.requests}
    assert {"authorize", "token", "discovery", "jwks"} <= names


@pytest.mark.parametrize("name", ["signet.log", "access.log", "audit.log"])
def test_logs(story: Story, name: str) -> None:
    data = (story.folder / name).read_bytes()
    assert len(data) > 1000
    assert found_in(data, story) == []


def test_logs_tell_the_rest(story: Story) -> None:
    """They are not silent: who did what is there."""
    audit = [json.loads(line) for line in (story.folder / "audit.log").read_text().splitlines()]
    events = {line["event"] for line in audit}
    assert {"sign-in", "sign-out", "sign-in-refused", "back-channel-logout", "write"} <= events
    assert {line["person"] for line in audit} >= {"ada@example.com", ""}
    means = {line["means"].partition(" ")[0] for line in audit}
    assert {"session", "token"} <= means


def test_metrics(story: Story) -> None:
    assert "signet_refusals_total" in story.metrics
    assert found_in(story.metrics.encode(), story) == []


def test_answers(story: Story) -> None:
    """Bodies hold none. Of the fields, cookies are set, and the provider is told its own."""
    assert len(story.pages) > 100
    theirs = {"state", "nonce", "code_challenge"}
    for page in story.pages:
        assert found_in(page.body, story) == []
        for name, value in page.fields:
            if name.lower() == "set-cookie":
                continue
            if name.lower() == "location" and value.startswith(f"{story.provider.url}/authorize?"):
                query = urlsplit(value).query.split("&")
                value = "&".join(pair for pair in query if pair.partition("=")[0] not in theirs)
            assert found_in(f"{name}: {value}".encode(), story) == [], (name, page.status)


def test_the_origin(story: Story) -> None:
    assert len(story.seen_by_origin) > 15
    for request in story.seen_by_origin:
        assert found_in(request.encode(), story) == [], request[:80]
        assert "cookie" not in request.lower() and "x-signet" not in request.lower()


def test_the_state(story: Story) -> None:
    files = sorted(story.folder.glob("state.db*"))
    assert files and sum(file.stat().st_size for file in files) > 4096
    for file in files:
        assert found_in(file.read_bytes(), story) == [], file.name
    assert not (story.folder / "session.key").exists(), "the key is the configuration's"
    spool = story.folder / "spool"
    assert not spool.exists() or not [file for file in spool.rglob("*") if file.is_file()]
