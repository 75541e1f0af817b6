"""A client that sends exactly the bytes it is told to and reads answers strictly."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

SECONDS = 10.0
_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [\t -~]*\Z")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t -~\x80-\xff]*)\Z")


class BadAnswer(AssertionError):
    """What came is not lawful HTTP/1.1, or not the end of it."""


@dataclass
class Response:
    status: int
    fields: list[tuple[str, str]]
    body: bytes = b""
    whole: bool = True  # the body came to its announced end
    interim: list[int] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def value(self, name: str) -> str:
        """ "" when absent; a repeated field is an error."""
        found = self.values(name)
        assert len(found) <= 1, f"{name} came {len(found)} times"
        return found[0] if found else ""

    @property
    def refusal(self) -> str:
        return self.value("x-signet-refusal")

    @property
    def closes(self) -> bool:
        return "close" in [value.lower() for value in self.values("connection")]


class Client:
    """One connection. Every wait ends `seconds` after the connection was opened."""

    def __init__(self, address: tuple[str, int], seconds: float = SECONDS) -> None:
        self._until = time.monotonic() + seconds
        self._socket = socket.create_connection(address, timeout=seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = bytearray()
        self._ended = False

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.settimeout(self._left())
        self._socket.sendall(data)

    def send_all(self, pieces: Iterable[bytes], pause: float = 0.0) -> None:
        """Stops quietly when the other side has closed: a refusal may come before the end."""
        try:
            for number, piece in enumerate(pieces):
                if pause and number:
                    time.sleep(pause)  # the pause is the attack
                self.send(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def finish(self) -> None:
        """Half-closes: nothing more will be sent."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def reset(self) -> None:
        """Ends the connection with a RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()

    def read_response(self, method: str = "GET") -> Response | None:
        """None when the connection ended where an answer would have begun."""
        interim: list[int] = []
        while True:
            head = self._read_head()
            if head is None:
                if interim:
                    raise BadAnswer("the connection ended after an interim answer")
                return None
            status, fields = head
            if status >= 200:
                break
            interim.append(status)
        response = Response(status, fields, interim=interim)
        if method != "HEAD" and status not in (204, 304):
            self._read_body(response)
        return response

    def read_interim(self) -> int:
        head = self._read_head()
        assert head is not None
        return head[0]

    def rest(self) -> bytes:
        """Everything until the connection ends."""
        while self._fill():
            pass
        rest, self._got = bytes(self._got), bytearray()
        return rest

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise BadAnswer(f"nothing more came in time; unread: {bytes(self._got[:200])!r}")
        return left

    def _fill(self) -> bool:
        if self._ended:
            return False
        self._socket.settimeout(self._left())
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            raise BadAnswer(
                f"nothing more came in time; unread: {bytes(self._got[:200])!r}"
            ) from None
        except ConnectionResetError:
            data = b""
        self._ended = not data
        self._got += data
        return bool(data)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._got[:size])
        del self._got[:size]
        return taken

    def _line(self) -> bytes:
        while (end := self._got.find(b"\r\n")) < 0:
            if not self._fill():
                raise BadAnswer(f"the connection ended inside a line: {bytes(self._got[:200])!r}")
        return self._take(end + 2)[:-2]

    def _read_head(self) -> tuple[int, list[tuple[str, str]]] | None:
        if not self._got and not self._fill():
            return None
        line = self._line()
        status = _STATUS_LINE.match(line)
        if not status:
            raise BadAnswer(f"not a status line: {line!r}")
        fields: list[tuple[str, str]] = []
        while line := self._line():
            found = _FIELD.match(line)
            if not found:
                raise BadAnswer(f"not a field line: {line!r}")
            fields.append((found[1].decode().lower(), found[2].decode("latin-1").strip(" \t")))
        return int(status[1]), fields

    def _read_body(self, response: Response) -> None:
        codings = response.values("transfer-encoding")
        lengths = response.values("content-length")
        if codings:
            if codings != ["chunked"] or lengths:
                raise BadAnswer(f"framing of an answer: {codings} {lengths}")
            try:
                self._read_chunks(response)
            except BadAnswer:
                if not self._ended:
                    raise
                response.whole = False
        elif lengths:
            if len(lengths) != 1 or not re.fullmatch(r"0|[1-9][0-9]*", lengths[0]):
                raise BadAnswer(f"Content-Length of an answer: {lengths}")
            size = int(lengths[0])
            while len(self._got) < size and self._fill():
                pass
            response.whole = len(self._got) >= size
            response.body = self._take(size)
        else:
            response.body = self.rest()

    def _read_chunks(self, response: Response) -> None:
        while True:
            line = self._line()
            if not re.fullmatch(rb"[0-9a-f]{1,15}", line):
                raise BadAnswer(f"chunk size {line!r}")
            size = int(line, 16)
            if size == 0:
                break
            while len(self._got) < size + 2 and self._fill():
                pass
            response.body += self._take(size)
            if self._take(2) != b"\r\n":
                raise BadAnswer("a chunk without its end")
        if self._line() != b"":
            raise BadAnswer("an answer has trailers")
