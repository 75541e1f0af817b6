"""A stand-in for STS that answers presigned GetCallerIdentity requests.

It recomputes each signature with botocore, over the host that was signed (which the gateway passes
on as X-Forwarded-Host, for it talks to this address) and the headers that really came.
"""

from __future__ import annotations

import hmac
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
# Of signatures, whatever X-Amz-Expires says.
LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True)
class Caller:
    """Who has these credentials; `mode` "" answers as STS does, others are in _Handler."""

    credentials: Credentials
    arn: str
    mode: str = ""

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]


class Refusal(Exception):
    """An error code of STS."""


def identity_document(caller: Caller) -> str:
    session = caller.arn.rpartition("/")[2]
    return f"""<GetCallerIdentityResponse xmlns="{NAMESPACE}">
  <GetCallerIdentityResult>
    <Arn>{caller.arn}</Arn>
    <UserId>AROACLKWSDQRAOEXAMPLE:{session}</UserId>
    <Account>{caller.account}</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>
"""


def error_document(code: str) -> str:
    return f"""<ErrorResponse xmlns="{NAMESPACE}">
  <Error><Type>Sender</Type><Code>{code}</Code><Message>No.</Message></Error>
  <RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId>
</ErrorResponse>
"""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        sts = self.server.sts
        sts.asked.append(self.path)
        try:
            caller = sts.caller_of(self.path, dict(self.headers.items()))
        except Refusal as refusal:
            return self._send(403, error_document(str(refusal)))
        good = identity_document(caller)
        if caller.mode == "redirect":
            return self._send(302, good, Location=sts.address + self.path)
        if caller.mode == "huge":
            return self._send(200, good + " " * (70 << 10))
        if caller.mode == "beyond-a-megabyte":
            return self._send(200, good + " " * (2 << 20))
        if caller.mode == "garbage":
            return self._send(200, good[:-30])
        if caller.mode == "json":
            return self._send(200, '{"GetCallerIdentityResponse":{}}')
        if caller.mode == "error-500":
            return self._send(500, error_document("InternalFailure"))
        if caller.mode == "throttling":
            return self._send(429, error_document("Throttling"))
        if caller.mode == "close":
            self.close_connection = True
            return None
        return self._send(200, good)

    def _send(self, status: int, body: str, **headers: str) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    sts: AwsSts

    def handle_error(self, *_: Any) -> None:
        """Whoever hangs up in the middle of an answer may."""


class AwsSts:
    """On a free port of loopback, until close()."""

    def __init__(self) -> None:
        self.callers: dict[str, Caller] = {}
        self.asked: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.sts = self
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> AwsSts:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def add(self, caller: Caller) -> Caller:
        self.callers[caller.credentials.access_key] = caller
        return caller

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def caller_of(self, path: str, headers: dict[str, str]) -> Caller:
        """Who signed; raises Refusal."""
        received = {name.lower(): value for name, value in headers.items()}
        host = received.get("x-forwarded-host", received.get("host", ""))
        parts = urlsplit(path)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        query = dict(pairs)
        if parts.path != "/" or len(query) != len(pairs):
            raise Refusal("MalformedQueryString")
        if query.get("Action") != "GetCallerIdentity" or query.get("Version") != "2011-06-15":
            raise Refusal("InvalidAction")
        try:
            key, day, region, service, end = query["X-Amz-Credential"].split("/")
            date = query["X-Amz-Date"]
            expires = int(query["X-Amz-Expires"])
            names = query["X-Amz-SignedHeaders"].split(";")
            signature = query["X-Amz-Signature"]
            made = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except (KeyError, ValueError) as error:
            raise Refusal("IncompleteSignature") from error
        if (service, end) != ("sts", "aws4_request") or not date.startswith(day):
            raise Refusal("SignatureDoesNotMatch")
        if abs(datetime.now(UTC) - made) > LIFETIME:
            raise Refusal("SignatureDoesNotMatch")
        if key not in self.callers:
            raise Refusal("InvalidClientTokenId")
        caller = self.callers[key]
        if query.get("X-Amz-Security-Token") != caller.credentials.token:
            raise Refusal("InvalidClientTokenId")
        if "host" not in names or any(name not in received for name in names):
            raise Refusal("SignatureDoesNotMatch")
        unsigned = "&".join(
            pair for pair in parts.query.split("&") if not pair.startswith("X-Amz-Signature=")
        )
        signed = {name: received[name] for name in names if name != "host"}
        request = AWSRequest("GET", f"https://{host}/?{unsigned}", signed)
        request.context["timestamp"] = date
        signer = SigV4QueryAuth(caller.credentials, "sts", region, expires=expires)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if not hmac.compare_digest(signer.signature(text, request), signature):
            raise Refusal("SignatureDoesNotMatch")
        return caller
