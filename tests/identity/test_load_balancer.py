"""People whom an AWS load balancer has signed in, and what of it anybody else could say."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from own_tokens import ME, RULES, RUNS_CREATE, TOKENS, Start, apps_of
from test_bearer import bearer, check_unauthenticated, token

from hostile_provider import HostileProvider
from minting import ABSENT, Key, Secret, Signer, der_signature, merged, shared_key
from scripted_origin import Origin
from signet_process import Signet, in_threads
from waiting import PATIENCE, until
from wire import API, Answer, read_answer

SIGNER = (
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/company/50dc6c495c0c9188"
)
CLIENT = "signet-at-the-balancer"
ISSUER = "https://login.example.com"
KEY_ID = "0f9b3c1e-52a7-4e0c-9b1d-0123456789ab"
SEARCH = f"/apps/plain{API}"
CREATE = f"/apps/plain{RUNS_CREATE}"
TRUSTED = "127.0.0.1"
STRANGER = "127.0.0.2"
Fields = list[tuple[str, str]]


class KeyServer:
    """Keys by id, in PEM, as the Region's public address has them. What `answers` has is sent as
    it is."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {KEY_ID: shared_key("ES256")}
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(keys: KeyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            keys.asked.append(name)
            known = keys.keys.get(name)
            usual = (200, known.public_pem(), {}) if known else (403, b"no such key", {})
            status, body, headers = keys.answers.get(name, usual)
            self.send_response(status)
            for field in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(*field)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    made = KeyServer()
    yield made
    made.close()


@pytest.fixture
def signet(start: Start, provider: HostileProvider, origin: Origin, keys: KeyServer) -> Signet:
    balancer = {"signer": SIGNER, "client_id": CLIENT, "issuer": ISSUER, "keys": keys.url}
    scripts = {"issuer": provider.url, "audience": "signet"}
    document = {
        "identity": {"load_balancer": balancer, "bearer": [scripts]},
        "access": RULES,
        "trusted_proxies": [f"{TRUSTED}/32"],
    }
    return start(apps_of(origin), config=document)


def base64url(data: bytes) -> str:
    """With its padding, as load balancers write it against RFC 7515."""
    return base64.urlsafe_b64encode(data).decode()


def data_of(
    header: Mapping[str, Any] | None = None,
    claims: Mapping[str, Any] | None = None,
    *,
    key: Signer | None = None,
    alg: str = "ES256",
    sign: Callable[[bytes], bytes] | None = None,
    encode: Callable[[bytes], str] = base64url,
) -> str:
    """A good x-amzn-oidc-data but for what is changed."""
    now = int(time.time())
    own = {
        "typ": "JWT",
        "kid": KEY_ID,
        "alg": alg,
        "iss": ISSUER,
        "client": CLIENT,
        "signer": SIGNER,
        "exp": now + 120,
    }
    person = {
        "sub": "ed",
        "email": "Ed@example.com",
        "email_verified": True,
        "name": "Ed Editor",
        "groups": ["team-a"],
        "exp": now + 120,
        "iss": ISSUER,
    }
    parts = [merged(own, dict(header or {})), merged(person, dict(claims or {}))]
    signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
    signature = (
        sign(signed.encode()) if sign else (key or shared_key("ES256")).sign(alg, signed.encode())
    )
    return f"{signed}.{encode(signature)}"


def fields_of(data: str, identity: str = "ed") -> Fields:
    """What the load balancer adds to each request."""
    return [
        ("X-Amzn-Oidc-Data", data),
        ("X-Amzn-Oidc-Identity", identity),
        ("X-Amzn-Oidc-Accesstoken", "opaque-access-token"),
    ]


def call(
    signet: Signet,
    path: str,
    fields: Fields,
    *,
    method: str = "GET",
    body: bytes = b"",
    peer: str = TRUSTED,
    from_page: bool = True,
) -> Answer:
    """As a browser's page of ours sends it: what changes something names its origin."""
    if from_page and method != "GET" and not {"Origin", "Sec-Fetch-Site"} & dict(fields).keys():
        fields = [*fields, ("Origin", f"http://127.0.0.1:{signet.port}")]
    connection = http.client.HTTPConnection(
        "127.0.0.1", signet.port, timeout=PATIENCE, source_address=(peer, 0)
    )
    try:
        connection.putrequest(method, path)
        for field in fields:
            connection.putheader(*field)
        if method != "GET":
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        return read_answer(connection.getresponse())
    finally:
        connection.close()


def check_nothing_passed_on(origin: Origin, *secrets: str) -> None:
    for request in origin.requests:
        assert not [name for name in request.headers if "oidc" in name], request
        text = repr(request)
        for secret in ("opaque-access-token", *secrets):
            assert secret not in text


@pytest.mark.parametrize("form", ["padded", "unpadded"])
def test_who_signed_in_is_known(signet: Signet, origin: Origin, keys: KeyServer, form: str) -> None:
    def encode(data: bytes) -> str:
        return base64url(data) if form == "padded" else base64url(data).rstrip("=")

    data = data_of(encode=encode)
    fields = fields_of(data)
    for _ in range(4):
        assert call(signet, SEARCH, fields).status == 200
        assert call(signet, CREATE, fields, method="POST", body=b"{}").status == 200
        assert call(signet, f"/apps/signed{RUNS_CREATE}", fields, method="POST").status == 200
    assert keys.asked == [KEY_ID]
    assert len(origin.requests) == 12
    check_nothing_passed_on(origin, data, data.split(".")[1])
    me = json.loads(call(signet, ME, fields).body)
    assert me["means"] == "load_balancer"
    assert me["person"] == {
        "id": "ed@example.com",
        "name": "Ed Editor",
        "groups": ["team-a"],
        "admin": False,
    }
    assert (me["session"], me["can_make_tokens"]) == (None, False)
    line = next(line for line in signet.told("write") if line.get("event") == "write")
    assert (line["person"], line["means"]) == ("ed@example.com", "load-balancer")
    # Another person on the same connection pool of the load balancer is another person.
    rae = data_of(claims={"sub": "rae", "email": "rae@example.com", "groups": []})
    assert call(signet, SEARCH, fields_of(rae, "rae")).status == 200
    refused = call(signet, CREATE, fields_of(rae, "rae"), method="POST", body=b"{}")
    assert (refused.status, refused.refusal) == (403, "forbidden")
    text = signet.log.read_text()
    assert data not in text and "opaque-access-token" not in text


def test_others_cannot_say_so(signet: Signet, origin: Origin, provider: HostileProvider) -> None:
    """Whoever reaches the gateway past the load balancer may send the same fields."""
    fields = fields_of(data_of())
    assert call(signet, SEARCH, fields).status == 200
    until(
        "the issuer",
        lambda: call(signet, SEARCH, list(bearer(token(provider)).items())).status == 200,
    )
    origin.requests.clear()
    for path, method in ((SEARCH, "GET"), (CREATE, "POST"), (ME, "GET"), (TOKENS, "GET")):
        check_unauthenticated(call(signet, path, fields, method=method, peer=STRANGER))
    # No field of theirs makes them the load balancer.
    for name in ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Forwarded-Proto", "Via"):
        forged = [*fields, (name, TRUSTED)]
        check_unauthenticated(call(signet, SEARCH, forged, peer=STRANGER))
    assert origin.requests == []
    # With a credential of their own they are who that says.
    robot = list(bearer(token(provider)).items())
    me = json.loads(call(signet, ME, [*fields, *robot], peer=STRANGER).body)
    assert (me["means"], me["person"]["id"]) == ("bearer", "robot-1")
    assert call(signet, SEARCH, [*fields, *robot], peer=STRANGER).status == 200
    refused = call(signet, CREATE, [*fields, *robot], method="POST", body=b"{}", peer=STRANGER)
    assert refused.status == 403
    assert len(origin.requests) == 1
    check_nothing_passed_on(origin, fields[0][1])
    # Behind the load balancer too: whoever sends a token means it.
    me = json.loads(call(signet, ME, [*fields, *robot]).body)
    assert me["person"]["id"] == "robot-1"


def spoilt() -> dict[str, tuple[Fields, bool]]:
    """Fields each that name nobody, and whether the key server may be asked for that."""
    good = data_of()
    head, body, signature = good.split(".")
    ec, rsa = shared_key("ES256"), shared_key("RS256")
    foreign = Key.make("ES256", kid=KEY_ID)
    now = int(time.time())

    def header(**changed: Any) -> Fields:
        return fields_of(data_of(changed))

    def claims(**changed: Any) -> Fields:
        return fields_of(data_of(claims=changed))

    other = SIGNER.replace("/company/", "/evil/")
    before = {
        "another signer": header(signer=other),
        "another account's signer": header(signer=SIGNER.replace("123456789012", "210987654321")),
        "a signer that begins alike": header(signer=SIGNER + "0"),
        "no signer": header(signer=ABSENT),
        "a list of signers": header(signer=[SIGNER]),
        "another client": header(client="other"),
        "no client": header(client=ABSENT),
        "another issuer": header(iss="https://evil.example"),
        "an issuer with a slash": header(iss=ISSUER + "/"),
        "no issuer": header(iss=ABSENT),
        "expired": header(exp=now - 61),
        "no end": header(exp=ABSENT),
        "a key that is a path": header(kid="../../x"),
        "a key that is an address": header(kid="https://evil.example/x"),
        "no key": header(kid=ABSENT),
        "alg none": fields_of(data_of(alg="none")),
        "alg None, unsigned": fields_of(f"{data_of(alg='None').rpartition('.')[0]}."),
        "HS256 with the PEM": fields_of(data_of(key=Secret(ec.public_pem()), alg="HS256")),
        "RS256": fields_of(data_of(key=rsa, alg="RS256")),
        "ES384": fields_of(data_of(key=shared_key("ES384"), alg="ES384")),
        "empty": fields_of(""),
        "garbage": fields_of("x"),
        "two parts": fields_of(f"{head}.{body}"),
        "four parts": fields_of(f"{good}.x"),
        "no data": fields_of(good)[1:],
        "the identity alone": fields_of(good)[1:2],
        "the access token alone": fields_of(good)[2:],
        "data twice": [*fields_of(good), fields_of(good)[0]],
        "two people": [*fields_of(good), ("X-Amzn-Oidc-Identity", "rae")],
        "padded here, unpadded there": fields_of(f"{head.rstrip('=')}.{body}==.{signature}"),
    }
    after = {
        "another's signature": fields_of(data_of(key=foreign)),
        "a signature in DER": fields_of(data_of(sign=der_signature(ec))),
        "a signature of zeros": fields_of(f"{head}.{body}.{base64url(bytes(64))}"),
        "no signature": fields_of(f"{head}.{body}."),
        "another's claims": fields_of(
            f"{head}.{data_of(claims={'sub': 'eve'}, key=foreign).split('.')[1]}.{signature}", "eve"
        ),
        "another identity": fields_of(good, "rae"),
        "an identity in another case": fields_of(good, "ED"),
        "no identity": [fields_of(good)[0], fields_of(good)[2]],
        "no subject": claims(sub=ABSENT),
        "no address": claims(email=ABSENT),
        "an address that is not verified": claims(email_verified=False),
        "an address with two @": claims(email="a@b@example.com"),
        "an unknown key": header(kid=str(uuid.UUID(int=7))),
    }
    return {name: (fields, False) for name, fields in before.items()} | {
        name: (fields, True) for name, fields in after.items()
    }


def test_what_names_nobody(signet: Signet, origin: Origin, keys: KeyServer) -> None:
    for what, (fields, may_ask) in spoilt().items():
        answer = call(signet, SEARCH, fields)
        assert (answer.status, answer.refusal) == (401, "unauthenticated"), (what, answer)
        assert json.loads(answer.body)["error_code"] == "UNAUTHENTICATED", what
        assert may_ask or keys.asked == [], what
        # Not even for what everybody may see with a sign-in, and not as somebody by a former one.
        assert call(signet, ME, fields).status == 401, what
    assert origin.requests == []
    assert sorted(set(keys.asked)) == [str(uuid.UUID(int=7)), KEY_ID]
    # An unknown key is not asked for again and again, nor is a known one.
    assert len(keys.asked) <= 3
    assert call(signet, SEARCH, fields_of(data_of())).status == 200
    # A good sign-in that was seen before does not help what resembles it.
    for fields, _ in spoilt().values():
        assert call(signet, SEARCH, fields).status == 401
    assert len(origin.requests) == 1


def test_nothing_of_it_reaches_the_origin(signet: Signet, origin: Origin) -> None:
    data = data_of()
    spellings = [
        *fields_of(data),
        ("x_amzn_oidc_data", data),
        ("X-AMZN_OIDC-Identity", "eve"),
        ("X-Amzn-Oidc-Other", "opaque-access-token"),
        ("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678"),
        ("X-Amzn-Mtls-Clientcert", "opaque-access-token"),
        ("Cookie", "AWSELBAuthSessionCookie-0=opaque-access-token"),
    ]
    for app in ("plain", "signed"):
        for path, method in ((API, "GET"), (RUNS_CREATE, "POST")):
            answer = call(
                signet,
                f"/apps/{app}{path}",
                spellings,
                method=method,
                body=b"{}" if method == "POST" else b"",
            )
            assert answer.status == 200
    assert len(origin.requests) == 4
    check_nothing_passed_on(origin, data, "eve", "AWSELB")
    for request in origin.requests:
        theirs = [name for name in request.headers if name.startswith("x-amz")]
        assert set(theirs) <= {"x-amz-date", "x-amz-content-sha256"}, theirs


def test_pages_of_others_change_nothing(signet: Signet, origin: Origin) -> None:
    """The load balancer's cookie comes along with what any page sends."""
    fields = fields_of(data_of())
    for more in (
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
    ):
        answer = call(signet, CREATE, [*fields, *more], method="POST", body=b"{}")
        assert (answer.status, answer.refusal) == (403, "cross-site")
    answer = call(signet, CREATE, fields, method="POST", body=b"{}", from_page=False)
    assert (answer.status, answer.refusal) == (403, "cross-site")
    assert origin.requests == []
    # A token outlasts the sign-in, whose age nobody knows here.
    made = call(signet, TOKENS, fields, method="POST", body=b'{"title":"laptop"}')
    assert (made.status, made.refusal) == (403, "forbidden")
    assert json.loads(call(signet, TOKENS, fields).body) == {"tokens": []}


def test_the_client_is_whom_the_load_balancer_saw(signet: Signet) -> None:
    seen = [("X-Forwarded-For", "198.51.100.7, 203.0.113.9")]
    fields = fields_of(data_of())
    call(signet, CREATE, [*fields, *seen], method="POST", body=b"{}")
    call(signet, CREATE, [*fields, *seen], method="POST", body=b"{}", peer=STRANGER)
    until("both lines", lambda: len(_audited(signet)) == 2)
    assert {line["client"]: line["status"] for line in _audited(signet)} == {
        "203.0.113.9": 200,
        STRANGER: 401,
    }


def _audited(signet: Signet) -> list[dict[str, Any]]:
    return [line for line in signet.log_lines("audit") if line["operation"] == "createRun"]


def test_it_ends(signet: Signet) -> None:
    # A minute is given, for clocks differ.
    fields = fields_of(data_of({"exp": int(time.time()) - 57}))
    assert call(signet, SEARCH, fields).status == 200
    until("it has ended", lambda: call(signet, SEARCH, fields).status == 401, 8)


def test_new_keys(signet: Signet, keys: KeyServer) -> None:
    assert call(signet, SEARCH, fields_of(data_of())).status == 200
    fresh = str(uuid.uuid4())
    keys.keys[fresh] = Key.make("ES256", kid=fresh)
    fields = fields_of(data_of({"kid": fresh}, key=keys.keys[fresh]))
    statuses = in_threads(16, lambda _: call(signet, SEARCH, fields).status)
    assert statuses == [200] * 16
    assert keys.asked == [KEY_ID, fresh]
    # The old one holds on, though nobody has it any more.
    del keys.keys[KEY_ID]
    assert call(signet, SEARCH, fields_of(data_of(claims={"name": "E"}))).status == 200


def test_a_key_server_in_trouble(signet: Signet, keys: KeyServer) -> None:
    pem = shared_key("ES256").public_pem()
    trouble: dict[str, tuple[int, bytes, dict[str, str]]] = {
        "down": (500, b"", {}),
        "elsewhere": (302, b"", {"Location": f"{keys.url}/{KEY_ID}"}),
        "no key": (200, b"<html>", {}),
        "too much": (200, pem + b"\n" * (2 << 20), {}),
        "an RSA key": (200, shared_key("RS256").public_pem(), {}),
        "another curve": (200, shared_key("ES384").public_pem(), {}),
    }
    for what, answer in trouble.items():
        kid = str(uuid.uuid4())
        keys.answers[kid] = answer
        said = call(signet, SEARCH, fields_of(data_of({"kid": kid})))
        assert (said.status, said.refusal) == (401, "unauthenticated"), what
    assert KEY_ID not in keys.asked
    # Trouble passes.
    keys.answers[KEY_ID] = trouble["down"]
    fields = fields_of(data_of())
    assert call(signet, SEARCH, fields).status == 401
    del keys.answers[KEY_ID]
    until("it is well again", lambda: call(signet, SEARCH, fields).status == 200)


def test_invented_keys_are_not_all_asked_for(signet: Signet, keys: KeyServer) -> None:
    """Not even of the load balancer itself."""
    statuses = in_threads(
        30,
        lambda n: call(signet, SEARCH, fields_of(data_of({"kid": str(uuid.UUID(int=n))}))).status,
    )
    assert set(statuses) == {401}
    assert len(keys.asked) <= 12
