"""Rows on what an origin may answer: engine.md 25, and what is lawful beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal

from recording_origin import Answer, http


@dataclass(frozen=True)
class Bad:
    """`refusal`: why the client gets its 5xx. The connection to the origin must be closed."""

    name: str
    answer: Answer
    status: int = 502
    refusal: str = "origin-bad-response"


@dataclass(frozen=True)
class Broken:
    """An answer whose head is lawful and whose body is not: the client must see it break off."""

    name: str
    answer: Answer


@dataclass(frozen=True)
class Good:
    """Arrives as `status` and `body`. `reused`: whether the connection may serve another."""

    name: str
    answer: Answer
    body: bytes = b"hello"
    status: int = 200
    reused: bool = True
    method: str = "GET"
    interim: list[int] = field(default_factory=list)


Then = Literal["keep", "close", "reset", "hang"]


def head(
    *lines: str, status: str = "HTTP/1.1 200 OK", body: bytes = b"hello", then: Then = "keep"
) -> Answer:
    return Answer("\r\n".join([status, *lines, "", ""]).encode("latin-1") + body, then)


_LENGTH = "Content-Length: 5"
_CHUNKED = "Transfer-Encoding: chunked"
_CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"

_HEADS = {
    "name-with-space": head("A b: c", _LENGTH),
    "name-space-before-colon": head("A : b", _LENGTH),
    "CL-space-before-colon": head("Content-Length : 5"),
    "name-empty": head(": b", _LENGTH),
    "name-non-ASCII": head("\xc4: b", _LENGTH),
    "name-missing": head("nothing", _LENGTH),
    "value-NUL": head("A: b\x00c", _LENGTH),
    "value-CR": head("A: b\rSet-Cookie: c", _LENGTH),
    "value-CR-at-end": head("A: b\r", _LENGTH),
    "value-LF": head("A: b\nSet-Cookie: c", _LENGTH),
    "value-ESC": head("A: \x1b[31m", _LENGTH),
    "obs-fold": head("A: b\r\n c", _LENGTH),
    "obs-fold-first": head(" A: b", _LENGTH),
    "LF-everywhere": Answer(b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
    "LF-ends-the-head": Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\nhello"),
    "CL-twice-different": head(_LENGTH, "Content-Length: 0"),
    "CL-twice-the-same": head(_LENGTH, _LENGTH),
    "CL-list": head("Content-Length: 5, 5"),
    "CL-negative": head("Content-Length: -5"),
    "CL-plus": head("Content-Length: +5"),
    "CL-hex": head("Content-Length: 0x5"),
    "CL-empty": head("Content-Length:"),
    "CL-leading-zero": head("Content-Length: 05"),
    "CL-2^64+5": head("Content-Length: 18446744073709551621"),
    "CL-and-TE": head(_LENGTH, _CHUNKED, body=_CHUNKS),
    "TE-and-CL": head(_CHUNKED, _LENGTH, body=_CHUNKS),
    "TE-twice": head(_CHUNKED, _CHUNKED, body=_CHUNKS),
    "TE-list": head("Transfer-Encoding: chunked, chunked", body=_CHUNKS),
    "TE-gzip": head("Transfer-Encoding: gzip, chunked", body=_CHUNKS),
    "TE-identity": head("Transfer-Encoding: identity"),
    "TE-unknown": head("Transfer-Encoding: xchunked", body=_CHUNKS),
    "TE-empty": head("Transfer-Encoding:"),
    "TE-VT": head("Transfer-Encoding: \x0bchunked", body=_CHUNKS),
    "TE-in-HTTP-1.0": head(_CHUNKED, status="HTTP/1.0 200 OK", body=_CHUNKS),
    "101": head(
        "Connection: Upgrade", "Upgrade: websocket", status="HTTP/1.1 101 Switching Protocols"
    ),
    "9-interim": Answer(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 9 + http()),
    "1000-interim": Answer(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "interim-then-101": Answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Now\r\n\r\n"),
    "interim-with-bad-field": Answer(b"HTTP/1.1 103 Early Hints\r\nA b: c\r\n\r\n" + http()),
    "status-99": head(_LENGTH, status="HTTP/1.1 99 Low"),
    "status-600": head(_LENGTH, status="HTTP/1.1 600 High"),
    "status-000": head(_LENGTH, status="HTTP/1.1 000 Nothing"),
    "status-4-digits": head(_LENGTH, status="HTTP/1.1 2000 OK"),
    "status-letters": head(_LENGTH, status="HTTP/1.1 2xx OK"),
    "status-negative": head(_LENGTH, status="HTTP/1.1 -20 OK"),
    "status-missing": head(_LENGTH, status="HTTP/1.1"),
    "status-two-spaces": head(_LENGTH, status="HTTP/1.1  200 OK"),
    "reason-with-NUL": head(_LENGTH, status="HTTP/1.1 200 O\x00K"),
    "reason-with-CR": head(_LENGTH, status="HTTP/1.1 200 O\rK"),
    "HTTP-2": head(_LENGTH, status="HTTP/2 200 OK"),
    "HTTP-2.0": head(_LENGTH, status="HTTP/2.0 200 OK"),
    "HTTP-1.2": head(_LENGTH, status="HTTP/1.2 200 OK"),
    "http-lower-case": head(_LENGTH, status="http/1.1 200 OK"),
    "ICY": head(_LENGTH, status="ICY 200 OK"),
    "HTTP-0.9": Answer(b"<html>hello</html>", "close"),
    "empty-line-first": Answer(b"\r\n" + http()),
    "SSH": Answer(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
    "TLS-alert": Answer(b"\x15\x03\x01\x00\x02\x02\x46"),
    "h2-settings": Answer(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
    "binary": Answer(bytes(range(256)) * 8),
    "Connection-is-no-list": head('Connection: "close"', _LENGTH),
    "head-100K": head("A: " + "b" * 100_000, _LENGTH),
    "name-100K": head("a" * 100_000 + ": b", _LENGTH),
    "headers-200": head(*["A: b"] * 200, _LENGTH),
    "endless-line": Answer(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 300_000, "hang"),
    "endless-status-line": Answer(b"HTTP/1.1 200 " + b"b" * 300_000, "hang"),
    "endless-headers": Answer(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 50_000, "hang"),
}
_LOST = {
    "closed-at-once": Answer(b"", "close"),
    "reset-at-once": Answer(b"", "reset"),
    "closed-in-status-line": Answer(b"HTTP/1.1 2", "close"),
    "closed-in-head": Answer(b"HTTP/1.1 200 OK\r\nContent-Le", "close"),
    "closed-before-the-heads-end": Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "close"),
    "closed-after-interim": Answer(b"HTTP/1.1 100 Continue\r\n\r\n", "close"),
}
_SLOW = {
    "silent": Answer(b"", "hang"),
    "silent-in-head": Answer(b"HTTP/1.1 200 OK\r\nContent-Le", "hang"),
    "silent-after-interim": Answer(b"HTTP/1.1 100 Continue\r\n\r\n", "hang"),
}
BAD = [
    *[Bad(name, answer) for name, answer in _HEADS.items()],
    *[Bad(name, answer, refusal="origin-lost") for name, answer in _LOST.items()],
]
SLOW = [Bad(name, answer, 504, "origin-timeout") for name, answer in _SLOW.items()]

BROKEN = [
    Broken("CL-too-short", head("Content-Length: 10", then="close")),
    Broken("CL-too-short-reset", head("Content-Length: 10", then="reset")),
    Broken("until-close-reset", head(then="reset")),
    Broken("until-close-reset-later", Answer(head().data, "reset", later=b"more")),
    Broken("CL-nothing-came", head("Content-Length: 10", body=b"", then="close")),
    Broken("CL-stalls", head("Content-Length: 10", then="hang")),
    *[
        Broken(f"chunk-{name}", head(_CHUNKED, body=body, then=then))
        for name, body, then in (
            ("cut-in-data", b"a\r\nhello", "close"),
            ("cut-in-size", b"5\r\nhello\r\n5", "close"),
            ("cut-before-the-last", b"5\r\nhello\r\n", "close"),
            ("cut-after-the-last", b"5\r\nhello\r\n0\r\n", "close"),
            ("size-bad", b"5\r\nhello\r\nxyz\r\n", "keep"),
            ("size-bad-first", b"xyz\r\nhello\r\n0\r\n\r\n", "keep"),
            ("size-0x", b"5\r\nhello\r\n0x5\r\nhello\r\n0\r\n\r\n", "keep"),
            ("size-overflow", b"5\r\nhello\r\n10000000000000005\r\nhello\r\n0\r\n\r\n", "keep"),
            ("size-LF", b"5\r\nhello\r\n5\nhello\r\n0\r\n\r\n", "keep"),
            ("no-CRLF-after-data", b"5\r\nhello5\r\nhello\r\n0\r\n\r\n", "keep"),
            ("extension-64K", b"5\r\nhello\r\n5;" + b"a" * 65536 + b"\r\nhello\r\n0\r\n\r\n",
             "keep"),
            ("trailer-bad", b"5\r\nhello\r\n0\r\nA b: c\r\n\r\n", "keep"),
            ("trailer-100K", b"5\r\nhello\r\n0\r\nA: " + b"b" * 100_000 + b"\r\n\r\n", "keep"),
        )
    ],
]  # fmt: skip

_NEXT = http("200 OK", b'{"whose": "nobody\'s"}')
GOOD = [
    Good("CL", head(_LENGTH)),
    Good("CL-0", head("Content-Length: 0", body=b""), b""),
    Good("chunked", head(_CHUNKED, body=_CHUNKS)),
    Good("chunked-capitals", head("TRANSFER-ENCODING: CHUNKED", body=_CHUNKS)),
    Good("chunked-in-three", head(_CHUNKED, body=b"1\r\nh\r\n1\r\ne\r\n3\r\nllo\r\n0\r\n\r\n")),
    Good("chunked-extension", head(_CHUNKED, body=b'5;a="b"\r\nhello\r\n0;c\r\n\r\n')),
    Good("chunked-trailers", head(_CHUNKED, body=b"5\r\nhello\r\n0\r\nSet-Cookie: a\r\n\r\n")),
    Good("until-close", head(then="close"), reused=False),
    Good("until-close-1.0", head(status="HTTP/1.0 200 OK", then="close"), reused=False),
    Good("CL-1.0", head(_LENGTH, status="HTTP/1.0 200 OK"), reused=False),
    Good("CL-1.0-keep-alive", head(_LENGTH, "Connection: keep-alive", status="HTTP/1.0 200 OK")),
    Good("Connection-close", head(_LENGTH, "Connection: close"), reused=False),
    Good("no-reason", head(_LENGTH, status="HTTP/1.1 200")),
    Good("no-reason-space", head(_LENGTH, status="HTTP/1.1 200 ")),
    Good("204", head(status="HTTP/1.1 204 No Content", body=b""), b"", 204),
    Good("304", head('ETag: "a"', status="HTTP/1.1 304 Not Modified", body=b""), b"", 304),
    Good("304-with-length", head(_LENGTH, status="HTTP/1.1 304 Not Modified", body=b""), b"", 304),
    Good("HEAD", head(_LENGTH, body=b""), b"", method="HEAD"),
    Good("8-interim", Answer(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 8
                             + head(_LENGTH).data)),
    Good("100-unasked", Answer(b"HTTP/1.1 100 Continue\r\n\r\n" + head(_LENGTH).data)),
    Good("head-60K", head("A: " + "b" * 60_000, _LENGTH)),
    Good("900-KB", head("Content-Length: 900000", body=b"z" * 900_000), b"z" * 900_000),
    Good("in-two-segments", Answer(head(_LENGTH, body=b"he").data, later=b"llo")),
    Good("head-in-two-segments", Answer(b"HTTP/1.1 200 OK\r\nConte", later=b"nt-Length: 5\r\n\r\n"
                                        b"hello")),
    # More than was announced: it belongs to no answer, and the connection to nobody.
    Good("CL-and-more", head(_LENGTH, body=b"hello, and more"), reused=False),
    Good("CL-and-an-answer", head(_LENGTH, body=b"hello" + _NEXT), reused=False),
    Good("chunked-and-an-answer", head(_CHUNKED, body=_CHUNKS + _NEXT), reused=False),
    Good("CL-0-and-an-answer", head("Content-Length: 0", body=_NEXT), b"", reused=False),
    Good("204-with-a-length", head(_LENGTH, status="HTTP/1.1 204 No Content", body=b""), b"", 204,
         reused=False),
    Good("204-chunked", head(_CHUNKED, status="HTTP/1.1 204 No Content", body=b""), b"", 204,
         reused=False),
    Good("204-with-a-body", head(_LENGTH, status="HTTP/1.1 204 No Content"), b"", 204,
         reused=False),
    Good("304-and-an-answer", head(status="HTTP/1.1 304 Not Modified", body=_NEXT), b"", 304,
         reused=False),
    Good("HEAD-with-a-body", head(_LENGTH), b"", reused=False, method="HEAD"),
    Good("an-answer-that-comes-later", Answer(head(_LENGTH).data, later=_NEXT), reused=False),
]  # fmt: skip


@dataclass(frozen=True)
class Aws:
    """An error of a managed MLflow, and what MLflow's own client then reads."""

    name: str
    status: int
    error_type: str
    body: bytes
    seen: int
    error_code: str
    says: str = ""


