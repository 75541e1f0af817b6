"""Hostile ID tokens: what is wrong with each, and the word of the operator's log that says so."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from sign_in_witness import WatchedProvider

from minting import (
    ABSENT,
    Key,
    Secret,
    WeakRsa,
    base64url,
    der_signature,
    merged,
    mint,
    shared_key,
)

Claims = dict[str, Any]
Minting = Callable[[Claims, WatchedProvider], str]
NOW = int(time.time())
FAILED = "failed"

# Claims that are changed → (the error of the door, what the log says).
CLAIM_ROWS: dict[str, tuple[Claims, str, str]] = {
    "nonce missing": ({"nonce": ABSENT}, FAILED, r"nonce"),
    "nonce empty": ({"nonce": ""}, FAILED, r"nonce"),
    "nonce a number": ({"nonce": 5}, FAILED, r"wrong type"),
    "nonce a list": ({"nonce": ["x"]}, FAILED, r"wrong type"),
    "iss another": ({"iss": "https://login.example.com"}, FAILED, r"another issuer"),
    "iss missing": ({"iss": ABSENT}, FAILED, r"another issuer"),
    "iss a list": ({"iss": ["x"]}, FAILED, r"wrong type"),
    "aud another": ({"aud": "another"}, FAILED, r"another audience"),
    "aud a prefix of ours": ({"aud": "signe"}, FAILED, r"another audience"),
    "aud in another case": ({"aud": "Signet"}, FAILED, r"another audience"),
    "aud missing": ({"aud": ABSENT}, FAILED, r"another audience"),
    "aud empty": ({"aud": []}, FAILED, r"another audience"),
    "aud list without azp": ({"aud": ["signet", "other"]}, FAILED, r"azp"),
    "azp another client": ({"azp": "other"}, FAILED, r"azp"),
    "aud list with azp of another": (
        {"aud": ["signet", "other"], "azp": "other"},
        FAILED,
        r"azp",
    ),
    "azp a list": ({"azp": ["signet"]}, FAILED, r"wrong type"),
    "at_hash wrong": ({"at_hash": base64url(bytes(16))}, FAILED, r"code or access token"),
    "at_hash empty": ({"at_hash": ""}, FAILED, r"code or access token"),
    "at_hash a number": ({"at_hash": 5}, FAILED, r"code or access token"),
    "c_hash wrong": ({"c_hash": base64url(bytes(16))}, FAILED, r"code or access token"),
    "sub missing": ({"sub": ABSENT}, FAILED, r"names nobody"),
    "sub empty": ({"sub": ""}, FAILED, r"empty, too long"),
    "sub a number": ({"sub": 5}, FAILED, r"wrong type"),
    "sub of 256 bytes": ({"sub": "s" * 256}, FAILED, r"empty, too long"),
    "sub with a line feed": ({"sub": "a\nlevel"}, FAILED, r"control characters"),
    "sid with NUL": ({"sid": "a\0b"}, FAILED, r"control characters"),
    "expired": ({"exp": NOW - 3600}, FAILED, r"expired"),
    "expired an hour after a past iat": ({"iat": NOW - 7200, "exp": NOW - 3600}, FAILED, "expired"),
    "exp missing": ({"exp": ABSENT}, FAILED, r"when it expires"),
    "exp a text": ({"exp": str(NOW + 300)}, FAILED, r"number of seconds"),
    "exp 2^63": ({"exp": 2**63}, FAILED, r"number of seconds"),
    "exp 1e300": ({"exp": 1e300}, FAILED, r"number of seconds"),
    "exp negative": ({"exp": -1}, FAILED, r"number of seconds"),
    "exp true": ({"exp": True}, FAILED, r"number of seconds"),
    "iat in the future": ({"iat": NOW + 3600}, FAILED, r"in the future \(iat\)"),
    "iat missing": ({"iat": ABSENT}, FAILED, r"when it was issued"),
    "iat a text": ({"iat": str(NOW)}, FAILED, r"number of seconds"),
    "nbf in the future": ({"nbf": NOW + 3600}, FAILED, r"not valid yet"),
    "auth_time in the future": ({"auth_time": NOW + 3600}, FAILED, r"auth_time"),
    "auth_time a text": ({"auth_time": "now"}, FAILED, r"number of seconds"),
    "an event of logout": ({"events": {}}, FAILED, r"token of events"),
    "email unverified": ({"email_verified": False}, "unverified_email", r"email_verified"),
    "email_verified missing": ({"email_verified": ABSENT}, "unverified_email", r"email_verified"),
    "email_verified the text false": (
        {"email_verified": "false"},
        "unverified_email",
        r"email_verified",
    ),
    "email_verified 1": ({"email_verified": 1}, "unverified_email", r"email_verified"),
    "email_verified null": ({"email_verified": None}, "unverified_email", r"email_verified"),
    "email with two @": ({"email": "a@evil@example.com"}, "not_allowed", r"several @"),
    "email without @": ({"email": "root"}, "unverified_email", r"no address"),
    "email without a name": ({"email": "@example.com"}, "unverified_email", r"no address"),
    "email without a domain": ({"email": "ada@"}, "unverified_email", r"no address"),
    "email with a look-alike": ({"email": "аda@example.com"}, "unverified_email", r"no address"),
    "email with a fullwidth @": ({"email": "ada＠example.com"}, "unverified_email", r"no address"),
    "email with a space": ({"email": "ada @example.com"}, "unverified_email", r"no address"),
    "email with a space behind": ({"email": "ada@example.com "}, "unverified_email", "no address"),
    "email with a line feed": ({"email": "ada@example.com\nx"}, "not_allowed", r"control char"),
    "email with NUL": ({"email": "ada@example.com\0"}, "not_allowed", r"control char"),
    "email with an escape of terminals": (
        {"email": "\x1b[31mada@example.com"},
        "not_allowed",
        r"control char",
    ),
    "email missing": ({"email": ABSENT}, "not_allowed", r"names the person"),
    "email empty": ({"email": ""}, "not_allowed", r"names the person"),
    "email a list": ({"email": ["ada@example.com"]}, "not_allowed", r"names the person"),
    "email of 10 KB": ({"email": "a" * 10_000 + "@example.com"}, "not_allowed", r"too long"),
    "an AWS role's person": ({"email": "aws:123456789012/x"}, "not_allowed", r"ids of AWS roles"),
    "groups a number": ({"groups": 5}, "not_allowed", r"no list of texts"),
    "groups of numbers": ({"groups": [1]}, "not_allowed", r"no list of texts"),
    "groups that no cookie holds": (
        {"groups": ["g" * 11_330]},
        FAILED,
        r"too many groups for a session",
    ),
    "groups that are too many": (
        {"groups": [f"g{i}" for i in range(5000)]},
        FAILED,
        r"too large",
    ),
    "group overage": (
        {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {}}},
        "not_allowed",
        r"overage",
    ),
    "a domain that is not required": ({"hd": "evil.example"}, "not_allowed", r"required"),
    "a required claim that is missing": ({"hd": ABSENT}, "not_allowed", r"required"),
}


def _payload_with(claims: Claims, text: str) -> bytes:
    return json.dumps(claims).encode()[:-1] + text.encode() + b"}"


def _header(key: Key, text: str) -> bytes:
    return f'{{"alg":"{key.alg}","kid":"{key.kid}","typ":"JWT"{text}}}'.encode()


FOREIGN = Key.make("RS256", kid="foreign")
PRETENDER = Key("", "RS256", FOREIGN.private)
RSA, EC = shared_key("RS256"), shared_key("ES256")
EXPONENT_1 = WeakRsa.make(1024, e=1, kid="exponent-1")
TINY = WeakRsa.make(512, kid="tiny")
OCT = Secret(b"a secret that everybody can read", kid="oct")
ENC = Key("for-encryption", "RS256", FOREIGN.private)
OPS = Key("for-signing", "RS256", FOREIGN.private)
OTHER_ALG = Key("of-rs512", "RS256", FOREIGN.private)
LEAKED = Key("leaked", "RS256", FOREIGN.private)
# Published by the provider, and of no use to anybody.
UNFIT_KEYS = [
    EXPONENT_1.jwk(),
    TINY.jwk(),
    {"kty": "oct", "kid": "oct", "alg": "HS256", "k": base64url(OCT.secret)},
    ENC.jwk(use="enc"),
    OPS.jwk(use=ABSENT, key_ops=["sign"]),
    OTHER_ALG.jwk(alg="RS512"),
    LEAKED.jwk(d="AQAB"),
]


def pretend(key: Key) -> Key:
    """A foreign key that wears the trusted one's name."""
    return Key(key.kid, key.alg, FOREIGN.private)


