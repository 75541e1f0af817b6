"""Token endpoints that misbehave: what comes for the code signs nobody in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sign_in_rig import Rig
from sign_in_witness import WatchedProvider

from hostile_provider import Answer, Request, as_json
from minting import ABSENT

Prepare = Callable[[WatchedProvider], None]
MEGABYTE = 1 << 20
UNAVAILABLE = "unavailable"


def tokens_changed(**changed: Any) -> Prepare:
    """The token endpoint's answer with other members."""

    def prepare(provider: WatchedProvider) -> None:
        def answer(request: Request) -> Answer:
            usual = provider.token(request)
            assert isinstance(usual.body, bytes)
            document = json.loads(usual.body) | changed
            return as_json({k: v for k, v in document.items() if v is not ABSENT})

        provider.answers["token"] = answer

    return prepare


def tokens_instead(answer: Answer) -> Prepare:
    def prepare(provider: WatchedProvider) -> None:
        provider.answers["token"] = lambda _: answer

    return prepare


def error(code: str, status: int = 400, **more: str) -> Prepare:
    return tokens_instead(as_json({"error": code, **more}, status))


def raw(body: bytes, status: int = 200, kind: str = "application/json") -> Prepare:
    return tokens_instead(Answer(status, body, (("Content-Type", kind),)))


def echo(provider: WatchedProvider) -> None:
    """An error that repeats all that was sent."""
    provider.answers["token"] = lambda request: as_json(
        {
            "error": request["code"],
            "error_description": f"{request.form} {request.headers}",
            "error_uri": request["code_verifier"],
        },
        400,
    )


def echo_known(provider: WatchedProvider) -> None:
    provider.answers["token"] = lambda request: as_json(
        {"error": "invalid_request", "error_description": f"{request.form} {request.headers}"}, 400
    )


def redirects(status: int) -> Prepare:
    def prepare(provider: WatchedProvider) -> None:
        provider.answers["token"] = lambda _: Answer(
            status, headers=(("Location", f"{provider.url}/elsewhere"),)
        )

    return prepare


def twice_a_member(provider: WatchedProvider) -> None:
    def answer(request: Request) -> Answer:
        usual = provider.token(request)
        assert isinstance(usual.body, bytes)
        return Answer(200, usual.body[:-1] + b', "access_token": "another"}')

    provider.answers["token"] = answer


def padded(size: int) -> Prepare:
    """A good answer within so many spaces."""

    def prepare(provider: WatchedProvider) -> None:
        def answer(request: Request) -> Answer:
            usual = provider.token(request)
            assert isinstance(usual.body, bytes)
            return Answer(200, usual.body + b" " * size)

        provider.answers["token"] = answer

    return prepare


def flooding(provider: WatchedProvider) -> None:
    provider.taken = 0
    provider.answers["token"] = provider.flood(b'{"access_token": "', b"x" * 65536, 1 << 30)


def injected_fields(provider: WatchedProvider) -> None:
    def answer(request: Request) -> Answer:
        usual = provider.token(request)
        return Answer(200, usual.body, (("Set-Cookie", "signet=evil"), ("Location", "/evil")))

    provider.answers["token"] = answer


