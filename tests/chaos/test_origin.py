"""An origin that refuses, hangs, breaks off, sends garbage or does not end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripted_origin import Behaviour, Origin, Request, well
from signet_process import Signet, in_threads, plain_app, signed_app
from waiting import until
from wire import API, ARTIFACT, Line, ask

APPS = ("plain", "signed")
ENDLESS = 200_000


def silent(request: Request) -> bool:
    request.read_body()
    request.conversation.wait_for_end()
    return False


def closes(request: Request) -> bool:
    request.read_body()
    return False


def sends(data: bytes, *, times: int = 1) -> Behaviour:
    """Raw bytes, then the end of the connection unless the gateway ends it before."""

    def run(request: Request) -> bool:
        request.read_body()
        for _ in range(times):
            request.conversation.send(data)
        return False

    return run


def then_waits(data: bytes) -> Behaviour:
    def run(request: Request) -> bool:
        request.read_body()
        request.conversation.send(data)
        request.conversation.wait_for_end()
        return False

    return run


LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<html>"

# behaviour, status, refusal, kind of signet_origin_failures_total
REFUSED = {
    "closes without a word": (closes, 502, "origin-lost", "lost"),
    "closes inside its head": (sends(b"HTTP/1.1 200 OK\r\nConte"), 502, "origin-lost", "lost"),
    "garbage": (sends(b"\x00\xff\x01\r\n\r\n"), 502, "origin-bad-response", "bad-response"),
    "another protocol": (
        sends(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76" + b"\x03" * 100),
        502,
        "origin-bad-response",
        "bad-response",
    ),
    "endless fields": (
        sends(b"HTTP/1.1 200 OK\r\n" + b"x-field: value\r\n" * 50, times=ENDLESS),
        502,
        "origin-bad-response",
        "bad-response",
    ),
    "an endless field": (
        sends(b"HTTP/1.1 200 OK\r\nx-field: " + b"v" * 1000, times=ENDLESS),
        502,
        "origin-bad-response",
        "bad-response",
    ),
    "endless interim answers": (
        sends(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50, times=ENDLESS),
        502,
        "origin-bad-response",
        "bad-response",
    ),
    "an endless status line": (
        sends(b"HTTP/1.1 200 " + b"o" * 1000, times=ENDLESS),
        502,
        "origin-bad-response",
        "bad-response",
    ),
}

TRUNCATED = {
    "closes inside a body with a length": sends(LENGTH + b"x" * 1000),
    "closes inside a chunk": sends(CHUNKED + b"400\r\nxxx"),
    "closes between chunks": sends(CHUNKED + b"3\r\nxxx\r\n"),
    "breaks the chunked coding": sends(CHUNKED + b"3\r\nxxx\r\nzz\r\n\r\n"),
}


@pytest.fixture(scope="module")
def shared_origin() -> Iterator[Origin]:
    made = Origin()
    yield made
    made.refuse()


@pytest.fixture(scope="module")
def shared(out: Path, shared_origin: Origin) -> Iterator[Signet]:
    apps = [plain_app(shared_origin.url), signed_app(shared_origin.url)]
    signet = Signet(out / "chaos_origin", apps)
    yield signet
    try:
        signet.comes_to_rest()
        until("the origin's connections are closed", lambda: shared_origin.open == 0)
        signet.stop()
    finally:
        signet.child.stop()


@pytest.fixture
def signet(shared: Signet, shared_origin: Origin) -> Iterator[Signet]:
    """The next requests are answered well; that nothing stays behind is looked at in the end."""
    yield shared
    shared_origin.behaviour = well
    assert [shared.ask(app).status for app in APPS] == [200, 200]


class Counted:
    """How much metrics grow."""

    def __init__(self, signet: Signet) -> None:
        self._signet = signet
        self._before = signet.metrics()

    def grown(self, name: str, **labels: str) -> float:
        return self._signet.gauge(name, **labels) - self._before.total(name, **labels)


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("what", REFUSED)
def test_no_lawful_answer(signet: Signet, shared_origin: Origin, app: str, what: str) -> None:
    behaviour, status, refusal, kind = REFUSED[what]
    shared_origin.behaviour = behaviour
    counted = Counted(signet)
    answer = signet.ask(app)
    assert (answer.status, answer.refusal) == (status, refusal)
    assert answer.retry_after == "", "perhaps executed: no client may try again"
    assert answer.whole
    assert counted.grown("signet_origin_failures_total", app=app, kind=kind) == 1
    assert counted.grown("signet_refusals_total", reason=refusal) == 1


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("what", TRUNCATED)
def test_half_an_answer_is_no_whole_one(
    signet: Signet, shared_origin: Origin, app: str, what: str
) -> None:
    shared_origin.behaviour = TRUNCATED[what]
    counted = Counted(signet)
    answer = signet.ask(app)
    # What broke before the client was told anything is refused; the rest never looks complete.
    assert answer.status in (200, 502)
    assert (answer.status == 502) == answer.whole
    assert answer.refusal == ("" if answer.status == 200 else "origin-bad-response")
    # The exchange ends after its connection.
    outcome = "broken" if answer.status == 200 else "refused"
    until(
        "counted",
        lambda: counted.grown("signet_requests_total", app=app, outcome=outcome) == 1,
    )


@pytest.mark.parametrize("app", APPS)
def test_half_an_answer_to_an_old_client_ends_in_a_reset(
    signet: Signet, shared_origin: Origin, app: str
) -> None:
    """HTTP/1.0 has no chunked coding: a plain end would look like all of it."""

    def half(request: Request) -> bool:
        request.conversation.send(CHUNKED + b"3\r\nxxx\r\n")
        time.sleep(0.2)
        return False

    shared_origin.behaviour = half
    with Line(signet.port) as line:
        line.send(
            f"GET /apps/{app}{API} HTTP/1.0\r\nHost: 127.0.0.1:{signet.port}\r\n\r\n".encode()
        )
        with pytest.raises(ConnectionResetError):
            while line.socket.recv(65536):
                pass


@pytest.mark.parametrize("app", APPS)
def test_a_head_does_not_wait_for_its_body(signet: Signet, shared_origin: Origin, app: str) -> None:
    told = threading.Event()

    def slowly(request: Request) -> bool:
        request.conversation.send(CHUNKED)
        told.wait(60)
        request.conversation.send(b"3\r\nxxx\r\n0\r\n\r\n")
        return True

    shared_origin.behaviour = slowly
    with Line(signet.port) as line:
        line.head("GET", f"/apps/{app}{API}")
        came = line.socket.recv(65536)
        assert came.startswith(b"HTTP/1.1 200 OK\r\n") and came.endswith(b"\r\n\r\n")
        told.set()
        while not came.endswith(b"0\r\n\r\n"):
            came += line.socket.recv(65536)
        assert came.endswith(b"3\r\nxxx\r\n0\r\n\r\n")


@pytest.mark.parametrize("app", APPS)
def test_half_a_page_is_refused(signet: Signet, shared_origin: Origin, app: str) -> None:
    shared_origin.behaviour = sends(PAGE)
    answer = signet.ask(app, "/")
    assert (answer.status, answer.refusal) == (502, "origin-lost")


@pytest.mark.parametrize("app", APPS)
def test_refused_connections(signet: Signet, shared_origin: Origin, app: str) -> None:
    shared_origin.refuse()
    counted = Counted(signet)
    try:
        answers = in_threads(8, lambda _: signet.ask(app))
    finally:
        shared_origin.listen()
    assert {(a.status, a.refusal) for a in answers} == {(503, "origin-unreachable")}
    assert all(int(answer.retry_after) > 0 for answer in answers)
    assert counted.grown("signet_origin_failures_total", app=app, kind="connect") == 8
    assert counted.grown("signet_refusals_total", reason="origin-unreachable") == 8


Start = Callable[..., Signet]


@pytest.mark.parametrize("app", APPS)
def test_a_silent_origin(start: Start, origin: Origin, app: str) -> None:
    apps = [plain_app(origin.url), signed_app(origin.url)]
    signet = start(apps, config={"timeouts": {"origin_response": "700ms"}})
    origin.behaviour = silent
    began = time.monotonic()
    answers = in_threads(8, lambda _: signet.ask(app))
    assert time.monotonic() - began >= 0.7
    assert {(a.status, a.refusal, a.retry_after) for a in answers} == {(504, "origin-timeout", "")}
    metrics = signet.metrics()
    assert metrics.total("signet_origin_failures_total", app=app, kind="timeout") == 8
    until("the origin's connections are closed", lambda: origin.open == 0)
    origin.behaviour = well
    signet.answers_well(app)


@pytest.mark.parametrize("app", APPS)
def test_an_answer_that_stands_still(start: Start, origin: Origin, app: str) -> None:
    apps = [plain_app(origin.url), signed_app(origin.url)]
    signet = start(apps, config={"timeouts": {"origin_stall": "700ms"}})
    origin.behaviour = then_waits(LENGTH + b"x" * 1000)
    answer = signet.ask(app)
    assert not answer.whole
    until(
        "counted as broken",
        lambda: signet.gauge("signet_requests_total", app=app, outcome="broken") == 1,
    )
    until("the origin's connections are closed", lambda: origin.open == 0)
    origin.behaviour = well
    signet.answers_well(app)


@pytest.mark.parametrize("app", APPS)
def test_an_origin_that_does_not_read(start: Start, origin: Origin, app: str) -> None:
    over = threading.Event()

    # The kernel would say nothing of the gateway's end while bytes before it are unread.
    def deaf(request: Request) -> bool:
        over.wait(60)
        return False

    apps = [plain_app(origin.url), signed_app(origin.url)]
    signet = start(apps, config={"timeouts": {"origin_stall": "700ms"}})
    origin.behaviour = deaf
    answer = signet.ask(app, ARTIFACT, "PUT", b"x" * (24 << 20))
    assert (answer.status, answer.refusal, answer.retry_after) == (504, "origin-timeout", "")
    assert signet.gauge("signet_origin_failures_total", app=app, kind="timeout") == 1
    until(
        "the gateway has closed",
        lambda: signet.gauge("signet_origin_connections", app=app) == 0,
    )
    over.set()
    until("the origin's connections are closed", lambda: origin.open == 0)
    origin.behaviour = well
    signet.answers_well(app)


@pytest.mark.parametrize("app", APPS)
def test_an_mlflow_that_does_not_tell_its_version_is_there(
    start: Start, origin: Origin, app: str
) -> None:
    origin.version = None
    signet = start([plain_app(origin.url) if app == "plain" else signed_app(origin.url)])

    def state() -> dict[str, object]:
        (told,) = json.loads(ask(signet.port, "/signet/api/v1/apps").body)["apps"]
        return told

    told = until("its state is known", lambda: state() if state()["state"] != "unknown" else None)
    assert told["state"] == "available"
    assert not told.get("version")
