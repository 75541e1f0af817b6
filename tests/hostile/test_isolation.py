"""What an MLflow answers cannot run as the gateway's own page."""

from __future__ import annotations

import gzip

import pytest

import isolation
from raw_client import Response
from recording_origin import Answer, http
from rig import BOTH, FRAME_ANCESTOR, OWN, PLAIN, SIGNED, Hostile, Rig, get

apps = pytest.mark.parametrize("app", BOTH)
SANDBOX = "sandbox; default-src 'none'"


def answered(
    rig: Rig,
    app: str,
    path: str,
    *lines: str,
    status: str = "200 OK",
    body: bytes = isolation.HTML,
    type_: str = "text/html",
    method: str = "GET",
    asks: tuple[str, ...] = (),
) -> Response:
    data = http(status, body, *lines, type_=type_)
    if method == "HEAD":
        data = data[: len(data) - len(body)]
    with rig.scripted(app, lambda request: Answer(data)):
        return rig.ask(app, path, *asks, method=method)


@apps
@pytest.mark.parametrize("destination", isolation.REFUSED_DESTINATIONS)
@pytest.mark.parametrize("path", isolation.DATA)
def test_data_is_no_code_and_no_frame(rig: Rig, app: str, path: str, destination: str) -> None:
    raw = get(path, f"Sec-Fetch-Dest: {destination}".encode())
    response = rig.check_refused(app, Hostile(destination, raw, 403, "forbidden", closes=False))
    if destination == "script" and path == isolation.DATA[0]:
        lines = rig.log_lines(response.value("x-request-id"), 2)
        assert any("as code or as a document" in line.get("why", "") for line in lines)


@apps
@pytest.mark.parametrize("destination", isolation.PASSING_DESTINATIONS)
def test_data_may_be_downloaded_and_shown(rig: Rig, app: str, destination: str) -> None:
    line = f"Sec-Fetch-Dest: {destination}"
    assert answered(rig, app, isolation.DATA[0], asks=(line,)).status == 200


@apps
@pytest.mark.parametrize("path", [isolation.PAGE, isolation.STATIC, *isolation.API])
@pytest.mark.parametrize("destination", isolation.REFUSED_DESTINATIONS)
def test_other_routes_know_no_destination(rig: Rig, app: str, path: str, destination: str) -> None:
    assert answered(rig, app, path, asks=(f"Sec-Fetch-Dest: {destination}",)).status == 200


@apps
@pytest.mark.parametrize(
    "path", [isolation.PAGE, isolation.STATIC, isolation.API[0], isolation.DATA[0]]
)
@pytest.mark.parametrize(
    "line", ["Service-Worker: script", "service-worker: SCRIPT", "Service-Worker:"]
)
def test_no_service_worker(rig: Rig, app: str, path: str, line: str) -> None:
    raw = get(path, line.encode())
    rig.check_refused(app, Hostile("worker", raw, 403, "forbidden", closes=False))


@pytest.mark.parametrize(
    "path", ["/app", "/app/x", "/mlflow-ui/", "/signet/api/v1/apps", "/", "/apps/plain"]
)
def test_no_service_worker_of_the_portal(rig: Rig, path: str) -> None:
    raw = f"GET {path} HTTP/1.1\r\nHost: {{H}}\r\nService-Worker: script\r\n\r\n".encode()
    rig.check_refused(PLAIN, Hostile("worker", raw, 403, "forbidden", closes=False))


@apps
@pytest.mark.parametrize("status", ["200 OK", "206 Partial Content", "404 Not Found"])
@pytest.mark.parametrize("type_", ["text/html", "image/svg+xml", "application/javascript"])
@pytest.mark.parametrize("path", isolation.DATA)
def test_data_is_an_attachment_in_a_sandbox(
    rig: Rig, app: str, path: str, type_: str, status: str
) -> None:
    response = answered(rig, app, path, status=status, type_=type_)
    assert response.status == int(status[:3])
    if status.startswith("2"):
        assert response.body == isolation.HTML
    assert response.value("content-disposition").startswith("attachment")
    assert response.value("content-security-policy") == SANDBOX
    assert response.value("cross-origin-resource-policy") == "same-origin"
    assert response.value("x-content-type-options") == "nosniff"
    assert response.value("cache-control") == "no-store"


@apps
@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (["attachment; filename=a.html"], "attachment; filename=a.html"),
        (["inline; filename=a.html"], "attachment"),
        (["inline", "attachment"], "attachment"),
        ([], "attachment"),
    ],
)
def test_inline_becomes_attachment(rig: Rig, app: str, given: list[str], seen: str) -> None:
    lines = [f"Content-Disposition: {value}" for value in given]
    response = answered(rig, app, isolation.DATA[0], *lines)
    assert response.values("content-disposition") == [seen]


