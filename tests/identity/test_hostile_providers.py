"""Providers whose metadata and keys are wrong, hostile or slow."""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sign_in_rig import entry, settings
from sign_in_witness import WatchedBrowser, WatchedProvider, check_refused
from throwaway_certificate import make_certificate
from web_browser import Page

from hostile_provider import Answer, Request, as_json, redirect
from minting import ABSENT, Key
from scripted_origin import Origin
from signet_process import Signet, plain_app

Start = Callable[..., Signet]
Prepare = Callable[[WatchedProvider], None]
MEGABYTE = 1 << 20
UNAVAILABLE = "unavailable"


# ---- metadata and keys: a provider for each row, all of one gateway ----


def metadata(**changed: Any) -> Prepare:
    def prepare(provider: WatchedProvider) -> None:
        provider.metadata_changes = {
            name: value.replace("{}", provider.url) if isinstance(value, str) else value
            for name, value in changed.items()
        }

    return prepare


def discovery(make: Callable[[WatchedProvider], Callable[[Request], Answer]]) -> Prepare:
    def prepare(provider: WatchedProvider) -> None:
        provider.answers["discovery"] = make(provider)

    return prepare


def keys(make: Callable[[WatchedProvider], Callable[[Request], Answer]]) -> Prepare:
    def prepare(provider: WatchedProvider) -> None:
        provider.answers["jwks"] = make(provider)

    return prepare


def twice(provider: WatchedProvider) -> Callable[[Request], Answer]:
    whole = json.dumps(provider.metadata())[:-1]
    return lambda _: Answer(200, f'{whole}, "token_endpoint": "{provider.url}/evil"}}'.encode())


METADATA: dict[str, tuple[Prepare, str]] = {
    "naming another issuer": (metadata(issuer="https://login.example.com"), r"another issuer"),
    "naming the issuer with a slash": (metadata(issuer="{}/"), r"another issuer"),
    "naming no issuer": (metadata(issuer=ABSENT), r"another issuer"),
    "issuer a list": (metadata(issuer=["x"]), r"another issuer"),
    "not JSON": (discovery(lambda _: lambda _: Answer(200, b"<html>")), r"metadata"),
    "a list": (discovery(lambda _: lambda _: as_json([])), r"metadata"),
    "duplicate JSON members": (discovery(twice), r"twice"),
    "404": (discovery(lambda _: lambda _: Answer(404)), r"status 404"),
    "500": (discovery(lambda _: lambda _: Answer(500)), r"status 500"),
    "a redirect": (
        discovery(lambda provider: lambda _: redirect(f"{provider.url}/elsewhere")),
        r"status 302",
    ),
    "a flood": (
        discovery(lambda provider: provider.flood(b'{"issuer": "', b"x" * 65536, 1 << 30)),
        r"openid-configuration",
    ),
    "no HTTP": (discovery(lambda _: lambda _: Answer(0, b"220 smtp\r\n")), r"configuration"),
    "no algorithm but none": (
        metadata(id_token_signing_alg_values_supported=["none", "HS256"]),
        r"nothing that Signet verifies",
    ),
    "algorithms a text": (metadata(id_token_signing_alg_values_supported="RS256"), r"wrong type"),
    **{
        f"{name} {what}": (metadata(**{f"{name}_endpoint": value}), rf"{name}_endpoint")
        for name in ("authorization", "token")
        for what, value in {
            "missing": ABSENT,
            "a number": 5,
            "empty": "",
            "relative": "/token",
            "without a host": "https:///token",
            "http elsewhere": "http://login.example.com/token",
            "http of the cloud's metadata": "http://169.254.169.254/latest/meta-data",
            "javascript": "javascript:alert(1)",
            "a file": "file:///etc/passwd",
            "with a user": "https://user:pw@login.example.com/token",
            "with a fragment": "https://login.example.com/token#x",
            "with a line feed": "https://login.example.com/token\r\nX: y",
            "with a space": "https://login.example.com/to ken",
            "2130706433": "http://2130706433/token",
        }.items()
    },
    "userinfo of a file": (metadata(userinfo_endpoint="file:///x"), r"userinfo_endpoint"),
    "end_session javascript": (metadata(end_session_endpoint="javascript:x"), r"end_session"),
    "end_session http elsewhere": (
        metadata(end_session_endpoint="http://evil.example/"),
        r"end_session",
    ),
    "jwks_uri missing": (metadata(jwks_uri=ABSENT), r"jwks_uri"),
    "jwks_uri http elsewhere": (metadata(jwks_uri="http://login.example.com/"), r"jwks_uri"),
}
KEYS: dict[str, tuple[Prepare, str]] = {
    "10,000 keys": (
        keys(
            lambda provider: (
                lambda _: as_json(
                    {"keys": [provider.keys[0].jwk(kid=str(i)) for i in range(10_000)]}
                )
            )
        ),
        r"more than 100 keys|larger than 1 MiB|key set|jwks",
    ),
    "101 keys": (
        keys(
            lambda provider: (
                lambda _: as_json({"keys": [provider.keys[0].jwk(kid=str(i)) for i in range(101)]})
            )
        ),
        r"more than 100 keys",
    ),
    "no keys": (keys(lambda _: lambda _: as_json({"keys": []})), r"no key that"),
    "keys an object": (keys(lambda _: lambda _: as_json({"keys": {}})), r"no array of keys"),
    "no JSON": (keys(lambda _: lambda _: Answer(200, b"<html>")), r"not a JSON object"),
    "duplicate members": (
        keys(lambda _: lambda _: Answer(200, b'{"keys": [], "keys": []}')),
        r"twice",
    ),
    "only oct keys": (
        keys(lambda _: lambda _: as_json({"keys": [{"kty": "oct", "k": "AAAA"}]})),
        r"no key that",
    ),
    "500": (keys(lambda _: lambda _: Answer(500)), r"status 500"),
    "a redirect": (
        keys(lambda provider: lambda _: redirect(f"{provider.url}/elsewhere")),
        r"status 302",
    ),
    "a flood": (
        keys(lambda provider: provider.flood(b'{"keys": [', b" " * 65536, 1 << 30)),
        r"jwks",
    ),
}


