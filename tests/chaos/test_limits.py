"""Limits that are reached: of connections, per address, of exchanges, to an origin."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable

import pytest

from scripted_origin import Origin, Request, well
from signet_process import Signet, in_threads, plain_app, signed_app
from waiting import until
from wire import API, Line

Start = Callable[..., Signet]
APPS = ("plain", "signed")


def readable(line: Line) -> bool:
    return bool(select.select([line.socket], [], [], 0)[0])


class Gate:
    """A behaviour that answers once it is opened."""

    def __init__(self, origin: Origin) -> None:
        self._open = threading.Event()
        origin.behaviour = self._run

    def _run(self, request: Request) -> bool:
        self._open.wait(60)
        return well(request)

    def open(self) -> None:
        self._open.set()


def test_memory_that_unfinished_heads_take(start: Start, origin: Origin) -> None:
    limits = {"memory": "16MiB", "exchanges": 64}
    signet = start([plain_app(origin.url)], config={"limits": limits})
    lines = [Line(signet.port) for _ in range(200)]
    for line in lines:
        line.send(f"GET /apps/plain{API} HTTP/1.1\r\nHost: a\r\na: ".encode() + b"x" * 60_000)
    refused = until("some are refused", lambda: [line for line in lines if readable(line)])
    answer = refused[0].answer()
    assert (answer.status, answer.refusal, answer.retry_after) == (503, "overloaded", "1")
    # The others hold what the limit allows: 16 MiB of heads of 255 KiB, and their blocks' round-up.
    until("most are refused", lambda: sum(map(readable, lines)) > 80)
    for line in lines:
        line.socket.close()
    signet.answers_well("plain")


def test_connections_with_idle_ones(start: Start, origin: Origin) -> None:
    """The oldest idle ones make room."""
    limits = {"connections": 8, "connections_per_address": 8}
    signet = start([plain_app(origin.url)], config={"limits": limits})
    lines = [Line(signet.port) for _ in range(8)]
    until("all are accepted", lambda: signet.gauge("signet_connections") == 8)
    for _ in range(2):
        # As long as nobody waits they stay.
        for line in lines:
            line.head("GET", f"/apps/plain{API}")
            assert line.answer().status == 200
    assert signet.ask("plain").status == 200
    until("idle ones were closed", lambda: any(line.is_closed() for line in lines))
    closed = sum(line.is_closed() for line in lines)
    assert closed < 8, "more than needed were closed"
    until("counted", lambda: signet.gauge("signet_connections_closed_total", reason="idle") >= 1)
    for line in lines:
        line.socket.close()


def test_connections_that_are_all_busy(start: Start, origin: Origin) -> None:
    """More clients than that wait, and are served in their turn."""
    limits = {"connections": 8, "connections_per_address": 8}
    signet = start([plain_app(origin.url)], config={"limits": limits})
    gate = Gate(origin)
    lines = [Line(signet.port) for _ in range(8)]
    for line in lines:
        line.head("GET", f"/apps/plain{API}", "Connection: close")
    until("all are busy", lambda: len(origin.requests) == 8)
    waiting = [Line(signet.port) for _ in range(8)]
    for line in waiting:
        line.head("GET", f"/apps/plain{API}", "Connection: close")
    until("the gauge is at the limit", lambda: signet.gauge("signet_connections") == 8)
    assert len(origin.requests) == 8
    assert signet.admin("/healthz").status == 200, "the admin listener has its own connections"
    gate.open()
    for line in lines + waiting:
        assert line.answer().status == 200
        # A place is free when its client has gone.
        line.socket.close()


def test_connections_of_one_address(start: Start, origin: Origin) -> None:
    limits = {"connections": 100, "connections_per_address": 4}
    signet = start([plain_app(origin.url)], config={"limits": limits})
    gate = Gate(origin)
    lines = [Line(signet.port) for _ in range(4)]
    for line in lines:
        line.head("GET", f"/apps/plain{API}", "Connection: close")
    until("all are busy", lambda: len(origin.requests) == 4)
    for _ in range(3):
        with Line(signet.port) as further:
            assert further.rest() == b""
    assert signet.admin("/healthz").status == 200, "the admin listener counts for itself"
    gate.open()
    assert [line.answer().status for line in lines] == [200] * 4
    for line in lines:
        line.socket.close()
    until("counted", lambda: signet.gauge("signet_connections_refused_total") == 3)
    signet.answers_well("plain")


@pytest.mark.parametrize("app", APPS)
def test_exchanges(start: Start, origin: Origin, app: str) -> None:
    apps = [plain_app(origin.url), signed_app(origin.url)]
    signet = start(apps, config={"limits": {"exchanges": 4}})
    gate = Gate(origin)
    lines = [Line(signet.port) for _ in range(12)]
    for line in lines:
        line.head("GET", f"/apps/{app}{API}")
    # Two per loop go on; which loop a connection meets is not known.
    until(
        "the rest is refused",
        lambda: (
            signet.gauge("signet_refusals_total", reason="overloaded") == 12 - len(origin.requests)
        ),
    )
    assert 1 <= len(origin.requests) <= 4
    gate.open()
    answers = [line.answer() for line in lines]
    refused = [answer for answer in answers if answer.status == 503]
    assert {(a.refusal, a.retry_after) for a in refused} == {("overloaded", "1")}
    assert sum(answer.status == 200 for answer in answers) == len(origin.requests)
    for line in lines:
        line.socket.close()
    signet.answers_well(app)


def test_fewer_exchanges_than_loops(start: Start, origin: Origin) -> None:
    """Each loop may have one all the same."""
    signet = start([plain_app(origin.url)], config={"workers": 4, "limits": {"exchanges": 1}})
    for _ in range(16):
        assert signet.ask("plain").status == 200


def test_clients_that_are_gone_before_their_turn(start: Start, origin: Origin) -> None:
    """They leave no place taken."""
    limits = {"connections": 100, "connections_per_address": 4}
    signet = start([plain_app(origin.url)], config={"limits": limits})
    for _ in range(50):
        for line in [Line(signet.port) for _ in range(8)]:
            line.vanish("reset")
    # None open is not enough: those that the kernel still holds have had no turn yet.
    until(
        "all had their turn",
        lambda: (
            signet.gauge("signet_connections_accepted_total")
            + signet.gauge("signet_connections_refused_total")
            >= 400
        ),
    )
    until("all are gone", lambda: signet.gauge("signet_connections") == 0)
    gate = Gate(origin)
    lines = [Line(signet.port) for _ in range(4)]
    for line in lines:
        line.head("GET", f"/apps/plain{API}", "Connection: close")
    until("all four have a place", lambda: len(origin.requests) == 4)
    gate.open()
    assert [line.answer().status for line in lines] == [200] * 4
    for line in lines:
        line.socket.close()


@pytest.mark.parametrize("app", APPS)
def test_connections_to_an_origin(start: Start, origin: Origin, app: str) -> None:
    apps = [plain_app(origin.url), signed_app(origin.url)]
    signet = start(
        apps,
        config={"limits": {"origin_connections": 2}, "timeouts": {"origin_queue": "500ms"}},
    )
    # One connection per loop: of two requests on the same loop one waits in vain.
    gate = Gate(origin)
    lines = [Line(signet.port) for _ in range(8)]
    for line in lines:
        line.head("GET", f"/apps/{app}{API}")
    until(
        "six are refused", lambda: signet.gauge("signet_refusals_total", reason="overloaded") >= 6
    )
    gate.open()
    answers = [line.answer() for line in lines]
    for line in lines:
        line.socket.close()
    refused = [answer for answer in answers if answer.status == 503]
    assert len(refused) >= 6
    assert {(a.refusal, a.retry_after) for a in refused} == {("overloaded", "1")}
    assert all(answer.status == 200 for answer in answers if answer not in refused)
    assert signet.gauge("signet_refusals_total", reason="overloaded") == len(refused)
    signet.answers_well(app)


def test_waiting_for_an_origins_connection_is_given_up(start: Start, origin: Origin) -> None:
    """Clients that vanish from the queue leave their places."""
    config = {"limits": {"origin_connections": 2}, "timeouts": {"origin_queue": "1m"}}
    signet = start([plain_app(origin.url)], config=config)
    gate = Gate(origin)
    lines = [Line(signet.port) for _ in range(12)]
    for line in lines:
        line.head("GET", f"/apps/plain{API}")
    until("all are exchanges", lambda: signet.gauge("signet_exchanges") == 12)
    for line in lines:
        line.vanish("reset")
    until("no exchange is left", lambda: signet.gauge("signet_exchanges") == 0)
    gate.open()
    assert [answer.status for answer in in_threads(4, lambda _: signet.ask("plain"))] == [200] * 4
