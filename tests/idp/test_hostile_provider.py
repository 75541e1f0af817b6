"""The scripted provider does well when left alone, and what it is told otherwise."""

from __future__ import annotations

import base64
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws, jwt
from joserfc.errors import InvalidClaimError, InvalidKeyIdError
from joserfc.jwk import KeySet

from application import Application
from browser_like import BrowserLike
from code_flow import Attempt, RelyingParty, TokenError, get_json
from hostile_provider import LOGOUT_EVENT, Answer, HostileProvider, Request, as_json, redirect
from minting import (
    ABSENT,
    Key,
    Secret,
    WeakRsa,
    base64url,
    der_signature,
    half_hash,
    mint,
    shared_key,
)

CALLBACK = "http://127.0.0.1:8080/signet/callback/hostile"


@pytest.fixture
def provider() -> Iterator[HostileProvider]:
    with HostileProvider() as made:
        yield made


def party_of(provider: HostileProvider) -> RelyingParty:
    return RelyingParty(provider.url, provider.client_id, provider.client_secret, CALLBACK)


def sign_in(provider: HostileProvider, algorithm: str = "RS256") -> tuple[dict[str, Any], Any]:
    party, attempt = party_of(provider), Attempt()
    page = BrowserLike(provider.url).fetch(party.authorize_url(attempt))
    tokens = party.redeem(attempt, page)
    claims = party.check_id_token(tokens["id_token"], nonce=attempt.nonce, algorithm=algorithm)
    return tokens, claims


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES384", "EdDSA"])
def test_does_well(alg: str) -> None:
    with HostileProvider(alg=alg) as provider:
        tokens, claims = sign_in(provider, alg)
        assert claims["groups"] == ["ml-platform"]
        assert claims["at_hash"] == half_hash(alg, tokens["access_token"])
        told = get_json(f"{provider.url}/userinfo", tokens["access_token"])
        assert told["email"] == claims["email"]
        assert provider.count("token") == 1


def test_at_hash_of_the_specification() -> None:
    # OpenID Connect Core 1.0, appendix A.4.
    access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    assert half_hash("RS256", access_token) == "77QmUPtjPfzWtF2AnpK9RQ"


def test_refresh_race_has_one_winner(provider: HostileProvider) -> None:
    party, (tokens, _) = party_of(provider), sign_in(provider)

    def refresh(_: int) -> str:
        try:
            return party.refresh(tokens["refresh_token"])["refresh_token"]
        except TokenError as refused:
            return refused.error

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(refresh, range(8)))
    assert got.count("invalid_grant") == 7
    (winner,) = [token for token in got if token != "invalid_grant"]
    assert party.refresh(winner)["id_token"]


def test_checks_what_a_provider_checks(provider: HostileProvider) -> None:
    party, attempt = party_of(provider), Attempt()
    browser = BrowserLike(provider.url)
    page = browser.fetch(party.authorize_url(attempt))
    with pytest.raises(TokenError) as wrong:
        party.redeem(Attempt(state=attempt.state), page)
    assert wrong.value.error == "invalid_grant"
    page = browser.fetch(party.authorize_url(attempt, code_challenge=""))
    assert page.parameters["error"] == "invalid_request"
    party.secret = "guessed"
    with pytest.raises(TokenError) as refused:
        party.call_token(grant_type="authorization_code", code="x")
    assert (refused.value.status, refused.value.error) == (401, "invalid_client")


def test_ends_sessions(provider: HostileProvider) -> None:
    query = urllib.parse.urlencode({"post_logout_redirect_uri": CALLBACK, "state": "bye"})
    page = BrowserLike(provider.url).fetch(f"{provider.url}/end-session?{query}")
    assert page.location == f"{CALLBACK}?state=bye"


