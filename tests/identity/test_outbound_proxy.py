"""Hosts that only a proxy can reach, with certificates of a company's own."""

from __future__ import annotations

import datetime
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from signet_process import Signet, plain_app
from wire import API

HOST = "mlflow.company.test"  # no name that resolves
Start = Callable[..., Signet]


class Proxy:
    """CONNECT to whatever name leads to `port`. `asked` are the targets."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self.status = b"200 Connection established"
        self._port = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=[client], daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        self.asked.append(head.split(b"\r\n")[0].decode())
        client.sendall(b"HTTP/1.1 " + self.status + b"\r\n\r\n")
        if not self.status.startswith(b"200"):
            client.close()
            return
        origin = socket.create_connection(("127.0.0.1", self._port))
        back = threading.Thread(target=self._pump, args=[origin, client], daemon=True)
        back.start()
        self._pump(client, origin)

    @staticmethod
    def _pump(source: socket.socket, to: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self) -> None:
        self._server.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"3.17.2" if self.path == "/version" else b'{"experiments": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    pem, secret = folder / "company.pem", folder / "company.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


@pytest.fixture
def company(test_folder: Path) -> Iterator[tuple[Proxy, Path]]:
    pem, key = certificate(test_folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    proxy = Proxy(server.server_port)
    yield proxy, pem
    proxy.close()
    server.shutdown()
    server.server_close()


def test_through_the_proxy(start: Start, company: tuple[Proxy, Path]) -> None:
    proxy, pem = company
    outbound = {"proxy": f"http://127.0.0.1:{proxy.port}", "ca": str(pem)}
    signet = start([plain_app(f"https://{HOST}")], config={"outbound": outbound})
    answer = signet.ask("plain", API)
    assert (answer.status, answer.body) == (200, b'{"experiments": []}')
    assert set(proxy.asked) == {f"CONNECT {HOST}:443 HTTP/1.1"}

    proxy.status = b"403 Forbidden"
    signet.answers_well("plain")  # over a connection that is there


def test_what_the_proxy_refuses(start: Start, company: tuple[Proxy, Path]) -> None:
    proxy, pem = company
    proxy.status = b"407 Proxy Authentication Required"
    outbound = {"proxy": f"http://127.0.0.1:{proxy.port}", "ca": str(pem)}
    signet = start([plain_app(f"https://{HOST}")], config={"outbound": outbound})
    answer = signet.ask("plain", API)
    assert (answer.status, answer.refusal) == (503, "origin-unreachable")
    why = signet.told("request-refused")[-1]["why"]
    assert "the proxy answered 407 to CONNECT" in why


def test_what_needs_no_proxy(start: Start, company: tuple[Proxy, Path]) -> None:
    proxy, _ = company
    outbound = {"proxy": f"http://127.0.0.1:{proxy.port}", "no_proxy": [".company.test"]}
    signet = start([plain_app(f"https://{HOST}")], config={"outbound": outbound})
    answer = signet.ask("plain", API)
    assert (answer.status, answer.refusal) == (503, "origin-unreachable")
    assert not proxy.asked