@dataclass
class Crowd:
    signet: Signet
    providers: dict[str, WatchedProvider]  # by the row's name

    def name(self, row: str) -> str:
        return f"p{list(self.providers).index(row)}"


@pytest.fixture(scope="module")
def crowd(out: Path) -> Iterator[Crowd]:
    origin = Origin()
    with ExitStack() as stack:
        made = {}
        for group, rows in (("metadata", METADATA), ("keys", KEYS)):
            for row, (prepare, _) in rows.items():
                provider = stack.enter_context(WatchedProvider())
                prepare(provider)
                made[f"{group} {row}"] = provider
        names = {row: f"p{index}" for index, row in enumerate(made)}
        providers = [entry(made[row], name) for row, name in names.items()]
        signet = Signet(
            out / "hostile_providers", [plain_app(origin.url)], config=settings(providers)
        )
        try:
            yield Crowd(signet, made)
            signet.stop()
        finally:
            signet.child.stop()
            origin.refuse()


@pytest.mark.parametrize("row", METADATA)
def test_metadata(crowd: Crowd, row: str) -> None:
    provider = crowd.providers[f"metadata {row}"]
    browser = WatchedBrowser(crowd.signet.port)
    page = browser.open(f"/signet/sign-in?provider={crowd.name(f'metadata {row}')}&return=/app/x")
    check_refused(
        page, crowd.signet, UNAVAILABLE, METADATA[row][1], provider.secrets(), back_to="/app/x"
    )
    assert not browser.cookies
    asked = {request.path for _, request in provider.requests}
    assert asked <= {"/.well-known/openid-configuration", "/jwks"}
    assert provider.taken < 64 * MEGABYTE


