"""An origin that records every byte it was sent, reads it strictly by itself, and answers as told.

What it calls a violation is anything that two servers could read differently: the gateway must
never send it, whatever it was sent.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

_REQUEST_LINE = re.compile(rb"([A-Z-]+) (/[!-~]*) HTTP/1\.1\Z")
_FIELD = re.compile(rb"([!#$%&'*+.^`|~0-9A-Za-z-]+): ([\t -~\x80-\xff]*)\Z")
_SINGLE = {"host", "content-length", "transfer-encoding", "authorization", "connection"}


@dataclass
class Arrived:
    """A request that came whole."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes
    head: bytes
    connection: int

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def value(self, name: str) -> str:
        found = self.values(name)
        assert len(found) <= 1, f"{name} arrived {len(found)} times"
        return found[0] if found else ""

    @property
    def is_probe(self) -> bool:
        """The gateway's own look at whether the app is up."""
        return self.target == "/version" and not self.values("x-request-id")


@dataclass
class Answer:
    data: bytes
    then: Literal["keep", "close", "reset", "hang"] = "keep"
    # Sent only after a pause, in a segment of its own.
    later: bytes = b""


Script = Callable[[Arrived], Answer]


def http(
    status: str = "200 OK",
    body: bytes = b"{}",
    *fields: str,
    type_: str = "application/json",
    length: bool = True,
) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {type_}", *fields]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def echo(request: Arrived) -> Answer:
    """Says which request it answers, so that a client sees an answer meant for somebody else."""
    told = {
        "method": request.method,
        "target": request.target,
        "sha256": hashlib.sha256(request.body).hexdigest(),
    }
    body = json.dumps(told).encode()
    if request.method == "HEAD":
        return Answer(http(body=body)[: -len(body)])
    return Answer(http(body=body))


@dataclass
class Connection:
    number: int
    received: bytearray = field(default_factory=bytearray)
    unread: bytes = b""  # of a request that is not whole (yet)
    open: bool = True
    violation: str = ""


