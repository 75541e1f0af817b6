"""Memory of the gateway: idle connections, and bodies much larger than memory should grow."""

import http.client
import re
import socket
import threading
import time
from pathlib import Path

from harness.proxies import SMALL, UPLOAD, Bench, Proxy
from harness.upload import KIB, send


def signet_pid(proxy: Proxy) -> int:
    return proxy.process.pid  # taskset execs


def held(pid: int) -> int:
    """Anonymous and shared memory in bytes; the page cache of spooled files is not counted."""
    status = Path(f"/proc/{pid}/status").read_text()
    return (
        sum(
            int(re.search(rf"{name}:\s+(\d+) kB", status).group(1))
            for name in ("RssAnon", "RssShmem")
        )
        * KIB
    )  # type: ignore[union-attr]


def exchange(sock: socket.socket, path: str) -> None:
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:9330\r\n\r\n".encode())


def read_answer(sock: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    head, body = data.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode())
    length = int(re.search(rb"content-length: (\d+)", head).group(1))  # type: ignore[union-attr]
    while len(body) < length:
        body += sock.recv(65536)


def idle_connections(bench: Bench, count: int = 2000) -> dict[str, float]:
    """Bytes per connection, after all had an exchange at the same time, and still answer."""
    proxy = bench.proxies["signet plain"]
    pid = signet_pid(proxy)
    before = held(pid)
    sockets = [socket.create_connection(("127.0.0.1", proxy.port), 10) for _ in range(count)]
    path = proxy.prefix + SMALL
    for _ in range(2):
        for sock in sockets:
            exchange(sock, path)
        for sock in sockets:
            read_answer(sock)
    time.sleep(6)  # the origin's idle connections end
    after = held(pid)
    for sock in sockets:
        exchange(sock, path)
    for sock in sockets:
        read_answer(sock)
        sock.close()
    return {"connections": count, "bytes_per_connection": (after - before) / count}


class Watcher(threading.Thread):
    """The highest figure while something runs."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.first = held(pid)
        self.highest = self.first
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            self.highest = max(self.highest, held(self.pid))

    def growth(self) -> float:
        self.ended.set()
        self.join()
        return (self.highest - self.first) / (1 << 20)


def upload(proxy: Proxy, size: int) -> None:
    send(proxy.port, proxy.sink, size)


def download(proxy: Proxy, size: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=600)
    connection.request("GET", proxy.prefix + UPLOAD)
    answer = connection.getresponse()
    received = 0
    while piece := answer.read(1 << 20):
        received += len(piece)
    if received != size:
        raise RuntimeError(f"{received} bytes instead of {size}")


def large_bodies(bench: Bench, gigabytes: float) -> dict[str, float]:
    """Growth in MiB while a large body goes through, each way, signed and plain."""
    size = int(gigabytes * (1 << 30))
    file = bench.folder / "www" / UPLOAD.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        out.truncate(size)
    results: dict[str, float] = {"gigabytes": gigabytes}
    for name in ("signet plain", "signet signed"):
        proxy = bench.proxies[name]
        for what, act in (("upload", upload), ("download", download)):
            watcher = Watcher(signet_pid(proxy))
            watcher.start()
            began = time.monotonic()
            act(proxy, size)
            results[f"{name} {what} growth MiB"] = watcher.growth()
            results[f"{name} {what} seconds"] = time.monotonic() - began
    return results