@pytest.mark.parametrize("name", ["aud", "iss", "nonce"])
def test_claims_are_changed(provider: HostileProvider, name: str) -> None:
    provider.id_claims = {name: "another", "at_hash": ABSENT}
    with pytest.raises(InvalidClaimError):
        sign_in(provider)
    payload = json.loads(jws.extract_compact(provider.last_id_token.encode()).payload)
    assert payload[name] == "another" and "at_hash" not in payload


def back_from(provider: HostileProvider) -> list[tuple[str, str]]:
    page = BrowserLike(provider.url).fetch(party_of(provider).authorize_url(Attempt(state="s")))
    query = urllib.parse.urlsplit(page.location).query
    return urllib.parse.parse_qsl(query, keep_blank_values=True)


def test_browser_brings_back_what_is_told(provider: HostileProvider) -> None:
    assert [name for name, _ in back_from(provider)] == ["code", "state", "iss"]
    provider.back = lambda pairs: [*pairs, ("iss", "https://evil.example"), ("iss", "")]
    assert [value for name, value in back_from(provider) if name == "iss"] == [
        provider.url,
        "https://evil.example",
        "",
    ]
    script = [("error", "<script>"), ("state", "s")]
    provider.back = lambda _: script
    assert back_from(provider) == script
    provider.answers["authorize"] = lambda request: redirect(f"{request['redirect_uri']}?code=x")
    assert back_from(provider) == [("code", "x")]


def test_discovery_is_changed(provider: HostileProvider) -> None:
    provider.metadata_changes = {"jwks_uri": ABSENT, "issuer": "https://evil.example"}
    found = get_json(f"{provider.url}/.well-known/openid-configuration")
    assert "jwks_uri" not in found and found["issuer"] == "https://evil.example"


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_answers_are_replaced(provider: HostileProvider) -> None:
    def refuse(request: Request) -> Answer:
        return as_json({"error": "invalid_request", "was": request["code"]}, 400)

    provider.answers["token"] = refuse
    with pytest.raises(TokenError) as refused:
        sign_in(provider)
    assert refused.value.status == 400
    jwks = f"{provider.url}/jwks"
    provider.answers["jwks"] = lambda _: Answer(200, b"<html>")
    assert fetch(jwks) == (200, b"<html>")
    provider.answers["jwks"] = lambda _: Answer(503)
    assert fetch(jwks)[0] == 503
    provider.answers["jwks"] = lambda _: Answer(0, b"\x16\x03\x01 what?\r\n")
    with pytest.raises(Exception, match="what"):
        fetch(jwks)


def test_answers_late(provider: HostileProvider) -> None:
    provider.late("token", 0.4)
    started = time.monotonic()
    sign_in(provider)
    assert time.monotonic() - started >= 0.4
    provider.answers["jwks"] = lambda _: Answer(200, b"{}", seconds=0.4)
    started = time.monotonic()
    assert fetch(f"{provider.url}/jwks") == (200, b"{}")
    assert time.monotonic() - started >= 0.4


def test_floods_until_the_reader_goes(provider: HostileProvider) -> None:
    provider.answers["jwks"] = provider.flood(b'{"keys": [', b" " * 65536, 1 << 30)
    with urllib.request.urlopen(f"{provider.url}/jwks", timeout=20) as answer:
        assert answer.read(20).startswith(b'{"keys": [')
    time.sleep(0.2)
    assert 0 < provider.taken < 1 << 26
    provider.answers["jwks"] = provider.flood(b"[", b" ", 1000)
    assert len(fetch(f"{provider.url}/jwks")[1]) == 1000


def test_keys_rotate(provider: HostileProvider) -> None:
    party, (tokens, _) = party_of(provider), sign_in(provider)
    provider.rotate()
    sign_in(provider)
    party.check_id_token(tokens["id_token"])
    provider.rotate(keep=False)
    with pytest.raises(InvalidKeyIdError):
        party.check_id_token(tokens["id_token"])
    same = provider.rotate(kid=provider.keys[0].kid, keep=False)
    sign_in(provider)
    assert [key.kid for key in provider.keys] == [same.kid]


