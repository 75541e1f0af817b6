"""A gateway as the client may rely on it, and strict about what the client must do.

What is against the contract is answered with 400 and remembered in `broken`, which every test's end
looks at. Behind it stands as much of MLflow as `mlflow.search_experiments` asks for.
"""

from __future__ import annotations

import hmac
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
EXPERIMENT = {
    "experiment_id": "7",
    "name": "canned",
    "artifact_location": "mlflow-artifacts:/7",
    "lifecycle_stage": "active",
}


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


@dataclass
class Answer:
    status: int
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class BrokenContract(Exception):
    pass


class FakeGateway:
    """`lifetime`, `interval`, `polls`, … may be changed while it runs."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.lifetime: float = 3600
        self.interval: float = 1
        self.code_lifetime: float = 600
        self.any_pace = False  # for tests whose time is not the server's
        # What polls are answered with, one after another, before consent.
        self.polls: list[str] = []
        self.aws_keys: dict[str, Credentials] = {}
        self.aws_refused = False
        self.aws_busy = 0  # so many proofs are not put to STS
        self.renewal_seconds = 0.0
        self.failing: int | None = None  # a status for every answer
        self.answers: dict[str, Answer] = {}  # by path, instead of what is usual
        self.requests: list[Request] = []
        self.broken: list[str] = []
        self.accepted: set[str] = set()
        self.refreshable: set[str] = set()
        self.renewals = 0
        self._devices: dict[str, float] = {}
        self._proofs: set[str] = set()
        self._made = 0
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"gateway": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.authority = f"127.0.0.1:{self._server.server_port}"
        self.url = f"{'https' if tls else 'http'}://{self.authority}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # ---- what a test asks ----

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if urlsplit(request.path).path == path]

    def authorizations(self) -> list[str | None]:
        return [request.headers.get("authorization") for request in self.requests]

    def sign_in(self) -> dict[str, Any]:
        """Tokens as a person who has signed in holds them."""
        with self._lock:
            return self._tokens(refresh=True)

    # ---- answering ----

    def answer(self, request: Request) -> Answer:
        path = urlsplit(request.path).path
        with self._lock:
            self.requests.append(request)
        if self.failing:
            return Answer(self.failing, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "no"})
        if path in self.answers:
            return self.answers[path]
        try:
            if path.startswith("/signet/api/v1/"):
                return self._api(path, request)
        except BrokenContract as error:
            self.broken.append(f"{path}: {error}")
            return Answer(400, {"error": "invalid_request", "error_description": str(error)})
        return self._mlflow(path, request)

    def _api(self, path: str, request: Request) -> Answer:
        must(request.method == "POST", f"{request.method} instead of POST")
        for name in ("authorization", "cookie"):
            must(name not in request.headers, f"{name} was sent")
        if path.endswith("/device/authorize"):
            return self._authorize(form_of(request))
        if path.endswith("/device/token"):
            form = form_of(request)
            if form.get("grant_type") == "refresh_token":
                return self._renew(form)
            return self._poll(form, request.at)
        if path.endswith("/tokens/aws"):
            return self._role(request)
        return Answer(404, {"error_code": "ENDPOINT_NOT_FOUND", "message": "unknown"})

    def _authorize(self, form: dict[str, str]) -> Answer:
        must(form == {"client_id": "signet-cli"}, f"form {form}")
        with self._lock:
            self._made += 1
            code = f"device-{self._made}"
            self._devices[code] = time.monotonic() - self.interval
        page = f"{self.url}/signet/device"
        said = {"device_code": code, "user_code": "WDJB-MJHT", "verification_uri": page}
        said["verification_uri_complete"] = f"{page}?user_code=WDJB-MJHT"
        return Answer(200, {**said, "expires_in": self.code_lifetime, "interval": self.interval})

    def _poll(self, form: dict[str, str], at: float) -> Answer:
        code = form.pop("device_code", "")
        must(form == {"grant_type": DEVICE_GRANT, "client_id": "signet-cli"}, f"form {form}")
        must(code in self._devices, f"device code {code!r}")
        with self._lock:
            waited = at - self._devices[code]
            must(self.any_pace or waited >= 0.9 * self.interval, f"polled after {waited:.2f} s")
            self._devices[code] = at
            if self.polls:
                error = self.polls.pop(0)
                self.interval += 5 if error == "slow_down" else 0
                return Answer(400, {"error": error})
            return Answer(200, self._tokens(refresh=True))

    def _renew(self, form: dict[str, str]) -> Answer:
        token = form.pop("refresh_token", "")
        form.pop("client_id", None)  # RFC 6749 lets a public client name itself.
        must(form == {"grant_type": "refresh_token"}, f"form {form}")
        time.sleep(self.renewal_seconds)
        with self._lock:
            if token not in self.refreshable:
                return Answer(400, {"error": "invalid_grant"})
            self.refreshable.remove(token)
            self.renewals += 1
            return Answer(200, self._tokens(refresh=True))

    def _role(self, request: Request) -> Answer:
        must(request.headers.get("content-type") == "application/json", "not JSON")
        asked = json.loads(request.body)
        must(set(asked) == {"url", "headers"}, f"fields {set(asked)}")
        wanted = {"x-signet-gateway": self.authority}
        must(asked["headers"] == wanted, f"headers {asked['headers']}")
        check_proof(asked["url"], asked["headers"], self.aws_keys)
        if self.aws_refused:
            said = {"error_code": "PERMISSION_DENIED", "message": "no aws_roles entry names it"}
            return Answer(403, said, {"x-signet-refusal": "forbidden"})
        with self._lock:
            used = asked["url"] in self._proofs
            self._proofs.add(asked["url"])
            self.aws_busy -= not used
            if used or self.aws_busy >= 0:
                said = {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "not just now"}
                return Answer(503, said, {"Retry-After": "1"})
            return Answer(200, self._tokens(refresh=False))

    def _tokens(self, *, refresh: bool) -> dict[str, Any]:
        self._made += 1
        said = {"access_token": f"sgn_{self._made}", "token_type": "Bearer"}
        said["expires_in"] = self.lifetime
        self.accepted.add(said["access_token"])
        if refresh:
            said["refresh_token"] = f"again-{self._made}"
            self.refreshable.add(said["refresh_token"])
        return said

    def _mlflow(self, path: str, request: Request) -> Answer:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.accepted:
            said = {"error_code": "UNAUTHENTICATED", "message": "sign in first"}
            return Answer(401, said, {"x-signet-refusal": "unauthenticated"})
        if path.endswith("/mlflow/experiments/search"):
            return Answer(200, {"experiments": [EXPERIMENT]})
        if path == "/redirect":
            query = dict(parse_qsl(urlsplit(request.path).query))
            return Answer(307, {}, {"Location": query["to"]})
        return Answer(200, {"length": len(request.body)})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up, or wants no TLS, is no matter."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gateway: FakeGateway

    def handle_any(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._chunks() if "transfer-encoding" in headers else self._sized(headers)
        answer = self.gateway.answer(Request(self.command, self.path, headers, body))
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        kind = "text/html" if isinstance(answer.body, bytes) else "application/json"
        for name, value in {"Content-Type": kind, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def _sized(self, headers: dict[str, str]) -> bytes:
        return self.rfile.read(int(headers.get("content-length", "0")))

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: Any) -> None:
        pass


def must(good: bool, otherwise: str) -> None:
    if not good:
        raise BrokenContract(otherwise)


def form_of(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type")
    must(kind == "application/x-www-form-urlencoded", f"content-type {kind}")
    pairs = parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)
    must(len(dict(pairs)) == len(pairs), "a field was sent twice")
    return dict(pairs)


def check_proof(url: str, headers: dict[str, str], keys: dict[str, Credentials]) -> None:
    """What STS would check, by botocore's own signer, and what the gateway checks before."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    query = dict(pairs)
    must(len(query) == len(pairs), "a parameter twice")
    names = {"Action", "Version", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date"}
    names |= {"X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"}
    must(set(query) - {"X-Amz-Security-Token"} == names, f"parameters {set(query)}")
    must((query["Action"], query["Version"]) == ("GetCallerIdentity", "2011-06-15"), "operation")
    must(query["X-Amz-SignedHeaders"] == "host;x-signet-gateway", query["X-Amz-SignedHeaders"])
    must(0 < int(query["X-Amz-Expires"]) <= 60, f"good for {query['X-Amz-Expires']} s")
    key, day, region, service, end = query["X-Amz-Credential"].split("/")
    must((service, end) == ("sts", "aws4_request"), "scope")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    must((parts.scheme, parts.netloc, parts.path) == ("https", f"sts.{region}.{suffix}", "/"), url)
    signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    age = abs(datetime.now(timezone.utc) - signed)
    must(query["X-Amz-Date"].startswith(day) and age < timedelta(seconds=60), "time")
    must(key in keys, f"key {key}")
    must(query.get("X-Amz-Security-Token") == keys[key].token, "session token")

    unsigned = parts.query.partition("&X-Amz-Signature=")[0]
    request = AWSRequest("GET", urlunsplit(parts._replace(query=unsigned)), dict(headers))
    request.context["timestamp"] = query["X-Amz-Date"]
    signer = SigV4QueryAuth(keys[key], "sts", region, expires=int(query["X-Amz-Expires"]))
    text = signer.string_to_sign(request, signer.canonical_request(request))
    must(
        hmac.compare_digest(signer.signature(text, request), query["X-Amz-Signature"]), "signature"
    )
