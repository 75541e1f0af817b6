"""An OpenID Connect provider that does as a test says; left alone, it does well.

    with HostileProvider() as provider:
        provider.id_claims = {"nonce": "another", "at_hash": ABSENT}     # in every ID token
        provider.mint = lambda claims: mint(claims, foreign_key)         # how they are signed
        provider.back = lambda pairs: [*pairs, ("iss", "https://evil")]  # what the browser brings
        provider.metadata_changes = {"jwks_uri": ABSENT}                 # in discovery
        provider.answers["token"] = lambda request: Answer(503)
        provider.answers["jwks"] = provider.flood(b'{"keys": [', b" " * 65536, 1 << 30)
        provider.post_logout(url, provider.logout_token(sid="another's"))

Nobody is asked anything: authorize answers with a code at once, for `person`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from minting import Key, base64url, half_hash, merged, mint, shared_key

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
PATHS = {
    "/.well-known/openid-configuration": "discovery",
    "/jwks": "jwks",
    "/authorize": "authorize",
    "/token": "token",
    "/userinfo": "userinfo",
    "/end-session": "end_session",
}
Pairs = list[tuple[str, str]]
T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """`query` and `form` keep what was repeated; [] reads the form, else the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Pairs
    form: Pairs

    def __getitem__(self, name: str) -> str:
        return dict([*self.query, *self.form]).get(name, "")