def test_logout_tokens(provider: HostileProvider, application: Application) -> None:
    application.forget()
    _, claims = sign_in(provider)
    token = provider.logout_token(sid=claims["sid"])
    assert provider.post_logout(application.logout_url, token) == (200, b"")
    assert application.tokens == [token]
    told = party_of(provider).check(token, "RS256")
    assert told["events"] == {LOGOUT_EVENT: {}} and told["sid"] == claims["sid"]
    bad = provider.logout_token(header={"typ": "JWT"}, events=ABSENT, nonce="n")
    application.status = 400
    assert provider.post_logout(application.logout_url, bad)[0] == 400
    parsed = jws.extract_compact(bad.encode())
    payload = json.loads(parsed.payload)
    assert parsed.headers()["typ"] == "JWT"
    assert "events" not in payload and payload["nonce"] == "n"


def parts(token: str) -> tuple[bytes, bytes]:
    """What is signed, and the signature."""
    signed, _, signature = token.rpartition(".")
    return signed.encode(), urlsafe(signature)


def urlsafe(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_mints_the_confused_and_the_unsigned() -> None:
    key = shared_key()
    for secret in (key.public_pem(), key.public_der(), json.dumps(key.jwk()).encode()):
        token = mint({"sub": "ada"}, Secret(secret), header={"kid": key.kid})
        signed, signature = parts(token)
        assert signature == hmac.digest(secret, signed, "sha256")
        assert json.loads(urlsafe(token.split(".")[0])) == {
            "alg": "HS256",
            "kid": key.kid,
            "typ": "JWT",
        }
    for none in ("none", "None", "NONE", "nOnE"):
        token = mint({"sub": "ada"}, key, alg=none)
        assert token.endswith(".") and json.loads(urlsafe(token.split(".")[0]))["alg"] == none


def test_mints_any_header_payload_and_signature() -> None:
    key = shared_key("ES256")
    token = mint(b'{"sub":"a","sub":"b"}', key, header=b'{"alg":"ES256","alg":"none"}')
    head, payload, _ = token.split(".")
    assert urlsafe(head) == b'{"alg":"ES256","alg":"none"}'
    assert urlsafe(payload) == b'{"sub":"a","sub":"b"}'
    token = mint({"sub": "ada"}, key, header={"typ": ABSENT, "crit": ["b64"], "b64": False})
    assert json.loads(urlsafe(token.split(".")[0])) == {
        "alg": "ES256",
        "kid": key.kid,
        "crit": ["b64"],
        "b64": False,
    }
    signed, signature = parts(mint({"sub": "ada"}, key, sign=der_signature(key)))
    public = key.private.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, signed, ec.ECDSA(SHA256()))
    zero = mint({"sub": "ada"}, key, sign=lambda _: bytes(64))
    assert zero.endswith(base64url(bytes(64)))
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"other", ec.ECDSA(SHA256()))


@pytest.mark.parametrize(("bits", "e"), [(512, 65537), (2048, 1)])
def test_weak_rsa_signs(bits: int, e: int) -> None:
    key = WeakRsa.make(bits, e)
    signed, signature = parts(mint({"sub": "ada"}, key))
    opened = pow(int.from_bytes(signature, "big"), key.e, key.n).to_bytes(bits // 8, "big")
    good = WeakRsa("good", key.n, 1, 1).sign("RS256", signed)
    assert opened == good
    assert key.jwk(use=ABSENT)["e"] == base64url(e.to_bytes(3 if e > 1 else 1, "big"))


def test_weak_rsa_pads_as_the_library_does() -> None:
    key = Key.make("RS256", "strong")
    numbers = key.private.private_numbers()  # type: ignore[union-attr]
    own = WeakRsa("strong", numbers.public_numbers.n, numbers.public_numbers.e, numbers.d)
    token = mint({"sub": "ada"}, own)
    keys = KeySet.import_key_set({"keys": [key.jwk()]})
    assert jwt.decode(token, keys, algorithms=["RS256"]).claims["sub"] == "ada"
