"""What of a client's head reaches an origin, and what of an origin's head reaches a client."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

import fields
from raw_client import Response
from recording_origin import Answer, Arrived, http
from rig import (
    ARN,
    BOTH,
    CLIENT_SECRET,
    EXPERIMENTS_GET,
    KEYED,
    ORIGIN_PASSWORD,
    PLAIN,
    SIGNED,
    Hostile,
    Lawful,
    Rig,
    get,
    post,
)

apps = pytest.mark.parametrize("app", BOTH)

SIGNED_SEES = {
    "host", "content-length", "content-type", "authorization", "x-amz-date", "x-amz-security-token",
    "x-amz-content-sha256", "x-sm-mlflow-app-arn", "x-request-id", "traceparent", "tracestate",
    "connection", *[name.lower() for name in fields.PASSED],
}  # fmt: skip


def arrives(rig: Rig, app: str, lines: Iterable[str], **how: bool) -> Arrived:
    raw = get(EXPERIMENTS_GET, *[line.encode() for line in lines])
    row = Lawful("fields", raw, EXPERIMENTS_GET, "GET", closes=how.get("closes", False))
    request = rig.check_lawful(app, row)
    if app == SIGNED:
        assert {name for name, _ in request.fields} <= SIGNED_SEES, request.head
    return request


@apps
@pytest.mark.parametrize("name", fields.NEVER_PASSED)
def test_never_passed(rig: Rig, app: str, name: str) -> None:
    """In no spelling, alone, repeated, named by Connection or not. Origin is ours where it must
    be: that it is refused otherwise is the cross-site table's."""
    value = f"http://{rig.authority}" if name == "Origin" else CLIENT_SECRET
    for spelling in fields.spellings(name):
        lines = [f"{spelling}: {value}"] * (1 if name == "Origin" else 2)
        request = arrives(rig, app, lines)
        assert value.encode() not in request.head, (spelling, request.head)
        assert "_" not in "".join(key for key, _ in request.fields)
    request = arrives(rig, app, [f"Connection: {name}", f"{name}: {value}"])
    assert value.encode() not in request.head, request.head


@apps
def test_all_at_once(rig: Rig, app: str) -> None:
    names = [name for name in fields.NEVER_PASSED if name != "Origin"]
    lines = [f"{name}: {CLIENT_SECRET}" for name in names]
    request = arrives(rig, app, [*lines, f"Connection: {', '.join(names[:40])}"])
    assert CLIENT_SECRET.encode() not in request.head


@apps
@pytest.mark.parametrize("name", fields.PASSED)
def test_passed(rig: Rig, app: str, name: str) -> None:
    value = fields.PASSED[name]
    request = arrives(rig, app, [f"{name}: {value}"])
    assert request.values(name.lower()) == [value.encode().decode("latin-1")]
    request = arrives(rig, app, [f"{name.upper()}:\t{value} \t"])
    assert request.values(name.lower()) == [value.encode().decode("latin-1")]


@apps
@pytest.mark.parametrize("name", fields.PASSED_TO_UNSIGNED)
def test_allow_list_or_deny_list(rig: Rig, app: str, name: str) -> None:
    request = arrives(rig, app, [f"{name}: some value"])
    assert request.values(name.lower()) == (["some value"] if app == PLAIN else [])
    request = arrives(rig, app, [f"Connection: {name}", f"{name}: some value"])
    assert request.values(name.lower()) == []


@apps
@pytest.mark.parametrize("name", [name for name in fields.PASSED if name != "Content-Type"])
def test_connection_named_is_removed(rig: Rig, app: str, name: str) -> None:
    for connection in (
        f"Connection: {name}",
        f"connection: a, {name.upper()} ,b",
        f"Connection: close, {name}",
    ):
        request = arrives(
            rig, app, [connection, f"{name}: {fields.PASSED[name]}"], closes="close" in connection
        )
        assert request.values(name.lower()) == [], request.head


@apps
@pytest.mark.parametrize("name", fields.NAMED_BY_CONNECTION)
def test_connection_cannot_take_ours_away(rig: Rig, app: str, name: str) -> None:
    """The client's go first, then ours are added: also when Connection names them."""
    raw = post(f"Connection: {name}".encode(), b"Content-Length: 5", body=b"hello")
    request = rig.check_lawful(app, Lawful(name, raw, body=b"hello"))
    assert request.value("host") == f"127.0.0.1:{rig.origins[app].port}"
    assert request.value("content-length") == "5"
    assert request.value("x-request-id")
    assert request.value("traceparent")
    if app == PLAIN:
        assert request.value("x-forwarded-for") == "127.0.0.1"
    else:
        assert request.value("x-sm-mlflow-app-arn") == ARN


@apps
@pytest.mark.parametrize("value", ["trailers", "trailers, deflate;q=0.5", "chunked", ""])
def test_te_is_dropped(rig: Rig, app: str, value: str) -> None:
    assert arrives(rig, app, [f"TE: {value}", "Connection: TE"]).values("te") == []
    assert arrives(rig, app, [f"TE: {value}"]).values("te") == []


