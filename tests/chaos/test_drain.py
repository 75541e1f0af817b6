"""SIGTERM and SIGINT: what runs is finished, what comes is told."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable

import pytest

from scripted_origin import Origin, Request, well
from signet_process import Load, Signet, plain_app, signed_app
from waiting import until
from wire import API, ARTIFACT, Line, ask

Start = Callable[..., Signet]
APPS = ("plain", "signed")
BODY = bytes(600 * 1024)


def both(origin: Origin) -> list[dict[str, object]]:
    return [plain_app(origin.url), signed_app(origin.url)]


def health_of(signet: Signet) -> tuple[int, bytes]:
    answer = ask(signet.port, "/health")
    return answer.status, answer.body


def accepts(signet: Signet) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", signet.port)) == 0


def half_an_upload(signet: Signet, app: str) -> Line:
    line = Line(signet.port)
    line.head("PUT", f"/apps/{app}{ARTIFACT}", f"Content-Length: {len(BODY)}")
    line.send(BODY[: len(BODY) // 2])
    until("the upload has begun", lambda: signet.gauge("signet_exchanges") == 1)
    return line


@pytest.mark.parametrize("app", APPS)
def test_a_running_upload_is_finished(start: Start, origin: Origin, app: str) -> None:
    # A third of `drain`, the moment given to load balancers, is 2 s.
    signet = start(both(origin), config={"timeouts": {"drain": "6s"}})
    with half_an_upload(signet, app) as upload, Line(signet.port) as idle:
        idle.head("GET", f"/apps/{app}{API}")
        assert idle.answer().status == 200
        signet.signal(signal.SIGTERM)
        health = until("/health turns", lambda: (got := health_of(signet))[0] == 503 and got)
        assert health == (503, b'{"status": "draining"}')
        assert signet.admin("/readyz").status == 503
        assert signet.admin("/healthz").status == 200
        # Whoever has not heard yet is served.
        assert signet.ask(app).status == 200
        until("the listener closes", lambda: not accepts(signet))
        assert idle.rest() == b"", "an idle connection ends without a word"
        assert signet.child.exit_code is None
        upload.send(BODY[len(BODY) // 2 :])
        answer = upload.answer("PUT")
        assert (answer.status, answer.whole) == (200, True)
        assert answer.headers["connection"] == "close"
    assert signet.exit_code() == 0
    assert not signet.log_lines("drain-cut-short")


@pytest.mark.parametrize("app", APPS)
def test_sigint_does_not_wait_for_load_balancers(start: Start, origin: Origin, app: str) -> None:
    signet = start(both(origin), config={"timeouts": {"drain": "1h"}})
    with half_an_upload(signet, app) as upload:
        signet.signal(signal.SIGINT)
        until("the listener closes", lambda: not accepts(signet))
        upload.send(BODY[len(BODY) // 2 :])
        assert upload.answer("PUT").status == 200
    assert signet.exit_code() == 0


def test_no_request_of_a_load_is_dropped(start: Start, origin: Origin) -> None:
    """A client that opens a connection per request sees answers until the listener closes."""
    signet = start(both(origin), config={"timeouts": {"drain": "1500ms"}})
    with Load(signet, "plain") as load:
        load.goes_on()
        signet.signal(signal.SIGTERM)
        until("draining", lambda: health_of(signet)[0] != 200)
        assert signet.exit_code() == 0
    broken = [failure for failure in load.failures if "ConnectionRefused" not in failure]
    # A kept connection may be closed in the moment of the next request: RFC 9112 section 9.3.1.
    lost = [failure for failure in broken if "RemoteDisconnected" not in failure]
    assert lost == []
    assert len(broken) <= 4, "at most one per connection"


def test_the_end_of_patience(start: Start, origin: Origin) -> None:
    signet = start(both(origin), config={"timeouts": {"drain": "600ms"}})
    with half_an_upload(signet, "plain") as upload, half_of_two(signet):
        signet.signal(signal.SIGTERM)
        assert signet.exit_code() == 0
        assert upload.is_closed()
    assert signet.log_lines("drain-cut-short")[0]["connections"] == 2
    until("the origin's connections are closed", lambda: origin.open == 0)


def half_of_two(signet: Signet) -> Line:
    line = Line(signet.port)
    line.head("PUT", f"/apps/signed{ARTIFACT}", f"Content-Length: {len(BODY)}")
    line.send(BODY[: len(BODY) // 2])
    until("both uploads have begun", lambda: signet.gauge("signet_exchanges") == 2)
    return line


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(
    start: Start, origin: Origin, second: signal.Signals
) -> None:
    signet = start(both(origin), config={"timeouts": {"drain": "1h"}})
    with half_an_upload(signet, "signed"):
        signet.signal(signal.SIGTERM)
        until("draining", lambda: health_of(signet)[0] == 503)
        signet.signal(second)
        assert signet.exit_code() == 0
    assert signet.log_lines("stopping-at-once")


def test_a_hangup_while_draining_changes_nothing(start: Start, origin: Origin) -> None:
    signet = start(both(origin), config={"timeouts": {"drain": "2s"}})
    go_on = threading.Event()

    def when_told(request: Request) -> bool:
        go_on.wait(60)
        return well(request)

    origin.behaviour = when_told
    with Line(signet.port) as line:
        line.head("GET", f"/apps/plain{API}")
        until("the request is at the origin", lambda: origin.requests)
        signet.signal(signal.SIGTERM)
        until("draining", lambda: health_of(signet)[0] == 503)
        for _ in range(20):
            signet.signal(signal.SIGHUP)
        go_on.set()
        assert line.answer().status == 200
    assert signet.exit_code() == 0
    assert not signet.log_lines("reloaded")
