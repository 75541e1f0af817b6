"""Clients that are slow, stand still or vanish."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from scripted_origin import Origin, Request, well
from signet_process import Signet, plain_app, signed_app
from waiting import until
from wire import API, ARTIFACT, Line

Start = Callable[..., Signet]
APPS = ("plain", "signed")
MIB = 1 << 20


def both(origin: Origin) -> list[dict[str, Any]]:
    return [plain_app(origin.url), signed_app(origin.url)]


def closed_for(signet: Signet, reason: str) -> float:
    return signet.gauge("signet_connections_closed_total", reason=reason)


def test_slow_heads(start: Start, origin: Origin) -> None:
    """`header` runs from the first byte: a byte now and then does not prolong it."""
    signet = start(both(origin), config={"timeouts": {"header": "800ms"}})
    lines = [Line(signet.port) for _ in range(200)]
    began = time.monotonic()
    try:
        text = (
            f"GET /apps/plain{API} HTTP/1.1\r\nHost: 127.0.0.1:{signet.port}\r\nx-slow: ".encode()
        )
        for line in lines:
            line.send(text)

        def all_closed() -> bool:
            for line in [line for line in lines if line not in closed]:
                try:
                    line.send(b"z")
                except OSError:
                    closed.append(line)
                    continue
                if line.is_closed():
                    closed.append(line)
            return len(closed) == len(lines)

        closed: list[Line] = []
        assert signet.ask("plain").status == 200, "others wait for slow ones"
        assert signet.ask("signed").status == 200
        until("all are closed", all_closed)
        assert time.monotonic() - began >= 0.8
    finally:
        for line in lines:
            line.socket.close()
    until("counted", lambda: closed_for(signet, "slow-head") == 200)
    assert len(origin.requests) == 2


def test_idle_connections(start: Start, origin: Origin) -> None:
    signet = start(both(origin), config={"timeouts": {"idle": "500ms"}})
    with Line(signet.port) as fresh, Line(signet.port) as used:
        used.head("GET", f"/apps/plain{API}")
        assert used.answer().status == 200
        began = time.monotonic()
        assert fresh.rest() == b"" and used.rest() == b""
        assert time.monotonic() - began < 20
    until("counted", lambda: closed_for(signet, "idle") == 2)


@pytest.mark.parametrize("app", APPS)
def test_a_body_that_stands_still(start: Start, origin: Origin, app: str) -> None:
    signet = start(both(origin), config={"timeouts": {"body_stall": "500ms"}})
    with Line(signet.port) as line:
        line.head("PUT", f"/apps/{app}{ARTIFACT}", f"Content-Length: {MIB}")
        line.send(bytes(300_000))
        answer = line.answer("PUT")
        assert (answer.status, answer.refusal) == (408, "bad-request")
        assert answer.headers["connection"] == "close"
        until("the spool is empty", lambda: signet.gauge("signet_spool_bytes") == 0)
        until("the origin's connection is closed", lambda: origin.open == 0)
    until("counted", lambda: closed_for(signet, "slow-body") == 1)
    if app == "signed":
        assert not origin.requests, "half a body was sent"


@pytest.mark.parametrize("app", APPS)
def test_a_slow_body_arrives(start: Start, origin: Origin, app: str) -> None:
    """Each byte counts as progress."""
    signet = start(both(origin), config={"timeouts": {"body_stall": "1500ms"}})
    sizes: list[int] = []

    def reads(request: Request) -> bool:
        sizes.append(request.read_body())
        request.conversation.answer()
        return True

    origin.behaviour = reads
    with Line(signet.port) as line:
        line.head("PUT", f"/apps/{app}{ARTIFACT}", "Content-Length: 20")
        # The pace is what is tested: all together takes longer than `body_stall`.
        for _ in range(20):
            line.send(b"x")
            time.sleep(0.1)
        assert line.answer("PUT").status == 200
    assert sizes == [20]


@pytest.mark.parametrize("app", APPS)
def test_a_reader_that_stands_still(start: Start, origin: Origin, app: str) -> None:
    signet = start(both(origin), config={"timeouts": {"send_stall": "700ms"}})
    sent = threading.Event()

    def large(request: Request) -> bool:
        request.read_body()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {64 * MIB}\r\n\r\n".encode()
        request.conversation.send(head)
        for _ in range(64):
            request.conversation.send(bytes(MIB))
        sent.set()
        return False

    origin.behaviour = large
    with Line(signet.port, receive_buffer=4096) as line:
        line.head("GET", f"/apps/{app}{API}")
        until("the answer has begun", lambda: origin.requests)
        assert signet.ask("", "/version").status in (200, 400, 403, 404), "others are served"
        until("counted", lambda: closed_for(signet, "stalled-send") == 1)
        until("the origin's connection is closed", lambda: origin.open == 0)
        assert not sent.is_set(), (
            "64 MiB were taken from the origin for a client that reads nothing"
        )
        assert len(line.rest()) < 64 * MIB


@pytest.mark.parametrize("how", ["reset", "close"])
@pytest.mark.parametrize("app", APPS)
def test_vanishing_in_an_upload(start: Start, origin: Origin, app: str, how: str) -> None:
    signet = start(both(origin))
    lines = [Line(signet.port) for _ in range(8)]
    for line in lines:
        line.head("PUT", f"/apps/{app}{ARTIFACT}", f"Content-Length: {4 * MIB}")
        line.send(bytes(MIB))
    until("all have begun", lambda: signet.gauge("signet_exchanges") == 8)
    if app == "signed":
        until("bodies are spooled", lambda: signet.gauge("signet_spool_bytes") > 4 * MIB)
    else:
        until("all are at the origin", lambda: len(origin.requests) == 8)
    for line in lines:
        line.vanish(how)
    until("no exchange is left", lambda: signet.gauge("signet_exchanges") == 0)
    until("the spool is empty", lambda: signet.gauge("signet_spool_bytes") == 0)
    until("the origin's connections are closed", lambda: origin.open == 0)
    assert len(origin.requests) == (8 if app == "plain" else 0)
    assert signet.ask(app).status == 200


@pytest.mark.parametrize("app", APPS)
def test_vanishing_while_the_origin_thinks(start: Start, origin: Origin, app: str) -> None:
    signet = start(both(origin))

    def silent(request: Request) -> bool:
        request.read_body()
        request.conversation.wait_for_end()
        return False

    origin.behaviour = silent
    lines = [Line(signet.port) for _ in range(8)]
    for line in lines:
        line.head("PUT", f"/apps/{app}{ARTIFACT}", "Content-Length: 300000")
        line.send(bytes(300_000))
    until("all are at the origin", lambda: len(origin.requests) == 8)
    for line in lines:
        line.vanish("reset")
    until("the origin's connections are closed", lambda: origin.open == 0)
    until(
        "counted",
        lambda: signet.gauge("signet_requests_total", app=app, outcome="cancelled") == 8,
    )
    until("counted", lambda: closed_for(signet, "client-gone") == 8)
    origin.behaviour = well
    assert signet.ask(app).status == 200


@pytest.mark.parametrize("app", APPS)
def test_vanishing_in_a_download(start: Start, origin: Origin, app: str) -> None:
    signet = start(both(origin))

    def endless(request: Request) -> bool:
        request.read_body()
        request.conversation.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            request.conversation.send(b"10000\r\n" + bytes(65536) + b"\r\n")

    origin.behaviour = endless
    lines = [Line(signet.port) for _ in range(4)]
    for line in lines:
        line.head("GET", f"/apps/{app}{API}")
        assert line.socket.recv(4096)
    for line in lines:
        line.vanish("reset")
    until("the origin's connections are closed", lambda: origin.open == 0)
    until(
        "counted",
        lambda: signet.gauge("signet_requests_total", app=app, outcome="cancelled") == 4,
    )
    origin.behaviour = well
    assert signet.ask(app).status == 200


@pytest.mark.parametrize("app", APPS)
def test_half_close_is_not_vanishing(start: Start, origin: Origin, app: str) -> None:
    import socket

    signet = start(both(origin))
    go_on = threading.Event()

    def when_told(request: Request) -> bool:
        go_on.wait(60)
        return well(request)

    origin.behaviour = when_told
    with Line(signet.port) as line:
        line.head("GET", f"/apps/{app}{API}")
        line.socket.shutdown(socket.SHUT_WR)
        until("the request is at the origin", lambda: origin.requests)
        go_on.set()
        assert line.answer().status == 200
        assert line.rest() == b""