def _message(text: str, key: str = "message") -> bytes:
    return json.dumps({key: text}).encode()


_INTERNAL = "AccessDeniedException:http://internal.amazon.com/coral/com.amazon.coral.service/"
AWS = [
    Aws("denied", 403, "AccessDeniedException", _message("not authorized"), 403,
        "PERMISSION_DENIED", "not authorized"),
    Aws("denied-long-type", 403, _INTERNAL, _message("no", "Message"), 403, "PERMISSION_DENIED",
        "(AccessDeniedException): no"),
    Aws("bad-signature", 403, "InvalidSignatureException", _message("The request signature"), 403,
        "PERMISSION_DENIED", "InvalidSignatureException"),
    Aws("unauthenticated", 401, "MissingAuthenticationTokenException", _message("Missing"), 401,
        "UNAUTHENTICATED", "Missing"),
    Aws("not-found", 404, "ResourceNotFoundException", _message("gone"), 404,
        "RESOURCE_DOES_NOT_EXIST", "gone"),
    Aws("conflict", 409, "ConflictException", _message("busy"), 409, "RESOURCE_CONFLICT", "busy"),
    Aws("validation", 400, "ValidationException", _message("bad"), 400, "BAD_REQUEST", "bad"),
    Aws("throttled-400", 400, "ThrottlingException", _message("Rate exceeded"), 429,
        "REQUEST_LIMIT_EXCEEDED", "Rate exceeded"),
    Aws("throttled-503", 503, "ThrottlingException", _message("Rate exceeded"), 429,
        "REQUEST_LIMIT_EXCEEDED"),
    Aws("too-many", 429, "TooManyRequestsException", b"", 429, "REQUEST_LIMIT_EXCEEDED"),
    Aws("internal", 500, "InternalServerException", _message("oops"), 500, "INTERNAL_ERROR"),
    Aws("unavailable", 503, "ServiceUnavailableException", _message("soon"), 503,
        "TEMPORARILY_UNAVAILABLE"),
    Aws("gateway-timeout", 504, "", b"", 504, "DEADLINE_EXCEEDED"),
    Aws("no-type", 403, "", _message("Forbidden"), 403, "PERMISSION_DENIED", "Forbidden"),
    Aws("html", 502, "", b"<html><h1>502 Bad Gateway</h1></html>", 502, "INTERNAL_ERROR"),
    Aws("not-JSON", 400, "", b'{"message": ', 400, "BAD_REQUEST"),
    Aws("not-an-object", 400, "", b'["message"]', 400, "BAD_REQUEST"),
    Aws("message-is-no-text", 400, "", b'{"message": {"a": 1}}', 400, "BAD_REQUEST"),
    Aws("hostile-text", 403, "", _message('"}\r\n<script>\u2028\x00'), 403, "PERMISSION_DENIED"),
    Aws("deep", 400, "", b'{"message":' * 2500, 400, "BAD_REQUEST"),
    Aws("100-KB", 400, "ValidationException", _message("x" * 100_000), 400, "BAD_REQUEST"),
    Aws("teapot", 418, "", b"", 418, "BAD_REQUEST"),
]  # fmt: skip