@apps
@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "404 Not Found", "500 Broken"])
@pytest.mark.parametrize("path", isolation.API)
def test_api_answers_are_no_documents(rig: Rig, app: str, path: str, status: str) -> None:
    """An echoed error message in HTML must not run."""
    response = answered(rig, app, path, "Cache-Control: public", status=status)
    assert response.value("content-security-policy") == SANDBOX
    assert response.value("x-content-type-options") == "nosniff"
    assert response.value("cache-control") == "no-store"


@apps
@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        (["attachment; filename=a"], "attachment; filename=a"),
        (["Attachment"], "Attachment"),
        (["attachment; filename=a", "inline"], "attachment"),
        (["attachment, inline"], "attachment"),
        (["attachments"], "attachment"),
        (["inline"], "attachment"),
    ],
)
def test_data_is_an_attachment_whatever_the_origin_says(
    rig: Rig, app: str, lines: list[str], seen: str
) -> None:
    said = [f"Content-Disposition: {line}" for line in lines]
    response = answered(rig, app, isolation.DATA[0], *said)
    assert response.values("content-disposition") == [seen]
    hidden = answered(rig, app, isolation.DATA[0], *said, "Connection: content-disposition")
    assert hidden.values("content-disposition") == ["attachment"]


@apps
def test_a_repeated_destination_is_refused(rig: Rig, app: str) -> None:
    raw = get(isolation.DATA[0], b"Sec-Fetch-Dest: empty", b"Sec-Fetch-Dest: script")
    response = rig.send(app, raw)
    assert (response.status, response.refusal) == (403, "forbidden")


@apps
def test_a_large_page_of_unknown_length_comes_unedited(rig: Rig, app: str) -> None:
    page = isolation.HTML + b" " * (1 << 20)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    data = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(page), page)
    with rig.scripted(app, lambda request: Answer(data)):
        response = rig.ask(app, "/")
    assert (response.status, response.body) == (200, page)


@pytest.mark.parametrize("path", ["/app/assets/none", "/signet/none", "/signet/api/v1/none"])
def test_own_refusals_are_isolated(rig: Rig, path: str) -> None:
    raw = f"GET {path} HTTP/1.1\r\nHost: {{H}}\r\n\r\n".encode()
    response = rig.send(PLAIN, raw)
    assert response.status in (403, 404)
    assert response.value("cross-origin-opener-policy") == "same-origin"


@pytest.mark.parametrize("path", ["/app", "/signet/api/v1/apps"])
def test_a_wrong_method_is_told_the_right_ones(rig: Rig, path: str) -> None:
    response = rig.send(PLAIN, f"POST {path} HTTP/1.1\r\nHost: {{H}}\r\n\r\n".encode())
    assert (response.status, response.value("allow")) == (405, "GET, HEAD")


@apps
def test_static_files_may_be_kept(rig: Rig, app: str) -> None:
    caching = "public, max-age=2419200"
    lines = (f"Cache-Control: {caching}", 'ETag: "a"')
    response = answered(rig, app, isolation.STATIC, *lines, body=b"let a;", type_="text/javascript")
    assert (response.value("cache-control"), response.value("etag")) == (caching, '"a"')
    assert response.value("x-content-type-options") == "nosniff"
    missing = answered(rig, app, isolation.STATIC, *lines, status="404 Not Found")
    assert missing.value("cache-control") == "no-store"