class RecordingOrigin:
    """Listens on 127.0.0.1. `script` answers each whole request; `on_head`, when set, sees each
    head before its body is read, and answers then."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.script: Script = echo
        self.on_head: Script | None = None
        self.connections: list[Connection] = []
        self.requests: list[Arrived] = []
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        self._listener.close()

    # ---- what arrived ----

    def mark(self) -> int:
        with self._changed:
            return len(self.requests)

    def since(self, mark: int) -> list[Arrived]:
        """Whole requests, the gateway's probes left out."""
        with self._changed:
            return [request for request in self.requests[mark:] if not request.is_probe]

    def unfinished(self) -> list[bytes]:
        """What came of requests that never came to their end."""
        with self._changed:
            return [bytes(c.unread) for c in self.connections if c.unread]

    def violations(self) -> list[str]:
        with self._changed:
            return [c.violation for c in self.connections if c.violation]

    def everything(self) -> bytes:
        with self._changed:
            return b"\n".join(bytes(connection.received) for connection in self.connections)

    def wait(self, condition: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Until the condition holds; it is looked at whenever something changed."""
        with self._changed:
            return self._changed.wait_for(condition, seconds)

    # ---- serving ----

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                connection = Connection(len(self.connections))
                self.connections.append(connection)
            threading.Thread(target=self._serve, args=(client, connection), daemon=True).start()

    def _serve(self, client: socket.socket, connection: Connection) -> None:
        reader = _Reader(client, connection, self._changed)
        try:
            with client:
                while not self._stopping.is_set():
                    if not self._serve_one(client, reader, connection):
                        return
        except OSError:
            pass
        except _Violation as violation:
            connection.violation = str(violation)
        finally:
            with self._changed:
                connection.open = False
                self._changed.notify_all()

    def _serve_one(self, client: socket.socket, reader: _Reader, connection: Connection) -> bool:
        request = reader.read_head(connection.number)
        if request is None:
            return False
        if self.on_head is not None and not request.is_probe:
            self._answer(client, reader, self.on_head(request))
            return reader.read_body(request)
        if not reader.read_body(request):
            return False
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
        answer = Answer(http(body=b"3.17.2", type_="text/plain"))
        if not request.is_probe:
            answer = self.script(request)
        return self._answer(client, reader, answer)

    def _answer(self, client: socket.socket, reader: _Reader, answer: Answer) -> bool:
        client.sendall(answer.data)
        if answer.later:
            time.sleep(0.1)  # so that it is a segment of its own
            client.sendall(answer.later)
        if answer.then == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if answer.then == "hang":
            reader.drain()
        return answer.then == "keep"


class _Violation(Exception):
    pass


class _Reader:
    def __init__(
        self, client: socket.socket, connection: Connection, changed: threading.Condition
    ) -> None:
        self._client = client
        self._connection = connection
        self._changed = changed
        self._got = bytearray()

    def _fill(self) -> bool:
        data = self._client.recv(1 << 18)
        with self._changed:
            self._connection.received += data
            self._got += data
            self._connection.unread += data
            self._changed.notify_all()
        return bool(data)

    def drain(self) -> None:
        while self._fill():
            pass

    def _take(self, size: int) -> bytes | None:
        while len(self._got) < size:
            if not self._fill():
                return None
        taken = bytes(self._got[:size])
        del self._got[:size]
        return taken

    def _line(self) -> bytes | None:
        while (end := self._got.find(b"\n")) < 0:
            if not self._fill():
                return None
        line = self._take(end + 1)
        assert line is not None
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise _Violation(f"line end of {line[:200]!r}")
        return line[:-2]

    def read_head(self, connection: int) -> Arrived | None:
        line = self._line()
        if line is None:
            return None
        found = _REQUEST_LINE.match(line)
        if not found:
            raise _Violation(f"request line {line[:200]!r}")
        head = [line]
        fields: list[tuple[str, str]] = []
        while True:
            line = self._line()
            if line is None:
                return None
            if not line:
                break
            head.append(line)
            pair = _FIELD.match(line)
            if not pair:
                raise _Violation(f"field line {line[:200]!r}")
            fields.append((pair[1].decode().lower(), pair[2].decode("latin-1")))
        names = [name for name, _ in fields]
        for name in _SINGLE:
            if names.count(name) > 1:
                raise _Violation(f"{name} is repeated")
        if "host" not in names:
            raise _Violation("no Host")
        return Arrived(
            found[1].decode(), found[2].decode(), fields, b"", b"\r\n".join(head), connection
        )

    def read_body(self, request: Arrived) -> bool:
        """False when the connection ended inside it."""
        coding, length = request.value("transfer-encoding"), request.value("content-length")
        if coding and (coding != "chunked" or length):
            raise _Violation(f"framing {coding!r} {length!r}")
        if coding:
            if not self._read_chunks(request):
                return False
        elif length:
            if not re.fullmatch("0|[1-9][0-9]*", length):
                raise _Violation(f"Content-Length {length!r}")
            body = self._take(int(length))
            if body is None:
                return False
            request.body = body
        with self._changed:
            self._connection.unread = bytes(self._got)
            self._changed.notify_all()
        return True

    def _read_chunks(self, request: Arrived) -> bool:
        pieces: list[bytes] = []
        while True:
            line = self._line()
            if line is None:
                return False
            if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", line):
                raise _Violation(f"chunk size {line[:200]!r}")
            size = int(line, 16)
            data = self._take(size + 2)
            if data is None:
                return False
            if data[size:] != b"\r\n":
                # After the last chunk only the empty line: no trailer is ever passed on.
                raise _Violation(f"end of a chunk {data[-80:]!r}")
            if size == 0:
                request.body = b"".join(pieces)
                return True
            pieces.append(data[:size])
