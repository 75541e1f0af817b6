"""The request target: one parse, one normalised form that is routed, signed and sent."""

from __future__ import annotations

import pytest

import target
from rig import BOTH, PLAIN, SIGNED, Hostile, Lawful, Rig, by_name, get, name_of

apps = pytest.mark.parametrize("app", BOTH)


def short(row: object) -> str:
    return name_of(row)[:60]


@apps
@pytest.mark.parametrize("row", by_name(target.HOSTILE), ids=short)
def test_refused(rig: Rig, app: str, row: Hostile) -> None:
    rig.check_refused(app, row)


@apps
@pytest.mark.parametrize("row", by_name(target.LAWFUL), ids=short)
def test_arrives_in_one_form(rig: Rig, app: str, row: Lawful) -> None:
    rig.check_lawful(app, row)


# The default app's addresses at the root are read by the same rules.
AT_ROOT = [
    ("//api/2.0/mlflow/experiments/get", 400),
    ("/./api/2.0/mlflow/experiments/get", 400),
    ("/app/../api/2.0/mlflow/experiments/get", 400),
    ("/mlflow-ui/../api/2.0/mlflow/experiments/get", 400),
    ("/mlflow-ui;/api/2.0/mlflow/experiments/get", 400),
    ("/API/2.0/mlflow/experiments/get", 403),
    ("/Apps/plain/version", 403),
    ("/MLFLOW-UI/", 403),
    ("/App", 403),
    ("/version/", 403),
    ("/graphql/", 403),
    ("/v1/traces/", 403),
    ("/static-files/main.js", 403),
    ("/apps/plain%2fversion", 400),
    ("/apps/plain%2e%2e/version", 404),
    ("/apps//version", 400),
    ("/apps/plain//version", 400),
]


@pytest.mark.parametrize(("path", "status"), AT_ROOT)
def test_refused_at_the_root(rig: Rig, path: str, status: int) -> None:
    refusal = {400: "bad-request", 403: "unknown-route", 404: ""}[status]
    raw = b"GET " + path.encode() + b" HTTP/1.1\r\nHost: {H}\r\n\r\n"
    rig.check_refused(PLAIN, Hostile(path, raw, status, refusal, closes=status == 400))


REDIRECTS = [
    ("/", 302, "/app"),
    ("http://{H}", 302, "/app"),
    ("/apps/plain", 308, "/apps/plain/"),
    ("/apps/plain?a=b", 308, "/apps/plain/?a=b"),
    ("/%61pps/plain?a=//evil.example", 308, "/apps/plain/?a=%2F%2Fevil.example"),
    ("/mlflow-ui", 308, "/mlflow-ui/"),
]


@pytest.mark.parametrize(("path", "status", "location"), REDIRECTS)
def test_redirects_are_our_own(rig: Rig, path: str, status: int, location: str) -> None:
    forged = b"X-Forwarded-Host: evil.example\r\nX-Forwarded-Prefix: //evil.example\r\n"
    raw = b"GET " + path.encode() + b" HTTP/1.1\r\nHost: {H}\r\n" + forged + b"\r\n"
    response = rig.send(PLAIN, raw)
    assert (response.status, response.value("location")) == (status, location)


def test_log_says_why_and_keeps_queries_out(rig: Rig) -> None:
    rows = {row.name: row for row in target.HOSTILE}
    reasons = {
        "path-dotdot": "path is malformed or ambiguous",
        "query-key-X-Amz-Signature=1": "X-Amz parameters",
        "asterisk-GET": "target is malformed",
        "route-case-API": "not one that the gateway knows",
        "artifact-encoded-twice-dotdot": "percent-encoded twice",
    }
    for name, reason in reasons.items():
        response = rig.check_refused(SIGNED, rows[name])
        lines = rig.log_lines(response.value("x-request-id"), 2)
        assert any(reason in line.get("why", "") for line in lines), lines
    response = rig.ask(SIGNED, "/version?token=kept-out-of-logs&run_id=7")
    line = rig.log_lines(response.value("x-request-id"))[0]
    assert line["path"] == "/apps/signed/version?run_id=7"
    assert "kept-out-of-logs" not in rig.log_text()


def test_log_lines_cannot_be_forged(rig: Rig) -> None:
    """What a client sends stays inside its field: no line, no escape sequence of its own."""
    agent = 'x" } {"event":"forged"} é \u2028'.encode()
    response = rig.send(PLAIN, get("/version", b"User-Agent: " + agent))
    line = rig.log_lines(response.value("x-request-id"))[0]
    assert line["user_agent"].startswith('x" } {"event":"forged"}')
    assert not any(c in rig.log_text() for c in "\u2028\x1b\x85")
