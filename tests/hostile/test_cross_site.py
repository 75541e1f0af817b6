"""A page of another site can neither write nor ask through a visitor's browser."""

from __future__ import annotations

import pytest

import cross_site
from cross_site import Row
from rig import BOTH, EXPERIMENTS_GET, PLAIN, Hostile, Lawful, Rig, by_name, get, name_of

apps = pytest.mark.parametrize("app", BOTH)


def lines_of(rig: Rig, row: Row) -> list[bytes]:
    port = str(rig.address[1])
    return [line.replace("{P}", port).encode() for line in row.lines]


@apps
@pytest.mark.parametrize(("method", "path"), cross_site.GUARDED)
@pytest.mark.parametrize("row", by_name(cross_site.ROWS), ids=name_of)
def test_guarded(rig: Rig, app: str, row: Row, method: str, path: str) -> None:
    raw = get(path, *lines_of(rig, row), method=method)
    if row.refused:
        rig.check_refused(app, Hostile(row.name, raw, 403, "cross-site", closes=False))
    else:
        request = rig.check_lawful(app, Lawful(row.name, raw, path, method))
        assert request.values("origin") == []


@apps
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("row", by_name(cross_site.ROWS), ids=name_of)
def test_reads_are_not_guarded(rig: Rig, app: str, row: Row, method: str) -> None:
    """A link may lead here; the answer is no other site's to read, as no CORS is ever answered."""
    raw = get(EXPERIMENTS_GET, *lines_of(rig, row), method=method)
    rig.check_lawful(app, Lawful(row.name, raw, EXPERIMENTS_GET, method, lacks=("evil",)))


@apps
def test_preflights_are_not_answered(rig: Rig, app: str) -> None:
    lines = [
        b"Origin: https://evil.example",
        b"Access-Control-Request-Method: POST",
        b"Access-Control-Request-Headers: content-type",
    ]
    row = Hostile(
        "preflight",
        get("/api/2.0/mlflow/runs/create", *lines, method="OPTIONS"),
        403,
        "unknown-route",
        closes=False,
    )
    response = rig.check_refused(app, row)
    assert not [name for name, _ in response.fields if name.startswith("access-control-")]


@pytest.mark.parametrize("path", ["/app", "/signet/api/v1/apps", "/nothing", "/apps/nobody/x"])
def test_every_write_is_guarded(rig: Rig, path: str) -> None:
    raw = f"POST {path} HTTP/1.1\r\nHost: {{H}}\r\nOrigin: null\r\n\r\n".encode()
    rig.check_refused(PLAIN, Hostile(path, raw, 403, "cross-site", closes=False))


@pytest.mark.parametrize("name", ["site-cross-site", "origin-null", "site-twice"])
def test_log_says_which_header_it_was(rig: Rig, name: str) -> None:
    row = next(row for row in cross_site.ROWS if row.name == name)
    raw = get("/graphql", *lines_of(rig, row), method="POST")
    response = rig.check_refused(PLAIN, Hostile(name, raw, 403, "cross-site", closes=False))
    lines = rig.log_lines(response.value("x-request-id"), 2)
    word = "Origin is not" if name == "origin-null" else "Sec-Fetch-Site"
    assert any(word in line.get("why", "") for line in lines), lines
    assert {line.get("refusal") for line in lines} == {"cross-site"}
