"""Large request bodies: an origin that swallows them, and a client that sends them.

Both also run as programs, so that they can be pinned:
    python -m harness.upload sink PORT
    python -m harness.upload send PORT PATH BYTES BYTES_PER_SECOND [HEADER…]
"""

import http.client
import re
import socketserver
import sys
import time

KIB = 1024
PIECE = b"x" * (256 * KIB)


class Sink(socketserver.BaseRequestHandler):
    """An origin that reads each body to its end before it answers."""

    def handle(self) -> None:
        room = memoryview(bytearray(1 << 20))
        data = b""
        while piece := self.request.recv(65536):
            data += piece
            if b"\r\n\r\n" not in data:
                continue
            head, body = data.split(b"\r\n\r\n", 1)
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            left = (int(length.group(1)) if length else 0) - len(body)
            while left > 0:
                got = self.request.recv_into(room[: min(left, len(room))])
                if got == 0:
                    return  # an upload that was given up
                left -= got
            self.request.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            data = b""


class SinkServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def send(
    port: int, path: str, size: int, bytes_per_second: float = 0, headers: list[str] | None = None
) -> None:
    """PUTs `size` bytes; as fast as they are taken unless a rate is given."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.putrequest("PUT", path)
    connection.putheader("Content-Length", str(size))
    for header in headers or []:
        connection.putheader(*header.split(": ", 1))
    connection.endheaders()
    sent = 0
    began = time.monotonic()
    while sent < size:
        connection.send(PIECE[: min(len(PIECE), size - sent)])
        sent += min(len(PIECE), size - sent)
        if bytes_per_second:
            time.sleep(max(0.0, began + sent / bytes_per_second - time.monotonic()))
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"the upload was answered {answer.status}")


def main(words: list[str]) -> None:
    if words[0] == "sink":
        with SinkServer(("127.0.0.1", int(words[1])), Sink) as server:
            server.serve_forever()
    else:
        send(int(words[1]), words[2], int(words[3]), float(words[4]), words[5:])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        pass
