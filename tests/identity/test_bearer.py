"""Tokens of a configured issuer: who they are taken for, and what they may do."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from hostile_provider import Answer as ProviderAnswer
from hostile_provider import HostileProvider
from minting import ABSENT, Key, Secret, der_signature, mint, shared_key
from scripted_origin import Origin
from signet_process import Signet, plain_app, signed_app
from waiting import until
from wire import API, Answer, ask

Start = Callable[..., Signet]
AUDIENCE = "signet"
RUNS_CREATE = "/api/2.0/mlflow/runs/create"
RUNS_DELETE = "/api/2.0/mlflow/runs/delete"
EXPERIMENT_DELETE = "/api/2.0/mlflow/experiments/delete"
INVOKE = "/gateway/mlflow/v1/chat/completions"
RULES = {
    "admins": {"groups": ["ml-platform"]},
    "rules": [
        {"groups": ["everyone"], "apps": ["plain"], "permission": "READ"},
        {"groups": ["team-a"], "apps": ["*"], "permission": "EDIT"},
        {"groups": ["leads"], "apps": ["signed"], "permission": "MANAGE"},
        {"groups": ["interns"], "apps": ["*"], "permission": "NO_PERMISSIONS"},
        {"people": ["zoe@example.com"], "apps": ["signed"], "permission": "READ"},
    ],
}


def config(provider: HostileProvider, **bearer: Any) -> dict[str, Any]:
    issuer = {"issuer": provider.url, "audience": AUDIENCE, **bearer}
    return {"identity": {"bearer": [issuer]}, "access": RULES}


def claims(provider: HostileProvider, **changed: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": provider.url,
        "aud": AUDIENCE,
        "sub": "robot-1",
        "iat": now,
        "exp": now + 300,
        **changed,
    }


def token(provider: HostileProvider, **changed: Any) -> str:
    return mint(claims(provider, **changed), provider.keys[0])


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def basic(text: str, user: str = "anybody") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{text}".encode()).decode()}


def begin(start: Start, origin: Origin, provider: HostileProvider, **options: Any) -> Signet:
    apps = [plain_app(origin.url), signed_app(origin.url)]
    signet = start(apps, config=config(provider, **options))
    signet.told("issuer-keys-fetched")
    # Every loop has the keys.
    until("known", lambda: signet.ask("plain", headers=bearer(token(provider))).status == 200)
    origin.requests.clear()
    return signet


def check_unauthenticated(answer: Answer) -> None:
    assert (answer.status, answer.refusal) == (401, "unauthenticated"), answer
    assert json.loads(answer.body)["error_code"] == "UNAUTHENTICATED"
    assert "location" not in answer.headers
    assert "basic" not in answer.headers.get("www-authenticate", "").lower()


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES384", "EdDSA"])
def test_good_tokens_of_each_algorithm(
    start: Start, origin: Origin, provider: HostileProvider, alg: str
) -> None:
    provider.keys.insert(0, shared_key(alg))
    signet = begin(start, origin, provider)
    for headers in (bearer(token(provider)), basic(token(provider)), basic(token(provider), "")):
        for app, status in (("plain", 200), ("signed", 403)):
            assert signet.ask(app, headers=headers).status == status
    for request in origin.requests:
        assert token(provider)[:20] not in str(request.headers)
        assert "authorization" not in request.headers
    who = {line["who"] for line in signet.told("searchExperiments") if "who" in line}
    assert who == {"robot-1"}


def test_nobody_is_asked_to_sign_in_with_basic(
    start: Start, origin: Origin, provider: HostileProvider
) -> None:
    signet = begin(start, origin, provider)
    for path in (API, RUNS_CREATE, "/", "/version", "/graphql"):
        method = "POST" if path in (RUNS_CREATE, "/graphql") else "GET"
        check_unauthenticated(signet.ask("plain", path, method))
    assert origin.requests == []
    # The portal's files are the same for everybody; what it asks for is not.
    assert signet.ask("plain", "").status == 308
    assert signet.ask("plain", "/../../health").status == 400


def spoilt(provider: HostileProvider) -> dict[str, str]:
    """A token each that must be refused, by what is wrong with it."""
    key = provider.keys[0]
    good = claims(provider)
    now = int(time.time())
    foreign = Key.make("RS256", kid=key.kid)
    ec = shared_key("ES256")
    whole = mint(good, key)
    head, body, signature = whole.split(".")
    return {
        "empty": "x",
        "two parts": f"{head}.{body}",
        "four parts": f"{whole}.x",
        "five parts, a JWE": f"{whole}.x.y",
        "no signature": f"{head}.{body}.",
        "padded": f"{head}.{body}.{signature}=",
        "a bit flipped": f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "another's body": f"{head}.{mint(claims(provider, sub='eve'), foreign).split('.')[1]}."
        + signature,
        "none": mint(good, key, alg="none"),
        "None": mint(good, key, alg="None"),
        "nOnE": mint(good, key, alg="nOnE"),
        "HS256 with the PEM": mint(
            good, Secret(key.public_pem()), alg="HS256", header={"kid": key.kid}
        ),
        "HS256 with the DER": mint(
            good, Secret(key.public_der()), alg="HS256", header={"kid": key.kid}
        ),
        "a foreign key of the trusted name": mint(good, foreign),
        "an unknown key": mint(good, Key.make("RS256", kid="unknown")),
        "its own key in the header": mint(good, foreign, header={"jwk": foreign.jwk()}),
        "its own key set in the header": mint(
            good, foreign, header={"jku": f"{provider.url}/evil-keys"}
        ),
        "an extension": mint(good, key, header={"crit": ["exp"]}),
        "an unencoded payload": mint(good, key, header={"b64": False, "crit": ["b64"]}),
        "kid a path": mint(good, foreign, header={"kid": "../../dev/null"}),
        "kid SQL": mint(good, foreign, header={"kid": "' OR 1=1 --"}),
        "kid a list": mint(good, key, header={"kid": [key.kid]}),
        "kid of 10 KB": mint(good, key, header={"kid": "k" * 10_000}),
        "ES256 in DER": mint(good, ec, sign=der_signature(ec)),
        "ES256 of zeros": mint(good, ec, sign=lambda _: bytes(64)),
        "another algorithm's name": mint(
            good, key, alg="RS512", sign=lambda data: key.sign("RS256", data)
        ),
        "expired": mint(claims(provider, exp=now - 3600), key),
        "not yet": mint(claims(provider, nbf=now + 3600), key),
        "from the future": mint(claims(provider, iat=now + 3600), key),
        "no expiry": mint({k: v for k, v in good.items() if k != "exp"}, key),
        "expiry a text": mint(claims(provider, exp=str(now + 300)), key),
        "expiry 2^63": mint(claims(provider, exp=2**63), key),
        "expiry negative": mint(claims(provider, exp=-1), key),
        "another issuer": mint(claims(provider, iss="https://login.example.com"), key),
        "the issuer with a slash": mint(claims(provider, iss=provider.url + "/"), key),
        "no issuer": mint({k: v for k, v in good.items() if k != "iss"}, key),
        "issuer a list": mint(claims(provider, iss=[provider.url]), key),
        "another audience": mint(claims(provider, aud="another"), key),
        "no audience": mint({k: v for k, v in good.items() if k != "aud"}, key),
        "audience empty": mint(claims(provider, aud=[]), key),
        "audience a prefix": mint(claims(provider, aud="signe"), key),
        "nobody": mint({k: v for k, v in good.items() if k != "sub"}, key),
        "an empty person": mint(claims(provider, sub=""), key),
        "a person that is a number": mint(claims(provider, sub=5), key),
        "a person with a line feed": mint(claims(provider, sub="a\nb"), key),
        "two @": mint(claims(provider, sub="a@evil@example.com"), key),
        "groups a number": mint(claims(provider, groups=5), key),
        "groups of numbers": mint(claims(provider, groups=[1, 2]), key),
        "group overage, implicit flow": mint(claims(provider, hasgroups=True), key),
        "group overage": mint(
            claims(provider, _claim_names={"groups": "src1"}, _claim_sources={"src1": {}}), key
        ),
        "a logout token": mint(good, key, header={"typ": "logout+jwt"}),
        "twice a claim": mint(json.dumps(good).encode()[:-1] + b', "sub": "root"}', key),
        "claims that are a list": mint(b"[]", key),
        "claims that are no JSON": mint(b"hello", key),
        "header without alg": mint(good, key, header={"alg": ABSENT}),
        "20 KB": mint(claims(provider, padding="x" * 20_000), key),
    }


def test_spoilt_tokens(start: Start, origin: Origin, provider: HostileProvider) -> None:
    provider.keys.append(shared_key("ES256"))
    signet = begin(start, origin, provider)
    tokens = spoilt(provider)
    for what, text in tokens.items():
        for headers in (bearer(text), basic(text)):
            for app in ("plain", "signed"):
                answer = signet.ask(app, headers=headers)
                assert answer.status == 401, (what, answer)
                check_unauthenticated(answer)
        assert b"exp" not in answer.body, "callers are told nothing of the reason"
        assert signet.ask("plain", headers=bearer(token(provider))).status == 200, what
    assert len(origin.requests) == len(tokens)
    assert "/evil-keys" not in [request.path for _, request in provider.requests]
    said = signet.log.read_text()
    for what, text in tokens.items():
        for part in text.split("."):
            assert len(part) < 20 or part not in said, f"the log holds the token {what}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer a b"},
        {"Authorization": "Digest username=a"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=a"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic " + base64.b64encode(b"user:").decode()},
        {"Cookie": "signet=abc; __Host-signet=abc"},
        {"X-Forwarded-User": "root", "X-Signet-Person": "root", "Remote-User": "root"},
        {"X-Amzn-Oidc-Data": "a.b.c", "X-Amzn-Oidc-Identity": "root"},
    ],
    ids=lambda headers: "+".join(headers) + "=" + next(iter(headers.values()))[:12],
)
def test_nothing_else_is_a_credential(
    start: Start, origin: Origin, provider: HostileProvider, headers: dict[str, str]
) -> None:
    signet = begin(start, origin, provider)
    check_unauthenticated(signet.ask("plain", headers=headers))
    # The query is nothing that tokens travel in.
    path = f"{API}&access_token={token(provider)}"
    check_unauthenticated(signet.ask("plain", path, headers=headers))
    assert origin.requests == []


# Groups, person → what is allowed of: read, use, write, delete, admin on plain; on signed.
MAY = {
    "somebody": ([], "robot-1", "r", ""),
    "an editor": (["team-a"], "robot-1", "ruw", "ruw"),
    "an editor who leads": (["team-a", "leads"], "robot-1", "ruw", "ruwd"),
    "an intern who leads": (["leads", "interns"], "robot-1", "", ""),
    "an administrator": (["ml-platform"], "robot-1", "ruwda", "ruwda"),
    "a person by name": ([], "Zoe@Example.com", "r", "r"),
    "a group in another case": (["Team-A"], "robot-1", "r", ""),
    "a person called like a group": ([], "team-a", "r", ""),
}
ASKS = {
    "r": ("GET", API, None),
    "u": ("POST", INVOKE, b"{}"),
    "w": ("POST", RUNS_CREATE, b"{}"),
    "d": ("POST", EXPERIMENT_DELETE, b"{}"),
    "a": ("GET", "/api/2.0/mlflow/users/list", None),
}


@pytest.mark.parametrize("who", MAY)
def test_what_each_may(start: Start, origin: Origin, provider: HostileProvider, who: str) -> None:
    groups, person, plain, signed = MAY[who]
    signet = begin(start, origin, provider)
    headers = bearer(token(provider, groups=groups, sub=person))
    headers["Content-Type"] = "application/json"
    for app, allowed in (("plain", plain), ("signed", signed)):
        found = ""
        for letter, (method, path, body) in ASKS.items():
            before = len(origin.requests)
            answer = signet.ask(app, path, method, body, headers)
            arrived = len(origin.requests) > before
            assert arrived == (answer.status == 200), (app, path, answer)
            if arrived:
                found += letter
                continue
            assert (answer.status, answer.refusal) == (403, "forbidden"), (app, path, answer)
            said = json.loads(answer.body)
            assert said["error_code"] == "PERMISSION_DENIED"
            assert app in said["message"] or "administrators" in said["message"]
        assert found == allowed, (who, app)


def test_a_refusal_says_why(start: Start, origin: Origin, provider: HostileProvider) -> None:
    signet = begin(start, origin, provider)
    headers = bearer(token(provider))
    answer = signet.ask("plain", RUNS_CREATE, "POST", b"{}", headers)
    message = json.loads(answer.body)["message"]
    assert message == "You have READ on app plain; createRun takes EDIT."
    (line,) = [
        line
        for line in signet.told(answer.headers["x-request-id"])
        if line.get("event") == "request-refused"
    ]
    assert "createRun of app plain by robot-1: too-little (access.rules[0])" in line["why"]


def test_requirements_and_other_names(
    start: Start, origin: Origin, provider: HostileProvider
) -> None:
    signet = start(
        [plain_app(origin.url)],
        config={
            "identity": {
                "bearer": [
                    {
                        "issuer": provider.url,
                        "audience": ["signet", "other"],
                        "require": {"org": ["a", "b"], "deep.flag": "yes"},
                        "claims": {"person": "https://x.example/id", "groups": "cognito:groups"},
                        "groups": ["ci"],
                    }
                ]
            },
            "access": {
                "rules": [
                    {"groups": ["ci"], "apps": ["plain"], "permission": "READ"},
                    {"groups": ["g"], "apps": ["plain"], "permission": "EDIT"},
                ]
            },
        },
    )
    good = {
        "org": "a",
        "deep": {"flag": "yes"},
        "https://x.example/id": "me",
        "aud": ["x", "other"],
    }

    def status(path: str = API, method: str = "GET", **changed: Any) -> int:
        return signet.ask(
            "plain", path, method, headers=bearer(token(provider, **good | changed))
        ).status

    until("known", lambda: status() == 200)
    assert status(RUNS_CREATE, "POST") == 403
    assert status(RUNS_CREATE, "POST", **{"cognito:groups": ["g"]}) == 200
    assert status(RUNS_CREATE, "POST", **{"cognito:groups": "g"}) == 200
    assert status(org="c") == 401
    assert status(org=["c", "b"]) == 200
    assert status(org=None) == 401
    assert status(deep={"flag": "no"}) == 401
    assert status(deep="yes") == 401


def test_keys_are_rotated(start: Start, origin: Origin, provider: HostileProvider) -> None:
    signet = begin(start, origin, provider)
    old = token(provider)
    fresh = Key.make("ES256")
    provider.keys.insert(0, fresh)
    # The first token of the new key has the keys fetched, and waits for them.
    assert signet.ask("plain", headers=bearer(token(provider))).status == 200
    assert signet.ask("plain", headers=bearer(old)).status == 200
    fetches = [name for name, _ in provider.requests if name == "jwks"]
    for i in range(50):
        unknown = mint(claims(provider), Key.make("ES256", kid=f"unknown-{i}"))
        check_unauthenticated(signet.ask("plain", headers=bearer(unknown)))
    after = [name for name, _ in provider.requests if name == "jwks"]
    assert len(after) <= len(fetches) + 1, "invented keys have the set fetched time and again"


def test_a_withdrawn_key_is_forgotten_with_its_tokens(
    start: Start, origin: Origin, provider: HostileProvider
) -> None:
    signet = begin(start, origin, provider)
    stolen = token(provider)
    assert signet.ask("plain", headers=bearer(stolen)).status == 200
    provider.keys[:] = [Key.make("ES256")]
    assert signet.ask("plain", headers=bearer(token(provider))).status == 200
    until(
        "the old token is refused",
        lambda: signet.ask("plain", headers=bearer(stolen)).status == 401,
    )


@pytest.mark.parametrize("trouble", ["503", "garbage", "no HTTP", "other issuer", "huge"])
def test_a_provider_in_trouble(
    start: Start, origin: Origin, provider: HostileProvider, trouble: str
) -> None:
    """Its last keys go on serving; a gateway that never had any lets nobody in, and says so."""
    well = dict(provider.answers)
    signet = begin(start, origin, provider)
    troubles = {
        "503": lambda _: ProviderAnswer(503),
        "garbage": lambda _: ProviderAnswer(200, b"\x00<html>"),
        "no HTTP": lambda _: ProviderAnswer(0, b"what?\r\n\r\n"),
        "huge": provider.flood(b'{"keys": [', b" " * 65536, 1 << 28),
    }
    if trouble == "other issuer":
        provider.metadata_changes = {"issuer": "https://evil.example"}
    else:
        provider.answers["discovery"] = provider.answers["jwks"] = troubles[trouble]
    # Has them fetched.
    unknown = mint(claims(provider), Key.make("ES256", kid="unknown"))
    check_unauthenticated(signet.ask("plain", headers=bearer(unknown)))
    assert signet.told("issuer-keys-not-fetched")[0]["old_keys_still_serve"] is True
    assert signet.ask("plain", headers=bearer(token(provider))).status == 200
    late = start([plain_app(origin.url), signed_app(origin.url)], config=config(provider))
    assert late.told("issuer-keys-not-fetched")[0]["old_keys_still_serve"] is False
    check_unauthenticated(late.ask("plain", headers=bearer(token(provider))))
    provider.answers.update(well)
    provider.metadata_changes = {}
    until("known", lambda: late.ask("plain", headers=bearer(token(provider))).status == 200)


def test_a_token_ends(start: Start, origin: Origin, provider: HostileProvider) -> None:
    """Also one that was remembered: a minute of leeway is all."""
    signet = begin(start, origin, provider)
    text = token(provider, exp=int(time.time()) - 57)
    assert signet.ask("plain", headers=bearer(text)).status == 200
    until("it ended", lambda: signet.ask("plain", headers=bearer(text)).status == 401)


def test_who_am_i(start: Start, origin: Origin, provider: HostileProvider) -> None:
    signet = begin(start, origin, provider)
    path = "/api/2.0/mlflow/users/current"
    for groups, admin in (([], False), (["ml-platform"], True)):
        answer = signet.ask("plain", path, headers=bearer(token(provider, groups=groups)))
        assert json.loads(answer.body) == {"user": {"username": "robot-1", "is_admin": admin}}
    assert origin.requests == []


def test_only_apps_that_one_has_something_on_are_listed(
    start: Start, origin: Origin, provider: HostileProvider
) -> None:
    signet = begin(start, origin, provider)

    def listed(**who: Any) -> list[str]:
        answer = ask(signet.port, "/signet/api/v1/apps", headers=bearer(token(provider, **who)))
        assert answer.status == 200
        return [app["name"] for app in json.loads(answer.body)["apps"]]

    assert listed() == ["plain"]
    assert listed(groups=["team-a"]) == ["plain", "signed"]
    assert listed(groups=["interns"]) == []
    assert listed(groups=["ml-platform"]) == ["plain", "signed"]
    check_unauthenticated(ask(signet.port, "/signet/api/v1/apps"))
