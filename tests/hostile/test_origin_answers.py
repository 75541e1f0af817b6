"""What a misbehaving origin does to its own request, and to nobody else's."""

from __future__ import annotations

import gzip
import json
import threading

import pytest

import origin_answers
from origin_answers import Aws, Bad, Broken, Good
from recording_origin import Answer, Arrived, echo, http
from rig import (
    BOTH,
    DOWN,
    EXPERIMENTS_GET,
    PLAIN,
    RUNS_CREATE,
    SIGNED,
    Rig,
    by_name,
    get,
    name_of,
    post,
)

apps = pytest.mark.parametrize("app", BOTH)
methods = pytest.mark.parametrize("method", ["GET", "POST"])
WRITE = post(b"Content-Length: 5", body=b"hello")


def request_of(method: str) -> bytes:
    return WRITE if method == "POST" else get(EXPERIMENTS_GET, method=method)


class Once:
    """Answers the first request as told, later ones as usual; remembers its connection."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.arrived: list[Arrived] = []

    def __call__(self, request: Arrived) -> Answer:
        self.arrived.append(request)
        return self._answer if len(self.arrived) == 1 else echo(request)


def check_bad(rig: Rig, app: str, row: Bad, method: str) -> None:
    """The client gets the right 5xx on a connection that stays usable; the origin's is closed and
    nothing of its answer reaches anybody; the request is not sent twice where it may not be."""
    answered = threading.Event()

    def script(request: Arrived) -> Answer:
        arrived.append(request)
        return echo(request) if answered.is_set() else row.answer

    arrived: list[Arrived] = []
    with rig.scripted(app, script) as origin, rig.connect() as client:
        client.send(rig.fill_in(request_of(method), app))
        response = client.read_response()
        assert response is not None
        assert (response.status, response.refusal) == (row.status, row.refusal), response
        assert response.values("retry-after") == []
        assert "set-cookie" not in [name for name, _ in response.fields]
        rig.check_message(response)
        answered.set()
        # Engine rule 24: only a read, and only when a connection that was kept ended unanswered.
        assert len(arrived) == 1 or (method == "GET" and row.refusal == "origin-lost")
        assert len(arrived) <= 2
        for request in arrived:
            served = origin.connections[request.connection]
            assert origin.wait(lambda served=served: not served.open), "the connection stays"
        follower, target = rig.follower(app)
        client.send(follower)
        rig.check_answered(client.read_response(), target)
    rig.check_next(app)


@apps
@methods
@pytest.mark.parametrize("row", by_name(origin_answers.BAD), ids=name_of)
def test_bad_answer(rig: Rig, app: str, row: Bad, method: str) -> None:
    check_bad(rig, app, row, method)


@apps
def test_silence(rig: Rig, app: str) -> None:
    """Each ends within its deadline; the waits run at the same time."""
    rows = {row.name: row for row in origin_answers.SLOW}
    seen: dict[tuple[str, str], tuple[int, str]] = {}

    def script(request: Arrived) -> Answer:
        name = request.target.partition("=")[2]
        return rows[name].answer if name in rows else echo(request)

    def ask(name: str, method: str) -> None:
        path = f"{EXPERIMENTS_GET if method == 'GET' else RUNS_CREATE}?row={name}"
        response = rig.ask(app, path, method=method)
        seen[name, method] = (response.status, response.refusal)

    with rig.scripted(app, script):
        asks = [(name, method) for name in rows for method in ("GET", "POST")]
        threads = [threading.Thread(target=ask, args=which) for which in asks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == {(name, m): (rows[name].status, rows[name].refusal) for name, m in asks}
    rig.check_next(app)


@apps
@pytest.mark.parametrize("row", by_name(origin_answers.BROKEN), ids=name_of)
def test_broken_body(rig: Rig, app: str, row: Broken) -> None:
    """Half an answer must not look like a whole one."""
    once = Once(row.answer)
    with rig.scripted(app, once) as origin:
        with rig.connect() as client:
            follower, target = rig.follower(app)
            client.send(rig.fill_in(get(EXPERIMENTS_GET), app) + follower)
            response = client.read_response()
            assert response is None or not response.whole or response.status == 502, response
            if response is None or not response.whole:
                assert client.rest() == b""
                rig.never(target)
            else:
                # Nothing was said yet when it broke: a refusal, and the connection goes on.
                assert response.refusal in ("origin-lost", "origin-bad-response", "origin-timeout")
                rig.check_answered(client.read_response(), target)
        served = origin.connections[once.arrived[0].connection]
        assert origin.wait(lambda: not served.open)
    rig.check_next(app)


@apps
@pytest.mark.parametrize("row", by_name(origin_answers.GOOD), ids=name_of)
def test_lawful_answer(rig: Rig, app: str, row: Good) -> None:
    once = Once(row.answer)
    with rig.scripted(app, once) as origin, rig.connect() as client:
        client.send(rig.fill_in(request_of(row.method), app))
        response = client.read_response(row.method)
        assert response is not None
        assert (response.status, response.body, response.whole) == (row.status, row.body, True)
        assert not response.closes
        served = origin.connections[once.arrived[0].connection]
        if not row.reused:
            assert origin.wait(lambda: not served.open), "the connection stays"
        follower, target = rig.follower(app)
        client.send(follower)
        rig.check_answered(client.read_response(), target)
        if not row.reused:
            assert once.arrived[1].connection != once.arrived[0].connection
    rig.check_next(app)


@apps
@pytest.mark.parametrize("name", ["until-close", "chunked", "CL"])
def test_lawful_answer_to_http_1_0(rig: Rig, app: str, name: str) -> None:
    """An old client gets no chunks."""
    row = next(row for row in origin_answers.GOOD if row.name == name)
    with rig.scripted(app, Once(row.answer)):
        response = rig.send(app, get(EXPERIMENTS_GET, version="1.0"))
    assert (response.status, response.body) == (200, b"hello")
    assert response.values("transfer-encoding") == []
    assert response.closes


@apps
def test_a_kept_connection_that_ended(rig: Rig, app: str) -> None:
    """A read goes once more on a fresh connection; a write is never sent twice."""
    for method, status, times in (("GET", 200, 2), ("POST", 502, 1)):
        once = Once(Answer(b"", "close"))
        # One connection, and so one loop, whose pool then has a connection that was used.
        with rig.connect() as client:
            follower, target = rig.follower(app)
            client.send(follower)
            rig.check_answered(client.read_response(), target)
            with rig.scripted(app, once):
                client.send(rig.fill_in(request_of(method), app))
                response = client.read_response(method)
            assert response is not None
            assert response.status == status
        assert len(once.arrived) == times
        if times == 2:
            assert once.arrived[0].connection != once.arrived[1].connection
            assert once.arrived[0].target == once.arrived[1].target


LARGE = {
    "CL": (b"Content-Length: 300000", b"x" * 300_000),
    "chunked": (b"Transfer-Encoding: chunked", b"493e0\r\n" + b"x" * 300_000 + b"\r\n0\r\n\r\n"),
}
EARLY = json.dumps({"error_code": "BAD_REQUEST", "message": "early"}).encode()


@apps
@pytest.mark.parametrize("framing", LARGE)
@pytest.mark.parametrize("status", ["400 Bad", "413 Large", "200 OK"])
def test_an_answer_before_the_body(rig: Rig, app: str, framing: str, status: str) -> None:
    """Relayed; what of the body is still under way is never taken for the next request."""
    line, body = LARGE[framing]
    with rig.scripted(app, on_head=lambda request: Answer(http(status, EARLY))):
        response = rig.send(app, post(b"Expect: 100-continue", line, body=body))
        assert (response.status, response.body) == (int(status[:3]), EARLY)
    rig.check_next(app)


@pytest.mark.parametrize("framing", LARGE)
def test_an_answer_while_the_body_is_kept_back(rig: Rig, framing: str) -> None:
    """To an unsigned origin the body streams: the answer ends the upload and that connection."""
    line, body = LARGE[framing]
    with rig.scripted(PLAIN, on_head=lambda request: Answer(http("413 Large", EARLY))) as origin:
        before = len(origin.unfinished())
        with rig.connect() as client:
            client.send(rig.fill_in(post(line, body=body[:1000]), PLAIN))
            response = client.read_response()
            assert response is not None
            assert (response.status, response.body) == (413, EARLY)
            assert response.closes
            client.send_all([body[1000:], rig.fill_in(get("/version?smuggled"), PLAIN)])
            assert client.rest() == b""
        assert origin.wait(lambda: not any(c.open and c.unread for c in origin.connections))
        assert len(origin.unfinished()) == before + 1
    rig.check_next(PLAIN)


@apps
def test_unreachable(rig: Rig, app: str) -> None:
    for method in ("GET", "POST"):
        response = rig.send(DOWN, request_of(method))
        assert (response.status, response.refusal) == (503, "origin-unreachable")
        assert int(response.value("retry-after")) > 0
    lines = rig.log_lines(response.value("x-request-id"), 2)
    assert any("app down" in line.get("why", "") for line in lines)
    rig.check_next(app)


@pytest.mark.parametrize("row", by_name(origin_answers.AWS), ids=name_of)
def test_aws_errors_in_mlflows_shape(rig: Rig, row: Aws) -> None:
    lines = [f"x-amzn-ErrorType: {row.error_type}"] if row.error_type else []
    answer = Answer(http(f"{row.status} Some", row.body, *lines, "x-amzn-RequestId: hostile"))
    with rig.scripted(SIGNED, lambda request: answer):
        response = rig.ask(SIGNED, EXPERIMENTS_GET)
    assert response.status == row.seen
    said = json.loads(response.body)
    assert said["error_code"] == row.error_code
    assert row.says in said["message"]
    assert set(said) == {"error_code", "message"}
    assert response.value("content-type") == "application/json"
    assert response.refusal == ""
    assert "hostile" not in str(response.fields)


@apps
@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_mlflows_own_errors_pass_unchanged(rig: Rig, app: str, status: int) -> None:
    body = b'{"error_code": "RESOURCE_ALREADY_EXISTS", "message": "x", "extra": [1, 2]}'
    with rig.scripted(app, lambda request: Answer(http(f"{status} Some", body))):
        response = rig.ask(app, EXPERIMENTS_GET)
    assert (response.status, response.body) == (status, body)


@apps
@pytest.mark.parametrize("chunked", [False, True], ids=["CL", "chunked"])
def test_mlflows_long_errors_pass_whole(rig: Rig, app: str, chunked: bool) -> None:
    body = b'{"error_code": "BAD_REQUEST", "message": "%b"}' % (b"x" * 300_000)
    data = http("400 Some", body)
    if chunked:
        head = b"HTTP/1.1 400 Some\r\nTransfer-Encoding: chunked\r\n\r\n"
        data = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    with rig.scripted(app, lambda request: Answer(data)):
        response = rig.ask(app, EXPERIMENTS_GET)
    assert (response.status, response.body, response.whole) == (400, body, True)


@apps
def test_encoded_errors_pass_unchanged(rig: Rig, app: str) -> None:
    """AWS encodes nothing: what is encoded is an MLflow's, and has its shape."""
    packed = gzip.compress(b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "x"}')
    answer = Answer(http("404 Some", packed, "Content-Encoding: gzip"))
    with rig.scripted(app, lambda request: answer):
        response = rig.ask(app, EXPERIMENTS_GET)
    assert (response.status, response.body) == (404, packed)
    assert response.value("content-encoding") == "gzip"