@pytest.fixture(scope="module")
def pages(crowd: Crowd) -> dict[str, Page]:
    """By row, the answers to callbacks. All wait for keys together."""

    def sign_in(row: str) -> Page:
        return WatchedBrowser(crowd.signet.port).sign_in(crowd.name(f"keys {row}"))

    with ThreadPoolExecutor(len(KEYS)) as pool:
        return dict(zip(KEYS, pool.map(sign_in, KEYS), strict=True))


@pytest.mark.parametrize("row", KEYS)
def test_keys(crowd: Crowd, pages: dict[str, Page], row: str) -> None:
    provider, page = crowd.providers[f"keys {row}"], pages[row]
    check_refused(page, crowd.signet, UNAVAILABLE, r"keys cannot be had", provider.secrets())
    failures = [
        line["why"]
        for line in crowd.signet.told("issuer-keys-not-fetched")
        if line["issuer"] == provider.issuer
    ]
    assert re.search(KEYS[row][1], failures[-1]), failures
    assert "/elsewhere" not in {request.path for _, request in provider.requests}
    assert provider.taken < 64 * MEGABYTE


def test_providers_that_are_slow(start: Start, origin: Origin) -> None:
    """Nobody waits at the door for ever, and other people are signed in meanwhile."""
    with ExitStack() as stack:
        made = [stack.enter_context(WatchedProvider()) for _ in range(4)]
        slow, jwks, token, _ = made

        def drip(_: Request) -> Answer:
            def bytes_now_and_then() -> Iterator[bytes]:
                while not token.closing.wait(0.5):
                    yield b" "

            return Answer(200, bytes_now_and_then())

        slow.late("discovery", 60)
        jwks.late("jwks", 60)
        token.answers["token"] = drip
        names = ("discovery", "jwks", "token", "good")
        signet = start(
            [plain_app(origin.url)],
            config=settings([entry(p, n) for p, n in zip(made, names, strict=True)]),
        )

        def sign_in(name: str) -> tuple[WatchedBrowser, Any, float]:
            browser, began = WatchedBrowser(signet.port), time.monotonic()
            sent = browser.open(f"/signet/sign-in?provider={name}")
            if "error=" not in sent.location:
                sent = browser.open(browser.local(browser.at_provider(sent.location)))
            return browser, sent, time.monotonic() - began

        with ThreadPoolExecutor(4) as pool:
            waiting = {name: pool.submit(sign_in, name) for name in names}
            done = {name: each.result() for name, each in waiting.items()}
        secrets = set().union(*(provider.secrets() for provider in made))
        assert done["good"][1].location == "/app"
        assert done["good"][2] < 5
        for name, why in (
            ("discovery", r"did not come in time|metadata"),
            ("jwks", r"keys cannot be had"),
            ("token", r"token endpoint"),
        ):
            browser, page, took = done[name]
            check_refused(page, signet, UNAVAILABLE, why, secrets | browser.held)
            assert 3 < took < 20, (name, took)


def test_keys_that_are_rotated(start: Start, origin: Origin) -> None:
    """A new key is fetched once somebody's token names it; the withdrawn one is nothing any more;
    and when the keys cannot be had, the last ones serve."""
    with WatchedProvider() as provider:
        signet = start([plain_app(origin.url)], config=settings([entry(provider, "corp")]))
        assert WatchedBrowser(signet.port).sign_in().location == "/app"
        old = provider.keys[0]
        asked = provider.count("jwks")
        provider.rotate(keep=False)
        for _ in range(3):
            assert WatchedBrowser(signet.port).sign_in().location == "/app"
        assert provider.count("jwks") == asked + 1
        fresh = list(provider.keys)
        provider.keys = [old]
        page = WatchedBrowser(signet.port).sign_in()
        check_refused(page, signet, "failed", r"no key for the token", provider.secrets())
        # The same kid, another key: rotated without a new name. Not fetched again so soon.
        provider.keys = [Key.make("RS256", kid=fresh[0].kid)]
        page = WatchedBrowser(signet.port).sign_in()
        check_refused(page, signet, "failed", r"signature is not", provider.secrets())
        provider.answers["jwks"] = lambda _: Answer(503)
        provider.keys = fresh
        assert WatchedBrowser(signet.port).sign_in().location == "/app"
        # Unknown keys do not make the gateway ask again and again.
        asked = provider.count("jwks")
        provider.keys = [Key.make("ES256")]
        for _ in range(10):
            assert "error=failed" in WatchedBrowser(signet.port).sign_in().location
        assert provider.count("jwks") <= asked + 1