@dataclass(frozen=True)
class Answer:
    """A `body` that is not bytes is streamed until the connection's end. `seconds` is waited
    first. With status 0, `body` is all that is sent, then the connection ends: no HTTP at all."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0


def as_json(document: Any, status: int = 200) -> Answer:
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Answer(status, json.dumps(document).encode(), headers)


def redirect(url: str) -> Answer:
    return Answer(302, headers=(("Location", url),))


def with_query(url: str, pairs: Pairs) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(pairs)}"


Behaviour = Callable[[Request], Answer]


@dataclass(frozen=True)
class Login:
    """What a code or a refresh token stands for."""

    redirect_uri: str
    scope: str
    nonce: str
    challenge: str
    sid: str
    auth_time: int


@dataclass
class HostileProvider:
    """`requests` are all that came, by the names in PATHS. `issuer` is what it calls itself; its
    address unless told."""

    client_id: str = "signet"
    client_secret: str = "signet-secret"
    alg: str = "RS256"
    issuer: str = ""
    refresh: bool = True  # whether sign-ins get a refresh token
    lifetime: int = 300
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "ada",
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada Admin",
            "groups": ["ml-platform"],
        }
    )
    id_claims: dict[str, Any] = field(default_factory=dict)
    metadata_changes: dict[str, Any] = field(default_factory=dict)
    back: Callable[[Pairs], Pairs] = lambda pairs: pairs
    requests: list[tuple[str, Request]] = field(default_factory=list)
    taken: int = 0  # bytes of floods that were read
    last_id_token: str = ""

    def __post_init__(self) -> None:
        self.keys: list[Key] = [shared_key(self.alg)]  # published; the first one signs
        self.mint: Callable[[dict[str, Any]], str] = lambda claims: mint(claims, self.keys[0])
        self.answers: dict[str, Behaviour] = {
            "discovery": lambda _: as_json(self.metadata()),
            "jwks": lambda _: as_json({"keys": [key.jwk() for key in self.keys]}),
            "authorize": self.authorize,
            "token": self.token,
            "userinfo": self.userinfo,
            "end_session": self.end_session,
        }
        self.closing = threading.Event()
        self._codes: dict[str, Login] = {}
        self._refresh_tokens: dict[str, Login] = {}
        self._access_tokens: set[str] = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.provider = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.issuer = self.issuer or self.url
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def __enter__(self) -> HostileProvider:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Connections are refused from now on, and what waits is answered."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def count(self, name: str) -> int:
        return sum(1 for asked, _ in self.requests if asked == name)

    # ---- what it answers when it does well ----

    def metadata(self) -> dict[str, Any]:
        address = {name: f"{self.url}{path}" for path, name in PATHS.items()}
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": address["authorize"],
            "token_endpoint": address["token"],
            "userinfo_endpoint": address["userinfo"],
            "end_session_endpoint": address["end_session"],
            "jwks_uri": address["jwks"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [key.alg for key in self.keys],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
        }
        return merged(document, self.metadata_changes)

    def authorize(self, request: Request) -> Answer:
        """Sends the browser back with a code, changed by `back`."""
        if request["client_id"] != self.client_id or not request["redirect_uri"]:
            return Answer(400, b"no such client\n")
        came_back = [("state", request["state"]), ("iss", self.issuer)]
        if request["code_challenge_method"] != "S256" or not request["code_challenge"]:
            came_back = [("error", "invalid_request"), *came_back]
        else:
            came_back = [("code", self.new_code(request)), *came_back]
        return redirect(with_query(request["redirect_uri"], self.back(came_back)))

    def new_code(self, request: Request) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = Login(
            request["redirect_uri"],
            request["scope"],
            request["nonce"],
            request["code_challenge"],
            secrets.token_urlsafe(12),
            int(time.time()),
        )
        return code

    def token(self, request: Request) -> Answer:
        if self._client_of(request) != (self.client_id, self.client_secret):
            return as_json({"error": "invalid_client"}, 401)
        if request["grant_type"] == "refresh_token":
            login = self._take(self._refresh_tokens, request["refresh_token"])
        else:
            login = self._take(self._codes, request["code"])
            digest = hashlib.sha256(request["code_verifier"].encode()).digest()
            if login and login.challenge != base64url(digest):
                login = None
            if login and login.redirect_uri != request["redirect_uri"]:
                login = None
        if login is None:
            return as_json({"error": "invalid_grant"}, 400)
        return as_json(self.tokens(login))

    def _take(self, logins: dict[str, T], name: str) -> T | None:
        """Once: of two refreshes at the same time, one fails."""
        with self._lock:
            return logins.pop(name, None)

    def _client_of(self, request: Request) -> tuple[str, str]:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return request["client_id"], request["client_secret"]
        name, _, secret = base64.b64decode(value).decode().partition(":")
        return unquote(name), unquote(secret)

    def tokens(self, login: Login) -> dict[str, Any]:
        access_token = secrets.token_urlsafe(24)
        self._access_tokens.add(access_token)
        self.last_id_token = self.mint(self.claims(login, access_token))
        answer: dict[str, Any] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "scope": login.scope,
            "id_token": self.last_id_token,
        }
        if self.refresh:
            answer["refresh_token"] = secrets.token_urlsafe(24)
            self._refresh_tokens[answer["refresh_token"]] = login
        return answer

    def claims(self, login: Login, access_token: str) -> dict[str, Any]:
        """Of an ID token, changed by `id_claims`."""
        now = int(time.time())
        own = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + self.lifetime,
            "auth_time": login.auth_time,
            "nonce": login.nonce,
            "sid": login.sid,
            "at_hash": half_hash(self.keys[0].alg, access_token),
        }
        return merged(self.person, own, self.id_claims)

    def userinfo(self, request: Request) -> Answer:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return as_json(self.person) if token in self._access_tokens else Answer(401)

    def end_session(self, request: Request) -> Answer:
        if not request["post_logout_redirect_uri"]:
            return Answer(200, b"signed out\n")
        state = [("state", request["state"])] if request["state"] else []
        return redirect(with_query(request["post_logout_redirect_uri"], state))

    # ---- what tests do ----

    def rotate(self, alg: str = "", *, kid: str = "", keep: bool = True) -> Key:
        """A new key signs; the old ones stay published if `keep`."""
        key = Key.make(alg or self.keys[0].alg, kid)
        self.keys = [key, *(self.keys if keep else [])]
        return key

    def logout_token(self, *, header: Mapping[str, Any] | None = None, **changed: Any) -> str:
        """A good one for `person`, but for `header` and what is changed in the claims:
        logout_token(sid="one"), logout_token(events=ABSENT, nonce="n")."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(12),
            "sub": self.person["sub"],
            "events": {LOGOUT_EVENT: {}},
        }
        head = {"typ": "logout+jwt"} | dict(header or {})
        return mint(merged(claims, changed), self.keys[0], header=head)

    @staticmethod
    def post_logout(url: str, token: str) -> tuple[int, bytes]:
        """Sends it as a provider does. Returns status and body."""
        data = urlencode({"logout_token": token}).encode()
        try:
            with urllib.request.urlopen(url, data=data, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def flood(self, start: bytes, piece: bytes, size: int) -> Behaviour:
        """An answer of `size` bytes of JSON; `taken` counts those that somebody read."""

        def pieces() -> Iterator[bytes]:
            left, part = size, start
            while left > 0 and not self.closing.is_set():
                yield part[:left]
                with self._lock:
                    self.taken += min(len(part), left)
                left -= len(part)
                part = piece

        headers = (("Content-Type", "application/json"),)
        return lambda _: Answer(200, pieces(), headers)

    def late(self, name: str, seconds: float) -> None:
        """Its answers of that name come after `seconds`."""
        usual = self.answers[name]

        def wait(request: Request) -> Answer:
            self.closing.wait(seconds)
            return usual(request)

        self.answers[name] = wait


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _serve(self, body: bytes) -> None:
        address = urlsplit(self.path)
        pairs = [
            parse_qsl(text, keep_blank_values=True)
            for text in (address.query, body.decode("latin-1"))
        ]
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, address.path, headers, *pairs)
        provider, name = self.server.provider, PATHS.get(address.path, "")
        provider.requests.append((name, request))
        answer = provider.answers[name](request) if name in provider.answers else Answer(404)
        provider.closing.wait(answer.seconds)
        try:
            self._send(answer)
        except OSError:
            self.close_connection = True

    def _send(self, answer: Answer) -> None:
        whole = isinstance(answer.body, bytes)
        pieces = [answer.body] if isinstance(answer.body, bytes) else answer.body
        if answer.status:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if isinstance(answer.body, bytes):
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
        self.close_connection |= not whole or not answer.status
        for piece in pieces:
            self.wfile.write(piece)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    provider: HostileProvider

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are what a test wants."""