def test_an_encoded_error_of_aws_is_said_in_general(rig: Rig) -> None:
    packed = gzip.compress(b'{"message": "x"}')
    lines = ("Content-Encoding: gzip", "x-amzn-ErrorType: AccessDeniedException")
    with rig.scripted(SIGNED, lambda request: Answer(http("403 Some", packed, *lines))):
        response = rig.ask(SIGNED, EXPERIMENTS_GET)
    assert response.status == 403
    assert json.loads(response.body)["error_code"] == "PERMISSION_DENIED"
    assert response.values("content-encoding") == []


@pytest.mark.parametrize("sent", [0, 10, 40_000])
def test_an_error_that_breaks_off(rig: Rig, sent: int) -> None:
    """Of half an error of a managed MLflow nothing is said but its status; one too long to be held
    breaks off at the client too."""
    body = (b'{"message": "hostile-half' + b"x" * 50_000)[:sent]
    head = b"HTTP/1.1 403 Some\r\nContent-Length: 60000\r\n\r\n"
    with rig.scripted(SIGNED, Once(Answer(head + body, "close"))):
        with rig.connect() as client:
            client.send(rig.fill_in(get(EXPERIMENTS_GET), SIGNED))
            response = client.read_response()
        assert response is not None
        if sent > 32 << 10:
            assert response.refusal == "origin-lost" or not response.whole
        else:
            assert response.status == 403
            assert json.loads(response.body)["error_code"] == "PERMISSION_DENIED"
            assert b"hostile-half" not in response.body
    rig.check_next(SIGNED)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/2.0/mlflow-artifacts/artifacts/0/a"),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts?path=a"),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/a"),
        ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/0/a"),
        ("POST", "/api/2.0/mlflow-artifacts/mpu/create/0/a"),
    ],
)
def test_managed_artifacts_are_not_implemented(rig: Rig, method: str, path: str) -> None:
    """A client retries a 503 for four minutes; a 501 it reads."""
    answer = Answer(http("503 Off", b"Endpoint disabled", "Retry-After: 1", type_="text/plain"))
    with rig.scripted(SIGNED, lambda request: answer):
        response = rig.ask(SIGNED, path, method=method)
        assert response.status == 501
        assert json.loads(response.body)["error_code"] == "NOT_IMPLEMENTED"
        assert response.values("retry-after") == []
        assert rig.ask(SIGNED, EXPERIMENTS_GET).status == 503
    with rig.scripted(PLAIN, lambda request: answer):
        response = rig.ask(PLAIN, path, method=method)
        assert (response.status, response.body) == (503, b"Endpoint disabled")


def test_log_says_what_was_wrong(rig: Rig) -> None:
    reasons = {
        "CL-twice-different": "several Content-Length",
        "name-with-space": "name is malformed",
        "9-interim": "interim",
        "101": "protocol was switched",
        "head-100K": "too large",
    }
    for name, reason in reasons.items():
        row = next(row for row in origin_answers.BAD if row.name == name)
        with rig.scripted(SIGNED, Once(row.answer)):
            response = rig.ask(SIGNED, EXPERIMENTS_GET)
        lines = rig.log_lines(response.value("x-request-id"), 2)
        why = [line for line in lines if "why" in line]
        assert len(why) == 1
        assert reason in why[0]["why"], why
        assert (why[0]["refusal"], why[0]["level"]) == ("origin-bad-response", "warning")
