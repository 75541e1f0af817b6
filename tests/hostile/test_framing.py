"""Framing over a real socket: every row, on an unsigned and on a signed app."""

from __future__ import annotations

import threading
import time

import pytest

import framing
from rig import (
    BOTH,
    PLAIN,
    RUNS_CREATE,
    Hostile,
    Lawful,
    Rig,
    by_name,
    get,
    name_of,
    post,
)

apps = pytest.mark.parametrize("app", BOTH)


@apps
@pytest.mark.parametrize("row", by_name(framing.HOSTILE), ids=name_of)
def test_refused(rig: Rig, app: str, row: Hostile) -> None:
    rig.check_refused(app, row)


@apps
@pytest.mark.parametrize("row", by_name(framing.LAWFUL), ids=name_of)
def test_arrives_once(rig: Rig, app: str, row: Lawful) -> None:
    rig.check_lawful(app, row)


SMALL = [row for row in framing.LAWFUL if len(row.raw) < 1000]


@apps
@pytest.mark.parametrize("row", by_name(SMALL), ids=name_of)
def test_arrives_once_byte_by_byte(rig: Rig, app: str, row: Lawful) -> None:
    raw = rig.fill_in(row.raw, app)
    rig.check_lawful(app, row, [raw[at : at + 1] for at in range(len(raw))])


SPLIT = [row for row in framing.HOSTILE if len(row.raw) < 600 and row.closes]


@apps
@pytest.mark.parametrize("row", by_name(SPLIT[::5]), ids=name_of)
def test_refused_byte_by_byte(rig: Rig, app: str, row: Hostile) -> None:
    raw = rig.fill_in(row.raw, app)
    rig.check_refused(app, row, [raw[at : at + 1] for at in range(len(raw))])


@apps
@pytest.mark.parametrize("name", ["CL", "chunked", "binary", "HTTP-1.0-with-CL"])
def test_pause_between_head_and_body(rig: Rig, app: str, name: str) -> None:
    """Pause-based desync: whoever answers early would take the body for the next request."""
    row = next(row for row in framing.LAWFUL if row.name == name)
    raw = rig.fill_in(row.raw, app)
    end = raw.index(b"\r\n\r\n") + 4
    middle = end + (len(raw) - end) // 2
    rig.check_lawful(app, row, [raw[:end], raw[end:middle], raw[middle:]], pause=0.2)


@apps
def test_pause_before_a_refused_body(rig: Rig, app: str) -> None:
    """The refusal comes at once; the body that comes late is never a request of its own."""
    smuggled = rig.fill_in(framing.SMUGGLED, app)
    head = post(b"Content-Length: %d" % len(smuggled), path="/nothing")
    row = Hostile("late-body", head, 403, "unknown-route")
    rig.check_refused(app, row, [head, smuggled], pause=0.2)