NO_JSON = r"answer is"
TOKEN_ANSWERS: dict[str, tuple[Prepare, str, str]] = {
    "invalid_grant": (error("invalid_grant"), "expired", r"400 with invalid_grant"),
    "invalid_client": (error("invalid_client", 401), "failed", r"401 with invalid_client"),
    "invalid_scope": (error("invalid_scope"), "failed", r"400 with invalid_scope"),
    "an error that nobody knows": (error("<b>x</b>"), "failed", r"RFC 6749 does not have"),
    "an error that repeats the request": (echo, "failed", r"RFC 6749 does not have"),
    "a known error that repeats it": (echo_known, "failed", r"400 with invalid_request"),
    "400 without JSON": (raw(b"<html>", 400, "text/html"), "failed", r"tells nothing"),
    "403 of a firewall": (raw(b"<html>", 403, "text/html"), "failed", r"status 403"),
    "404": (raw(b"", 404), "failed", r"status 404"),
    "418 with an error": (error("invalid_grant", 418), "failed", r"status 418"),
    "429": (error("slow_down", 429), UNAVAILABLE, r"status 429"),
    "500": (raw(b"", 500), UNAVAILABLE, r"status 500"),
    "503": (raw(b"", 503), UNAVAILABLE, r"status 503"),
    "500 with invalid_grant": (error("invalid_grant", 500), UNAVAILABLE, r"status 500"),
    "302 redirect": (redirects(302), "failed", r"status 302"),
    "307 redirect": (redirects(307), "failed", r"status 307"),
    "308 redirect": (redirects(308), "failed", r"status 308"),
    "201": (raw(b"{}", 201), "failed", r"status 201"),
    "200 with an error": (error("invalid_grant", 200), "failed", r"token_type"),
    "no JSON": (raw(b"hello"), "failed", NO_JSON),
    "form rather than JSON": (raw(b"access_token=x&token_type=bearer"), "failed", NO_JSON),
    "nothing": (raw(b""), "failed", NO_JSON),
    "a list": (raw(b"[]"), "failed", NO_JSON),
    "null": (raw(b"null"), "failed", NO_JSON),
    "cut off": (raw(b'{"access_token": "x", '), "failed", NO_JSON),
    "nested 10,000 times": (raw(b'{"a":' * 10_000 + b"1" + b"}" * 10_000), "failed", NO_JSON),
    "duplicate JSON members": (twice_a_member, "failed", r"twice"),
    "no HTTP": (
        tokens_instead(Answer(0, b"SSH-2.0-OpenSSH_9.2\r\n")),
        UNAVAILABLE,
        r"token endpoint",
    ),
    "hangs up": (tokens_instead(Answer(0, b"")), UNAVAILABLE, r"token endpoint"),
    "two Content-Lengths": (
        tokens_instead(Answer(200, b"{}", (("Content-Length", "3"),))),
        UNAVAILABLE,
        r"token endpoint",
    ),
    "1 MiB and more": (padded(MEGABYTE), UNAVAILABLE, r"token endpoint"),
    "a flood": (flooding, UNAVAILABLE, r"token endpoint"),
    "token_type missing": (tokens_changed(token_type=ABSENT), "failed", r"token_type"),
    "token_type mac": (tokens_changed(token_type="mac"), "failed", r"no bearer token"),
    "token_type a list": (tokens_changed(token_type=["Bearer"]), "failed", r"token_type"),
    "access_token missing": (tokens_changed(access_token=ABSENT), "failed", r"access_token"),
    "access_token empty": (tokens_changed(access_token=""), "failed", r"access_token"),
    "access_token with a line": (tokens_changed(access_token="a\r\nb"), "failed", r"access_token"),
    "access_token of another": (tokens_changed(access_token="another"), "failed", r"access token"),
    "id_token missing": (tokens_changed(id_token=ABSENT), "failed", r"no ID token"),
    "id_token null": (tokens_changed(id_token=None), "failed", r"no ID token"),
    "id_token a number": (tokens_changed(id_token=5), "failed", r"id_token"),
    "refresh_token a list": (tokens_changed(refresh_token=["x"]), "failed", r"refresh_token"),
    "refresh_token of 100 KB": (tokens_changed(refresh_token="r" * 100_000), "failed", r"refresh"),
    "expires_in negative": (tokens_changed(expires_in=-1), "failed", r"expires_in"),
    "expires_in a text": (tokens_changed(expires_in="300"), "failed", r"expires_in"),
}


@pytest.mark.parametrize("row", TOKEN_ANSWERS)
def test_token_endpoints(rig: Rig, row: str) -> None:
    prepare, said, why = TOKEN_ANSWERS[row]
    prepare(rig.corp)
    browser = rig.browser()
    rig.check(browser.sign_in(), browser, said, why)
    assert "/elsewhere" not in {request.path for _, request in rig.corp.requests}
    assert rig.corp.taken < 64 * MEGABYTE


def test_fields_of_the_token_endpoint_go_nowhere(rig: Rig) -> None:
    injected_fields(rig.corp)
    page = rig.browser().sign_in()
    assert page.location == "/app"
    assert "evil" not in str(page.fields)