# ---- an issuer that is not on this machine ----

INSIDE = {
    "127.0.0.1": "https://127.0.0.1:{port}/token",
    "127.9.9.9": "https://127.9.9.9/token",
    "::1": "https://[::1]:{port}/token",
    "::ffff:127.0.0.1": "https://[::ffff:127.0.0.1]/token",
    "localhost": "https://localhost:{port}/token",
    "LOCALHOST": "https://LOCALHOST:{port}/token",
    "localhost with a dot": "https://localhost.:{port}/token",
    "below localhost": "https://x.localhost:{port}/token",
    "0": "https://0/token",
    "0.0.0.0": "https://0.0.0.0/token",
    "a decimal number": "https://2130706433/token",
    "a hexadecimal number": "https://0x7f000001/token",
    "octal numbers": "https://0177.0.0.1/token",
    "127.1": "https://127.1/token",
    "127.0.0.1 with a dot": "https://127.0.0.1./token",
    "link-local": "https://169.254.169.254/latest/meta-data",
    "link-local of IPv6": "https://[fe80::1]/token",
    "link-local within IPv6": "https://[::ffff:169.254.169.254]/token",
    "link-local as a number": "https://2852039166/token",
    "AWS's metadata by IPv6": "https://[fd00:ec2::254]/token",
    "Google's metadata": "https://metadata.google.internal/token",
    "Google's metadata with a dot": "https://metadata.google.internal./token",
    "the unspecified address": "https://[::]/token",
    "plain http": "http://login.example.com/token",
}
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def own_name() -> str:
    """A name of this machine that does not read like loopback."""
    name = socket.gethostname().lower()
    try:
        socket.getaddrinfo(name, None, socket.AF_INET)
    except OSError:
        pytest.skip(f"this machine's name, {name}, has no address")
    return name


def test_endpoints_within_the_house(out: Path, tmp_path: Path, start: Start) -> None:
    """An issuer elsewhere may not send the gateway to its own machine or to a cloud's metadata."""
    host, origin = own_name(), Origin()
    made = make_certificate(tmp_path, host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    address = socket.getaddrinfo(host, None, socket.AF_INET)[0][4][0]
    with ExitStack() as stack:
        stack.callback(origin.refuse)
        rows = {}
        for where, url in INSIDE.items():
            for endpoint in ENDPOINTS:
                provider = stack.enter_context(WatchedProvider())
                port = provider.serve_with_tls(context, str(address), host)
                provider.metadata_changes = {endpoint: url.format(port=port)}
                rows[f"{where}: {endpoint}"] = provider
        good = stack.enter_context(WatchedProvider())
        good.serve_with_tls(context, str(address), host)
        providers = [entry(provider, f"p{i}") for i, provider in enumerate(rows.values())]
        signet = start(
            [plain_app(origin.url)],
            config=settings([*providers, entry(good, "good")])
            | {"outbound": {"ca": str(made.certificate)}},
        )
        went = WatchedBrowser(signet.port).open("/signet/sign-in?provider=good").location
        assert went.startswith(f"{good.issuer}/authorize?"), "the rig is wrong"
        wrong = {}
        for index, (row, provider) in enumerate(rows.items()):
            page = WatchedBrowser(signet.port).open(f"/signet/sign-in?provider=p{index}")
            try:
                check_refused(page, signet, UNAVAILABLE, r"metadata of", provider.secrets())
                asked = {request.path for _, request in provider.requests}
                assert asked <= {"/.well-known/openid-configuration", "/jwks"}
                assert "/jwks" not in asked or not row.endswith("jwks_uri")
            except AssertionError as failure:
                wrong[row] = str(failure)
        assert not sorted(wrong), next(iter(wrong.values()))