@apps
@pytest.mark.parametrize("value", ["websocket", "h2c", "HTTP/2.0", "TLS/1.0", "foo"])
def test_upgrade_is_dropped(rig: Rig, app: str, value: str) -> None:
    """Never tunnelled: the answer is an ordinary one."""
    lines = [
        "Connection: Upgrade, HTTP2-Settings",
        f"Upgrade: {value}",
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    request = arrives(rig, app, lines)
    assert request.values("upgrade") == []
    assert "upgrade" not in request.value("connection").lower()


@apps
def test_trace_context_is_passed_on_if_lawful(rig: Rig, app: str) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    request = arrives(rig, app, [f"traceparent: 00-{trace}-00f067aa0ba902b7-01"])
    assert trace in request.value("traceparent")
    for bad in ("00-xyz", f"00-{trace}-00f067aa0ba902b7-01, x", "hostile-value"):
        request = arrives(rig, app, [f"traceparent: {bad}", "tracestate: a=hostile-value"])
        assert b"hostile-value" not in request.head
        assert trace not in request.value("traceparent")


@apps
@pytest.mark.parametrize("named", [False, True])
def test_trace_state_goes_when_connection_names_it(rig: Rig, app: str, named: bool) -> None:
    lines = [
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "tracestate: vendor=value",
        *(["Connection: tracestate"] if named else []),
    ]
    request = arrives(rig, app, lines)
    assert request.values("tracestate") == ([] if named else ["vendor=value"])


def test_signed_origins_get_single_fields(rig: Rig) -> None:
    """Signer and origin could join repeats differently."""
    request = arrives(
        rig,
        SIGNED,
        [
            "Content-Type: text/plain",
            "Content-Type: application/json",
            "Accept: a/b",
            "Accept: c/d",
        ],
    )
    names = [name for name, _ in request.fields]
    assert len(set(names)) == len(names)


def test_an_origins_own_password_is_ours_to_give(rig: Rig) -> None:
    request = arrives(
        rig,
        KEYED,
        [f"Authorization: Basic {CLIENT_SECRET}", f"authorization: Bearer {CLIENT_SECRET}"],
    )
    assert request.values("authorization") == [ORIGIN_PASSWORD]


def test_client_address_is_not_the_clients_word(rig: Rig) -> None:
    """Nobody is a trusted proxy here: the peer's address is the client's."""
    raw = get("/version", b"X-Forwarded-For: 6.6.6.6", b"Forwarded: for=6.6.6.6")
    response = rig.send(PLAIN, raw)
    assert rig.log_lines(response.value("x-request-id"))[0]["client"] == "127.0.0.1"


@apps
def test_client_signatures_mean_nothing(rig: Rig, app: str) -> None:
    """A client's own SigV4 headers are dropped; its payload claims too."""
    lines = [
        f"Authorization: AWS4-HMAC-SHA256 Credential={CLIENT_SECRET}/20260101/eu-west-1/sagemaker/"
        "aws4_request, SignedHeaders=host, Signature=00",
        "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD",
        "X-Amz-Date: 20260101T000000Z",
        "X-Amz-Decoded-Content-Length: 5",
        "x-amz-trailer: x-amz-checksum-crc32",
    ]
    request = arrives(rig, app, lines)
    assert b"UNSIGNED-PAYLOAD" not in request.head
    assert b"20260101T000000Z" not in request.head


# ---- answers ----


def answered(
    rig: Rig, app: str, *lines: str, status: str = "200 OK", path: str = EXPERIMENTS_GET, **how: str
) -> Response:
    with rig.scripted(app, lambda request: Answer(http(status, b"{}", *lines, **how))):
        response = rig.ask(app, path)
    rig.check_next(app)
    return response


def header_text(response: Response) -> str:
    return "\n".join(f"{name}: {value}" for name, value in response.fields)


@apps
@pytest.mark.parametrize("name", fields.NEVER_ANSWERED)
def test_never_answered(rig: Rig, app: str, name: str) -> None:
    value = fields.NEVER_ANSWERED[name]
    for spelling in (name, name.lower(), name.upper()):
        response = answered(rig, app, f"{spelling}: {value}", f"{spelling}: {value}")
        assert (response.status, response.body) == (200, b"{}")
        assert "hostile-value" not in header_text(response), response.fields


@apps
@pytest.mark.parametrize("name", fields.ANSWERED)
def test_answered(rig: Rig, app: str, name: str) -> None:
    value = fields.ANSWERED[name]
    assert answered(rig, app, f"{name}: {value}").value(name.lower()) == value
    dropped = answered(rig, app, f"{name}: {value}", f"Connection: {name.lower()}")
    assert dropped.values(name.lower()) == []


@apps
@pytest.mark.parametrize("status", ["201 Created", "302 Found", "301 Moved", "307 Temporary"])
@pytest.mark.parametrize("name", fields.LOCATIONS)
def test_location_stays_below_the_mount(rig: Rig, app: str, name: str, status: str) -> None:
    given, expected = fields.LOCATIONS[name]
    given = given.replace("{O}", f"127.0.0.1:{rig.origins[app].port}")
    response = answered(rig, app, f"Location: {given}", status=status)
    assert response.status == int(status[:3])
    wanted = [expected.replace("{M}", rig.mount(app))] if expected is not None else []
    assert response.values("location") == wanted


@apps
def test_reason_phrases_are_ours(rig: Rig, app: str) -> None:
    with rig.scripted(app, lambda request: Answer(http("200 hostile <script>"))):
        with rig.connect() as client:
            client.send(rig.fill_in(get(EXPERIMENTS_GET, b"Connection: close"), app))
            assert b"hostile" not in client.rest()


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Amz-Security-Token"])
def test_secrets_of_refused_requests_are_not_logged(rig: Rig, name: str) -> None:
    """Also where the refusal is about the very line that holds the secret."""
    line = f"{name}: Bearer {CLIENT_SECRET}\x01".encode()
    row = Hostile(name, get("/version", line))
    response = rig.check_refused(PLAIN, row)
    assert len(rig.log_lines(response.value("x-request-id"), 2)) == 2
    rig.check_logs_keep_secrets()