def check_page_policy(rig: Rig, response: Response, mount: str, authority: str) -> None:
    policy = {
        words[0]: words[1:]
        for words in (part.split() for part in response.value("content-security-policy").split(";"))
    }
    assert policy["script-src"] == [
        f"{authority}{mount}/static-files/",
        f"{authority}/signet/static/",
    ]
    assert policy["object-src"] == policy["base-uri"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert policy["frame-ancestors"][:2] == ["'self'", FRAME_ANCESTOR]
    assert response.value("x-content-type-options") == "nosniff"


@apps
def test_page_is_edited_and_confined(rig: Rig, app: str) -> None:
    origin = rig.origins[app]
    mark = origin.mark()
    asks = (
        "Range: bytes=0-9",
        'If-Range: "a"',
        'If-Match: "a"',
        'If-None-Match: "a"',
        "If-Modified-Since: Mon, 02 Nov 2026 10:00:00 GMT",
        "Accept-Encoding: gzip, br",
    )
    response = answered(rig, app, "/", 'ETag: "a"', "Accept-Ranges: bytes", asks=asks)
    assert response.body == isolation.EDITED
    check_page_policy(rig, response, rig.mount(app), rig.authority)
    assert response.values("etag") == response.values("accept-ranges") == []
    request = origin.since(mark)[0]
    assert request.values("accept-encoding") == ["identity"]
    for name in ("range", "if-range", "if-match", "if-none-match", "if-modified-since"):
        assert request.values(name) == []


def test_page_of_an_own_host(rig: Rig) -> None:
    with rig.scripted(OWN, lambda request: Answer(http(body=isolation.HTML, type_="text/html"))):
        raw = f"GET / HTTP/1.1\r\nHost: {rig.own_authority}\r\n\r\n".encode()
        response = rig.send(OWN, raw)
    assert response.body == isolation.EDITED
    check_page_policy(rig, response, "", rig.own_authority)
    assert f"http://{rig.authority}" in response.value("content-security-policy")


@pytest.mark.parametrize("path", ["/app", "/signet/api/v1/apps", "/signet/static/x.js"])
def test_an_own_host_has_neither_portal_nor_api(rig: Rig, path: str) -> None:
    raw = f"GET {path} HTTP/1.1\r\nHost: {rig.own_authority}\r\n\r\n".encode()
    response = rig.send(OWN, raw)
    assert (response.status, response.refusal) == (403, "unknown-route")


def test_a_refusal_on_an_own_host_leads_to_the_portal(rig: Rig) -> None:
    """The portal is on another host, and frames this one."""
    lines = f"Host: {rig.own_authority}\r\nSec-Fetch-Mode: navigate\r\nAccept: text/html\r\n\r\n"
    response = rig.send(OWN, f"GET /nothing HTTP/1.1\r\n{lines}".encode())
    assert (response.status, response.refusal) == (403, "unknown-route")
    assert f'href="http://{rig.authority}/app"'.encode() in response.body
    policy = response.value("content-security-policy")
    assert policy.endswith(f"frame-ancestors 'self' {FRAME_ANCESTOR} http://{rig.authority}")
    response = rig.send(PLAIN, get("/nothing", b"Sec-Fetch-Mode: navigate", b"Accept: text/html"))
    assert b'href="/app"' in response.body
    assert response.value("content-security-policy").endswith(f"'self' {FRAME_ANCESTOR}")


@apps
def test_page_by_head(rig: Rig, app: str) -> None:
    response = answered(rig, app, "/", method="HEAD")
    assert response.status == 200
    assert response.values("content-length") == []  # what GET would have is not known
    check_page_policy(rig, response, rig.mount(app), rig.authority)


@apps
@pytest.mark.parametrize(
    ("name", "path", "how"),
    [
        ("artifact", isolation.DATA[0], {}),
        ("artifact-of-the-service", isolation.DATA[2], {}),
        ("api", isolation.API[0], {}),
        ("static", isolation.STATIC, {}),
        ("other-type", "/", {"type_": "application/json"}),
        ("other-status", "/", {"status": "203 Non-Authoritative"}),
        ("large", "/", {"body": isolation.HTML + b" " * (1 << 20)}),
    ],
    ids=lambda value: value if isinstance(value, str) and "/" not in value else "",
)
def test_nothing_else_is_edited(
    rig: Rig, app: str, name: str, path: str, how: dict[str, object]
) -> None:
    response = answered(rig, app, path, **how)  # type: ignore[arg-type]
    assert response.body == how.get("body", isolation.HTML)


@apps
def test_a_page_in_a_coding_is_left_alone(rig: Rig, app: str) -> None:
    packed = gzip.compress(isolation.HTML * 20)
    response = answered(rig, app, "/", "Content-Encoding: gzip", body=packed)
    assert (response.body, response.value("content-encoding")) == (packed, "gzip")
    check_page_policy(rig, response, rig.mount(app), rig.authority)


@pytest.mark.parametrize("path", ["/app", "/app/research/experiments/7", "/signet/api/v1/apps"])
def test_own_pages_are_isolated(rig: Rig, path: str) -> None:
    raw = f"GET {path} HTTP/1.1\r\nHost: {{H}}\r\nSec-Fetch-Mode: navigate\r\n\r\n".encode()
    response = rig.send(PLAIN, raw)
    assert response.status == 200
    assert response.value("cross-origin-opener-policy") == "same-origin"
    assert response.value("x-content-type-options") == "nosniff"


def test_a_refused_navigation_gets_a_page_that_runs_nothing(rig: Rig) -> None:
    lines = (b"Sec-Fetch-Mode: navigate", b"Sec-Fetch-Dest: document", b"Accept: text/html")
    response = rig.send(SIGNED, get("/<script>alert(1)</script>", *lines))
    assert (response.status, response.refusal) == (403, "unknown-route")
    assert response.value("content-type").startswith("text/html")
    assert response.value("content-security-policy").startswith("default-src 'none'")
    assert b"<script" not in response.body
