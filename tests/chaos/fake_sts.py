"""An STS that misbehaves as its roles' names say, until it is healed.

Signatures are not checked here: tests/journeys does that with the stand-in.
"""

from __future__ import annotations

import ssl
import subprocess
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from ports import free_ports

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def keys_document(key_id: str, expires: datetime) -> bytes:
    return f"""<AssumeRoleResponse xmlns="{NAMESPACE}"><AssumeRoleResult><Credentials>
<AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>{"s" * 40}</SecretAccessKey>
<SessionToken>{"t" * 200}</SessionToken>
<Expiration>{expires.strftime("%Y-%m-%dT%H:%M:%SZ")}</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>""".encode()


def error_document(code: str, message: str) -> bytes:
    return f"""<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>
<Message>{message}</Message></Error><RequestId>chaos</RequestId></ErrorResponse>""".encode()


# Status and body of the modes that answer at once; the others are in _Handler.
ANSWERS = {
    "error-500": (500, error_document("InternalFailure", "Something went wrong")),
    "plain-503": (503, b"Service Unavailable"),
    "throttling": (400, error_document("Throttling", "Rate exceeded")),
    "denied": (403, error_document("AccessDenied", "Not authorized to perform sts:AssumeRole")),
    "error-in-200": (200, error_document("AccessDenied", "Not authorized")),
    "garbage": (200, b"<AssumeRoleResponse><Cred\x00entials>"),
    "half": (200, keys_document("ASIAHALF", datetime(2099, 1, 1, tzinfo=UTC))[:-60]),
    "empty": (200, b""),
    "huge": (200, b"<A>" + b"x" * (8 << 20) + b"</A>"),
    "past": (200, keys_document("ASIAPAST", datetime(2020, 1, 1, tzinfo=UTC))),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        role = form.get("RoleArn", "").rpartition("/")[2]
        sts = self.server.sts
        sts.calls[role] += 1
        mode = sts.mode_of(role)
        if mode in ANSWERS:
            return self._send(*ANSWERS[mode])
        if mode == "hang":
            sts.healed.wait(60)
            self.close_connection = True
            return None
        if mode == "close":
            self.close_connection = True
            return None
        if mode == "not-http":
            self.wfile.write(b"\x16\x03\x01 what?\r\n\r\n")
            self.close_connection = True
            return None
        if mode == "slow":
            time.sleep(0.7)
        return self._send(200, sts.issue(role))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    sts: FakeSts

    def handle_error(self, *_: object) -> None:
        """Clients that refuse the certificate are what a test wants."""


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    key, certificate, both = (folder / name for name in ("key.pem", "crt.pem", "both.pem"))
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=chaos", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", key, "-out", certificate]
    command = ["openssl", "req", "-x509", *kind, *names, *files]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + certificate.read_text())
    return both


class FakeSts:
    """`mode` is for every role; empty: what the role's name says, and nothing wrong for names
    that are no mode. `lifetime` is of the keys issued, in seconds. With `certificate`, a PEM file
    that has its key too, it speaks TLS."""

    def __init__(
        self, *, lifetime: float = 3600, listen: bool = True, certificate: Path | None = None
    ) -> None:
        self.port = free_ports(1)[0]
        self.mode = ""
        self.lifetime = lifetime
        self.healed = threading.Event()
        self.calls: Counter[str] = Counter()
        self.issued: list[str] = []
        self._certificate = certificate
        self._server: _Server | None = None
        if listen:
            self.listen()

    @property
    def url(self) -> str:
        return f"http{'s' if self._certificate else ''}://127.0.0.1:{self.port}"

    def listen(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.sts = self
        if self._certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self._certificate)
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        self.healed.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def heal(self) -> None:
        self.mode = ""
        self.healed.set()

    def mode_of(self, role: str) -> str:
        if self.mode:
            return self.mode
        return "" if self.healed.is_set() else role

    def issue(self, role: str) -> bytes:
        key_id = f"ASIA{len(self.issued):04}{role.upper().replace('-', '')}"
        self.issued.append(key_id)
        return keys_document(key_id, datetime.now(UTC) + timedelta(seconds=self.lifetime))
