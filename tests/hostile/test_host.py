"""Which hosts the gateway answers to, and what may not change its mind."""

from __future__ import annotations

from dataclasses import replace

import pytest

import host
from rig import BOTH, OWN, PLAIN, Hostile, Lawful, Rig, by_name, get, name_of

apps = pytest.mark.parametrize("app", BOTH)


def with_port(rig: Rig, raw: bytes) -> bytes:
    return raw.replace(b"{P}", str(rig.address[1]).encode())


@apps
@pytest.mark.parametrize("row", by_name(host.HOSTILE), ids=name_of)
def test_refused(rig: Rig, app: str, row: Hostile) -> None:
    rig.check_refused(app, replace(row, raw=with_port(rig, row.raw)))


@apps
@pytest.mark.parametrize("row", by_name(host.LAWFUL), ids=name_of)
def test_answered(rig: Rig, app: str, row: Lawful) -> None:
    request = rig.check_lawful(app, replace(row, raw=with_port(rig, row.raw)))
    assert request.value("host") == f"127.0.0.1:{rig.origins[app].port}"


@pytest.mark.parametrize("name", ["evil.example", "evil.example:1", "10.0.0.1", "a.b.c:65535"])
@pytest.mark.parametrize("form", ["origin", "absolute"])
def test_health_answers_any_host(rig: Rig, name: str, form: str) -> None:
    target = "/health" if form == "origin" else f"http://{name}/health"
    response = rig.send(PLAIN, f"GET {target} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    assert (response.status, response.body) == (200, b'{"status": "healthy"}')
    assert response.value("x-signet-refusal") == ""


@pytest.mark.parametrize(
    "target", ["/health/", "/Health", "/health.", "/health/x", "/apps/plain/health"]
)
def test_only_health_itself_is_exempt(rig: Rig, target: str) -> None:
    raw = f"GET {target} HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode()
    rig.check_refused(PLAIN, Hostile(target, raw, 421, "wrong-host", closes=False))


@pytest.mark.parametrize("agent", ["ELB-HealthChecker/2.0", "GoogleHC/1.0", "kube-probe/1.30"])
def test_a_health_checkers_name_opens_nothing(rig: Rig, agent: str) -> None:
    line = b"User-Agent: " + agent.encode()
    raw = get("/version", line, host=b"Host: evil.example")
    rig.check_refused(PLAIN, Hostile(agent, raw, 421, "wrong-host", closes=False))


def test_x_forwarded_uri_does_not_choose_the_route(rig: Rig) -> None:
    for line in (
        b"X-Forwarded-Uri: /health",
        b"X-Original-URL: /health",
        b"X-Rewrite-URL: /health",
        b"X-Forwarded-Prefix: /apps/plain",
        b"X-HTTP-Method-Override: GET",
    ):
        rig.check_refused(
            PLAIN, Hostile("forged", get("/admin", line), 403, "unknown-route", closes=False)
        )


def test_an_apps_own_host_is_that_apps_alone(rig: Rig) -> None:
    origin = rig.origins[OWN]
    mark = origin.mark()

    def ask(target: str) -> int:
        raw = f"GET {target} HTTP/1.1\r\nHost: {rig.own_authority}\r\n\r\n"
        return rig.send(OWN, raw.encode()).status

    assert ask("/version") == 200
    assert ask("/api/2.0/mlflow/experiments/get?experiment_id=1") == 200
    for elsewhere in ("/apps/plain/version", "/apps/signed/version", "/app", "/mlflow-ui/"):
        assert ask(elsewhere) == 403, elsewhere
    assert len(origin.since(mark)) == 2


def test_log_names_the_refusal(rig: Rig) -> None:
    rows = {row.name: row for row in host.HOSTILE}
    response = rig.check_refused(PLAIN, rows["host-evil"])
    lines = rig.log_lines(response.value("x-request-id"), 2)
    assert {line.get("refusal") for line in lines} == {"wrong-host"}
    assert any("does not answer for the host" in line.get("why", "") for line in lines)