@apps
@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("CL", post(b"Content-Length: 10", body=b"hello")),
        ("chunked-in-data", post(b"Transfer-Encoding: chunked", body=b"a\r\nhello")),
        ("chunked-in-size", post(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0")),
        ("chunked-before-the-end", post(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("how", ["FIN", "RST"])
def test_client_ends_inside_the_body(rig: Rig, app: str, name: str, raw: bytes, how: str) -> None:
    """Half a body is never a whole request at the origin."""
    origin = rig.origins[app]
    mark = origin.mark()
    with rig.connect() as client:
        client.send(rig.fill_in(raw, app))
        if how == "RST":
            client.reset()
        else:
            client.finish()
            response = client.read_response()
            assert response is None or response.status == 400
            assert client.rest() == b""
    rig.check_next(app)
    assert [request for request in origin.since(mark) if request.target == RUNS_CREATE] == []


@apps
def test_client_ends_inside_the_head(rig: Rig, app: str) -> None:
    origin = rig.origins[app]
    mark = origin.mark()
    with rig.connect() as client:
        client.send(rig.fill_in(get("/version")[:-2], app))
        client.finish()
        assert client.rest() == b""
    rig.check_next(app)
    assert len(origin.since(mark)) == 1


@apps
def test_half_close_after_a_whole_request(rig: Rig, app: str) -> None:
    """FIN behind a complete request is no cancellation."""
    raw, target = rig.follower(app)
    with rig.connect() as client:
        client.send(raw)
        client.finish()
        rig.check_answered(client.read_response(), target)
        assert client.rest() == b""


@apps
def test_pipeline_of_20_keeps_its_order(rig: Rig, app: str) -> None:
    origin = rig.origins[app]
    mark = origin.mark()
    followers = [rig.follower(app) for _ in range(20)]
    with rig.connect() as client:
        client.send(b"".join(raw for raw, _ in followers))
        for _, target in followers:
            rig.check_answered(client.read_response(), target)
        client.finish()
        assert client.rest() == b""
    assert [request.target for request in origin.since(mark)] == [t for _, t in followers]


@apps
@pytest.mark.parametrize("framed", ["CL", "chunked"])
def test_continue_is_said_when_the_body_is_wanted(rig: Rig, app: str, framed: str) -> None:
    origin = rig.origins[app]
    mark = origin.mark()
    lines = {"CL": b"Content-Length: 5", "chunked": b"Transfer-Encoding: chunked"}
    body = {"CL": b"hello", "chunked": b"5\r\nhello\r\n0\r\n\r\n"}
    follower, target = rig.follower(app)
    with rig.connect() as client:
        client.send(rig.fill_in(post(b"Expect: 100-continue", lines[framed]), app))
        assert client.read_interim() == 100
        client.send(body[framed] + follower)
        response = client.read_response()
        assert response is not None
        assert response.status == 200
        rig.check_answered(client.read_response(), target)
    assert [request.body for request in origin.since(mark)] == [b"hello", b""]


@apps
@pytest.mark.parametrize(
    ("path", "line", "status"),
    [
        ("/nothing", b"Content-Length: 5", 403),
        (RUNS_CREATE, b"Content-Length: 99999999", 413),
    ],
)
def test_no_continue_for_what_is_refused(
    rig: Rig, app: str, path: str, line: bytes, status: int
) -> None:
    """The body that the client keeps back must not be awaited, nor taken for a request when it
    comes all the same."""
    with rig.connect() as client:
        client.send(rig.fill_in(post(b"Expect: 100-continue", line, path=path), app))
        response = client.read_response()
        assert response is not None
        assert (response.status, response.interim) == (status, [])
        assert response.closes
        client.send_all([rig.fill_in(framing.SMUGGLED, app)])
        assert client.rest() == b""
    rig.check_next(app)


@apps
def test_slow_ones_are_ended(rig: Rig, app: str) -> None:
    """A head that never ends is closed, a body that stalls is 408; both within their deadlines."""
    raw = {
        "head": get("/version")[:-2],
        "CL": post(b"Content-Length: 10", body=b"hello"),
        "chunked": post(b"Transfer-Encoding: chunked", body=b"a\r\nhello"),
    }
    failed: list[str] = []

    def stall(name: str) -> None:
        try:
            began = time.monotonic()
            with rig.connect(15) as client:
                client.send(rig.fill_in(raw[name], app))
                response = client.read_response()
                if name == "head":
                    assert response is None or response.status == 408, response
                else:
                    assert response is not None
                    assert (response.status, response.refusal) == (408, "bad-request"), response
                    assert response.closes
                assert client.rest() == b""
                assert 1.5 < time.monotonic() - began < 10
        except AssertionError as error:
            failed.append(f"{name}: {error}")

    threads = [threading.Thread(target=stall, args=(name,)) for name in raw]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    rig.check_next(app)


def test_log_says_why(rig: Rig) -> None:
    """The operator sees the reason; the client's secrets are not in the log."""
    rows = {row.name: row for row in framing.HOSTILE}
    reasons = {
        "CL.TE": "exclude each other",
        "TE.TE": "Transfer-Encoding must be chunked",
        "CL-plus": "Content-Length is malformed",
        "LF-everywhere": "does not end in CRLF",
        "headers-10000": "too many header fields",
        "chunk-size-0x": "chunked framing is broken",
        "Expect-other": "expectation",
    }
    for name, reason in reasons.items():
        row = rows[name]
        response = rig.check_refused(PLAIN, row)
        lines = rig.log_lines(response.value("x-request-id"), 2)
        why = [line for line in lines if line.get("event") == "request-refused" or "why" in line]
        assert len(why) == 1, lines
        assert reason in why[0]["why"], why
        assert why[0]["refusal"] == row.refusal
        access = [line for line in lines if "total_us" in line]
        assert len(access) == 1, lines
        assert (access[0]["status"], access[0]["refusal"]) == (row.status, row.refusal)
