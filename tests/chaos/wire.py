"""The client's side: whole requests, and connections that misbehave."""

from __future__ import annotations

import http.client
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

from waiting import PATIENCE

API = "/api/2.0/mlflow/experiments/search?max_results=1"
ARTIFACT = "/api/2.0/mlflow-artifacts/artifacts/model.bin"


@dataclass
class Answer:
    """`status` is 0 when the connection ended without one; `whole` says that the body came to
    its announced end."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = False

    @property
    def refusal(self) -> str:
        return self.headers.get("x-signet-refusal", "")

    @property
    def retry_after(self) -> str:
        return self.headers.get("retry-after", "")


def read_answer(response: http.client.HTTPResponse) -> Answer:
    answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()})
    try:
        answer.body = response.read()
        answer.whole = True
    except http.client.IncompleteRead as part:
        answer.body = part.partial
    except OSError:
        pass
    return answer


def ask(
    port: int,
    path: str,
    method: str = "GET",
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = PATIENCE,
) -> Answer:
    """One request on a connection of its own. An iterable body is sent chunked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request(method, path, body, dict(headers or {}))
        return read_answer(connection.getresponse())
    except TimeoutError:
        raise
    except (http.client.HTTPException, OSError):
        return Answer()
    finally:
        connection.close()


class Line:
    """A connection by hand."""

    def __init__(self, port: int, *, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self._port = port

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.socket.close()

    def head(self, method: str, path: str, *fields: str) -> None:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", *fields, "", ""]
        self.send("\r\n".join(lines).encode())

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, method: str = "GET") -> Answer:
        response = http.client.HTTPResponse(self.socket, method=method)
        try:
            response.begin()
        except TimeoutError:
            raise
        except (http.client.HTTPException, OSError):
            return Answer()
        return read_answer(response)

    def rest(self) -> bytes:
        """What comes until the other side closes; raises TimeoutError when it does not."""
        came = b""
        try:
            while piece := self.socket.recv(65536):
                came += piece
        except ConnectionError:
            pass
        return came

    def is_closed(self) -> bool:
        """Whether the other side has closed by now. Drops what has arrived."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)

    def vanish(self, how: str) -> None:
        """`how`: "reset" sends RST; "close" sends FIN, and RST to whatever still comes."""
        if how == "reset":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
