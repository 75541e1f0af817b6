"""An MLflow that does as it is told: every request runs `origin.behaviour`."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ports import free_ports

WORD = b'{"experiments": []}'


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    conversation: Conversation = field(repr=False)

    @property
    def key_id(self) -> str:
        """Of the AWS key that signed, or nothing."""
        return self.headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]

    def read_body(self) -> int:
        """Reads it whole; returns its length."""
        return self.conversation.read_body(self.headers)


class Conversation:
    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self._file = connected.makefile("rb")

    def read_head(self) -> Request | None:
        line = self._file.readline().decode("latin-1").split()
        if len(line) != 3:
            return None
        headers: dict[str, str] = {}
        while (text := self._file.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        return Request(line[0], line[1], headers, self)

    def read_body(self, headers: dict[str, str]) -> int:
        if headers.get("transfer-encoding") != "chunked":
            return self._read(int(headers.get("content-length", "0")))
        total = 0
        while size := int(self._file.readline() or b"", 16):
            total += self._read(size)
            self._read(2)
        self._read(2)
        return total

    def take(self, size: int) -> bytes:
        """The next bytes of a body, for who wants to see them."""
        return self._file.read(size)

    def _read(self, size: int) -> int:
        left = size
        while left:
            piece = self._file.read(min(left, 1 << 16))
            if not piece:
                raise ConnectionError("the request's body broke off")
            left -= len(piece)
        return size

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, body: bytes = WORD, status: str = "200 OK", *fields: str) -> None:
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
        self.send("\r\n".join(head).encode() + body)

    def wait_for_end(self) -> None:
        """Returns when the gateway has closed the connection."""
        while self._file.read(1 << 16):
            pass

    def close(self) -> None:
        # shutdown() also wakes a thread that reads.
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._file.close()
        self.socket.close()


# Answers one request; false ends the connection.
Behaviour = Callable[[Request], bool]


def well(request: Request) -> bool:
    request.read_body()
    request.conversation.answer()
    return True


class Origin:
    """`open` connections and `requests`, less the gateway's own probes of /version, which always
    go well: `version` is the answer, or None for an MLflow that has no such address."""

    def __init__(self) -> None:
        self.port = free_ports(1)[0]
        self.behaviour: Behaviour = well
        self.requests: list[Request] = []
        self.errors = 0
        self.version: bytes | None = b"3.17.2"
        self._conversations: set[Conversation] = set()
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None
        self.listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open(self) -> int:
        with self._lock:
            return len(self._conversations)

    def listen(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        threading.Thread(target=self._accept, args=[self._listening], daemon=True).start()

    def refuse(self) -> None:
        """Closes the listener and all connections."""
        if self._listening is not None:
            try:
                self._listening.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self._listening.close()
            self._listening = None
        with self._lock:
            conversations = list(self._conversations)
        for conversation in conversations:
            conversation.close()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connected, _ = listening.accept()
            except OSError:
                return
            conversation = Conversation(connected)
            with self._lock:
                self._conversations.add(conversation)
            threading.Thread(target=self._serve, args=[conversation], daemon=True).start()

    def _serve(self, conversation: Conversation) -> None:
        try:
            while request := conversation.read_head():
                if request.target.startswith("/version"):
                    known = self.version is not None
                    conversation.answer(self.version or b"{}", "200 OK" if known else "404 Gone")
                    continue
                with self._lock:
                    self.requests.append(request)
                if not self.behaviour(request):
                    return
        except (OSError, ValueError):
            self.errors += 1
        finally:
            conversation.close()
            with self._lock:
                self._conversations.discard(conversation)