def hmac(secret: bytes, alg: str = "HS256") -> Minting:
    return lambda claims, _: mint(claims, Secret(secret), alg=alg, header={"kid": RSA.kid})


def headed(key: Key = RSA, **header: Any) -> Minting:
    return lambda claims, _: mint(claims, key, header=header)


def signed_by(key: Any, **options: Any) -> Minting:
    return lambda claims, _: mint(claims, key, **options)


def reshaped(change: Callable[[str, str, str], str]) -> Minting:
    return lambda claims, _: change(*mint(claims, RSA).split("."))


ALGORITHM = r"algorithm is not allowed"
SIGNATURE = r"signature is not the issuer's|no key for the token"
KEY_ID = r"kid is not a short"
SPELLING = r"base64url"

# How the token is made → what the log says.
TOKEN_ROWS: dict[str, tuple[Minting, str]] = {
    "alg none": (signed_by(RSA, alg="none"), ALGORITHM),
    "alg None": (signed_by(RSA, alg="None"), ALGORITHM),
    "alg NONE": (signed_by(RSA, alg="NONE"), ALGORITHM),
    "alg nOnE": (signed_by(RSA, alg="nOnE"), ALGORITHM),
    "alg none with a signature": (
        signed_by(RSA, alg="none", sign=lambda data: RSA.sign("RS256", data)),
        ALGORITHM,
    ),
    "alg missing": (headed(alg=ABSENT), r"names no algorithm"),
    "alg a list": (headed(alg=["RS256"]), r"names no algorithm"),
    "alg empty": (headed(alg=""), ALGORITHM),
    "alg in lower case": (headed(alg="rs256"), ALGORITHM),
    "no signature": (reshaped(lambda h, p, s: f"{h}.{p}."), r"three parts"),
    "HMAC with the public key as PEM": (hmac(RSA.public_pem()), ALGORITHM),
    "HMAC with the public key as DER": (hmac(RSA.public_der()), ALGORITHM),
    "HMAC with the public key as JWK": (hmac(json.dumps(RSA.jwk()).encode()), ALGORITHM),
    "HMAC with the modulus": (hmac(RSA.jwk()["n"].encode()), ALGORITHM),
    "HS384 with the public key": (hmac(RSA.public_pem(), "HS384"), ALGORITHM),
    "HS512 with the public key": (hmac(RSA.public_pem(), "HS512"), ALGORITHM),
    "HMAC with nothing": (hmac(b""), ALGORITHM),
    "HMAC with the client secret": (hmac(b"signet-secret"), ALGORITHM),
    "HMAC with a published oct key": (signed_by(OCT), ALGORITHM),
    "RS256 of an oct key": (headed(kid="oct"), SIGNATURE),
    "an algorithm that metadata does not name": (signed_by(RSA, alg="PS256"), ALGORITHM),
    "ES256 in DER": (signed_by(EC, sign=der_signature(EC)), SIGNATURE),
    "ES256 of zeros": (signed_by(EC, sign=lambda _: bytes(64)), SIGNATURE),
    "ES256 too long": (
        signed_by(EC, sign=lambda data: EC.sign("ES256", data) + b"\0"),
        SIGNATURE,
    ),
    "ES256 too short": (signed_by(EC, sign=lambda data: EC.sign("ES256", data)[:63]), SIGNATURE),
    "ES256 r and s the order": (
        signed_by(
            EC,
            sign=lambda _: (
                2
                * bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
            ),
        ),
        SIGNATURE,
    ),
    "ES256 with the RSA key's kid": (headed(EC, kid=RSA.kid), r"no key|another algorithm"),
    "RSA with exponent 1": (signed_by(EXPONENT_1), SIGNATURE),
    "RSA of 512 bits": (signed_by(TINY), SIGNATURE),
    "an RSA signature of zeros": (signed_by(RSA, sign=lambda _: bytes(256)), SIGNATURE),
    "an RSA signature of 1": (signed_by(RSA, sign=lambda _: bytes(255) + b"\1"), SIGNATURE),
    "a bit flipped": (
        reshaped(lambda h, p, s: f"{h}.{p}.{'A' if s[0] != 'A' else 'B'}{s[1:]}"),
        SIGNATURE,
    ),
    "a key for encryption": (signed_by(ENC), SIGNATURE),
    "a key for signing only": (signed_by(OPS), SIGNATURE),
    "a key of another algorithm": (signed_by(OTHER_ALG), r"another algorithm|no key"),
    "a key whose private part is published": (signed_by(LEAKED), SIGNATURE),
    "jwk in header": (headed(FOREIGN, jwk=FOREIGN.jwk()), SIGNATURE),
    "jwk in header without kid": (
        headed(FOREIGN, jwk=FOREIGN.jwk(), kid=ABSENT),
        SIGNATURE,
    ),
    "jku in header": (
        lambda claims, provider: mint(
            claims, FOREIGN, header={"jku": f"{provider.url}/evil", "kid": RSA.kid}
        ),
        SIGNATURE,
    ),
    "x5u in header": (
        lambda claims, provider: mint(
            claims, FOREIGN, header={"x5u": f"{provider.url}/evil", "kid": RSA.kid}
        ),
        SIGNATURE,
    ),
    "x5c in header": (headed(pretend(RSA), x5c=["MIIB"]), SIGNATURE),
    "crit": (headed(crit=["exp"]), r"crit"),
    "crit empty": (headed(crit=[]), r"crit"),
    "b64 false": (headed(b64=False), r"b64"),
    "b64 false and crit": (headed(b64=False, crit=["b64"]), r"crit|b64"),
    "a JWE": (reshaped(lambda h, p, s: f"{h}.{p}.{s}.AA.AA"), r"encrypted"),
    "a JWT within a JWT": (
        lambda claims, _: mint(mint(claims, RSA).encode(), RSA, header={"cty": "JWT"}),
        r"not a JSON object",
    ),
    "two parts": (reshaped(lambda h, p, s: f"{h}.{p}"), r"three parts"),
    "four parts": (reshaped(lambda h, p, s: f"{h}.{p}.{s}.AA"), r"three parts"),
    "padded": (reshaped(lambda h, p, s: f"{h}.{p}.{s}="), SPELLING),
    "base64 rather than base64url": (
        lambda claims, _: mint(claims, RSA, sign=lambda _: b"\xff" * 256).replace("_", "/"),
        SPELLING,
    ),
    "another spelling of the last bits": (
        lambda claims, _: mint(claims, RSA, sign=lambda _: bytes(256))[:-1] + "B",
        SPELLING,
    ),
    "a space behind": (reshaped(lambda h, p, s: f"{h}.{p}.{s} "), SPELLING),
    "not base64url": (reshaped(lambda h, p, s: f"{h}.{p}.!!!!"), SPELLING),
    "duplicate members in the claims": (
        lambda claims, _: mint(_payload_with(claims, ', "email": "root@example.com"'), RSA),
        r"a claim twice",
    ),
    "duplicate members by an escape": (
        lambda claims, _: mint(_payload_with(claims, r', "\u0065mail": "root@example.com"'), RSA),
        r"a claim twice",
    ),
    "duplicate members deep in the claims": (
        lambda claims, _: mint(_payload_with(claims, ', "x": {"a": 1, "a": 2}'), RSA),
        r"a claim twice",
    ),
    "duplicate members in the header": (
        lambda claims, _: mint(claims, RSA, header=_header(RSA, ',"alg":"none"')),
        r"says everything once",
    ),
    "claims a list": (lambda claims, _: mint(b"[]", RSA), r"not a JSON object"),
    "claims no JSON": (lambda claims, _: mint(b"hello", RSA), r"not a JSON object"),
    "claims with a comma too many": (
        lambda claims, _: mint(_payload_with(claims, ","), RSA),
        r"not a JSON object",
    ),
    "claims in UTF-16": (
        lambda claims, _: mint(json.dumps(claims).encode("utf-16"), RSA),
        r"not a JSON object",
    ),
    "claims nested 10,000 times": (
        lambda claims, _: mint(_payload_with(claims, ', "x": ' + "[" * 5000 + "]" * 5000), RSA),
        r"not a JSON object",
    ),
    "kid path traversal": (headed(pretend(RSA), kid="../../../../dev/null"), SIGNATURE),
    "kid SQL": (headed(pretend(RSA), kid="' UNION SELECT 'x' --"), SIGNATURE),
    "kid an address": (headed(pretend(RSA), kid="https://evil.example/jwks"), SIGNATURE),
    "kid with NUL": (headed(kid=f"{RSA.kid}\0x"), KEY_ID),
    "kid with a line feed": (headed(kid="x\n{}"), KEY_ID),
    "kid of 10 KB": (headed(kid="k" * 10_000), KEY_ID),
    "kid a list": (headed(kid=[RSA.kid]), KEY_ID),
    "kid a number": (headed(kid=5), KEY_ID),
    "kid null": (headed(kid=None), KEY_ID),
    "kid empty": (headed(pretend(RSA), kid=""), SIGNATURE),
    "kid unknown": (signed_by(FOREIGN), SIGNATURE),
    "kid missing, a foreign key": (headed(FOREIGN, kid=ABSENT), SIGNATURE),
    "a foreign key of the trusted kid": (signed_by(pretend(RSA)), SIGNATURE),
    "typ of an access token": (headed(typ="at+jwt"), r"another end"),
    "typ of a logout token": (headed(typ="logout+jwt"), r"another end"),
    "typ of a security event": (headed(typ="application/secevent+jwt"), r"another end"),
    "typ a list": (headed(typ=["JWT"]), r"typ is not"),
    "a logout token": (
        lambda claims, provider: provider.logout_token(),
        r"another end",
    ),
    "empty": (lambda claims, _: "", r"no proper id_token"),
    "a token of 512 KB": (
        lambda claims, _: mint(merged(claims, {"padding": "x" * 380_000}), RSA),
        r"id_token|too large",
    ),
    "a token of 40 KB": (
        lambda claims, _: mint(merged(claims, {"padding": "x" * 30_000}), RSA),
        r"too large",
    ),
}
