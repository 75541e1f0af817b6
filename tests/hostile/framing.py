"""Rows on framing: hostile-inputs.md §5.1 and design.md §1.3 ("Stricter than RFC 9112")."""

from __future__ import annotations

from rig import BODY_LIMIT, RUNS_CREATE, Hostile, Lawful, get, post

SMUGGLED = b"GET {M}/version?smuggled HTTP/1.1\r\nHost: {H}\r\n\r\n"
_CL = b"Content-Length: "
_TE = b"Transfer-Encoding: "
_CHUNKED = _TE + b"chunked"
_HELLO = b"5\r\nhello\r\n0\r\n\r\n"

# ---- two framings at once ----

_TWO_FRAMINGS = [
    Hostile("CL.TE", post(_CL + b"6", _CHUNKED, body=b"0\r\n\r\nG")),
    Hostile("TE.CL", post(_CHUNKED, _CL + b"4", body=b"5c\r\n" + SMUGGLED + b"0\r\n\r\n")),
    Hostile("CL.TE-length-0", post(_CL + b"0", _CHUNKED, body=_HELLO)),
    Hostile("CL.TE-identity", post(_CL + b"5", _TE + b"identity", body=b"hello")),
    Hostile("TE.TE", post(_CHUNKED, _CHUNKED, body=_HELLO)),
    Hostile("TE.TE-second-is-nonsense", post(_CHUNKED, _TE + b"x", body=_HELLO)),
    Hostile("TE.TE-first-is-nonsense", post(_TE + b"x", _CHUNKED, body=_HELLO)),
    Hostile("TE.TE-identity", post(_CHUNKED, _TE + b"identity", body=_HELLO)),
    Hostile("CL.CL-different", post(_CL + b"5", _CL + b"0", body=b"hello")),
    Hostile("CL.CL-same", post(_CL + b"5", _CL + b"5", body=b"hello")),
    Hostile("CL.CL-triple", post(_CL + b"5", _CL + b"5", _CL + b"5", body=b"hello")),
    Hostile("CL.CL-list", post(_CL + b"5, 5", body=b"hello")),
    Hostile("CL.CL-list-different", post(_CL + b"5, 0", body=b"hello")),
    Hostile("CL.CL-list-comma-only", post(_CL + b"5,", body=b"hello")),
    *[
        Hostile(
            f"0.CL-{method}",
            get("/version", _CL + b"%d" % len(SMUGGLED), method=method) + SMUGGLED,
            method=method,
        )
        for method in ("GET", "HEAD", "OPTIONS")
    ],
    *[
        Hostile(f"0.TE-{method}", get("/version", _CHUNKED, method=method) + _HELLO, method=method)
        for method in ("GET", "HEAD", "OPTIONS")
    ],
    Hostile("0.TE-empty-chunked-GET", get("/version", _CHUNKED) + b"0\r\n\r\n"),
]

# ---- Content-Length ----

_LENGTHS = {
    "plus": b"+5", "minus-zero": b"-0", "minus": b"-1", "hex": b"0x5", "octal": b"0o5",
    "digits-underscore": b"1_0", "space-inside": b"1 0", "two-zeros": b"00",
    "leading-zero": b"0200",
    "empty": b"", "2^63": b"9223372036854775808", "2^64": b"18446744073709551616",
    "2^64+5": b"18446744073709551621", "40-digits": b"5" * 40, "trailing-text": b"5abc",
    "leading-text": b"abc5", "fraction": b"5.0", "exponent": b"5e0", "quoted": b'"5"',
    "semicolon": b"5;", "VT": b"\x0b5", "FF": b"5\x0c", "NUL": b"5\x00", "0x85": b"\x855",
    "0xA0": b"5\xa0", "arabic-digit": "\u0665".encode(), "fullwidth-digit": "\uff15".encode(),
    "bare-CR": b"5\r", "chunked": b"chunked",
}  # fmt: skip
_BAD_LENGTH = [
    Hostile(f"CL-{name}", post(_CL + value, body=b"hello")) for name, value in _LENGTHS.items()
]

# ---- Transfer-Encoding ----

_CODINGS = {
    "xchunked": b"xchunked", "chunkedx": b"chunkedx", "identity": b"identity", "empty": b"",
    "chunked-identity": b"chunked, identity", "identity-chunked": b"identity, chunked",
    "gzip": b"gzip", "gzip-chunked": b"gzip, chunked", "leading-comma": b", chunked",
    "trailing-comma": b"chunked,", "chunked-twice": b"chunked, chunked",
    "parameter": b"chunked;p=v", "semicolon": b"chunked;", "double-quoted": b'"chunked"',
    "single-quoted": b"'chunked'", "VT": b"\x0bchunked", "VT-after": b"chunked\x0b",
    "FF": b"\x0cchunked", "NUL": b"chunked\x00", "0x85": b"\x85chunked", "0xA0": b"\xa0chunked",
    "bare-CR": b"chunked\r", "CR-inside": b"chun\rked", "kelvin-sign": "chun\u212aed".encode(),
    "deflate": b"deflate", "none": b"none", "cow": b"cow",
}  # fmt: skip
_BAD_CODING = [
    *[Hostile(f"TE-{name}", post(_TE + value, body=_HELLO)) for name, value in _CODINGS.items()],
    Hostile("TE-in-HTTP-1.0", post(_CHUNKED, body=_HELLO, version="1.0")),
    Hostile("TE-in-HTTP-1.0-with-CL", post(_CHUNKED, _CL + b"5", body=_HELLO, version="1.0")),
]

# ---- names that are nearly the framing's ----

_NAMES = {
    "TE-underscore": b"Transfer_Encoding: chunked",
    "TE-underscore-upper": b"TRANSFER_ENCODING: chunked",
    "CL-underscore": b"Content_Length: 5",
    "TE-with-space": b"Transfer Encoding: chunked",
    "TE-space-before-colon": b"Transfer-Encoding : chunked",
    "TE-tab-before-colon": b"Transfer-Encoding\t: chunked",
    "TE-space-before-name": b" Transfer-Encoding: chunked",
    "TE-tab-before-name": b"\tTransfer-Encoding: chunked",
    "TE-after-bare-CR": b"X: X\rTransfer-Encoding: chunked",
    "TE-after-bare-LF": b"X: X\nTransfer-Encoding: chunked",
    "TE-NUL-in-name": b"Transfer-\x00Encoding: chunked",
    "TE-NBSP-in-name": b"Transfer-Encoding\xa0: chunked",
    "TE-colon-in-name": b":Transfer-Encoding: chunked",
    "TE-obs-fold-value": b"Transfer-Encoding:\r\n chunked",
    "TE-obs-fold-before": b"X: y\r\n Transfer-Encoding: chunked",
    "CL-space-before-colon": b"Content-Length : 5",
    "CL-obs-fold-value": b"Content-Length:\r\n 5",
    "CL-quoted-name": b'"Content-Length": 5',
    "TE-dotless-i": "Transfer-Encod\u0131ng: chunked".encode(),
}
_NEAR_NAMES = [Hostile(name, post(line, body=_HELLO)) for name, line in _NAMES.items()] + [
    Hostile(f"{name}-beside-CL", post(_CL + b"5", line, body=b"hello"))
    for name, line in _NAMES.items()
]

# ---- lines ----

_LINES = [
    Hostile("LF-everywhere", get("/version").replace(b"\r\n", b"\n")),
    Hostile("LF-after-request-line", get("/version").replace(b"\r\n", b"\n", 1)),
    Hostile("LF-after-a-field", get("/version", b"A: b\nC: d")),
    Hostile("LF-ends-the-head", get("/version")[:-2] + b"\n"),
    Hostile("CR-CR-LF", get("/version").replace(b"\r\n", b"\r\r\n", 1)),
    Hostile("CR-in-value", get("/version", b"A: b\rC: d")),
    Hostile("NUL-in-value", get("/version", b"A: b\x00c")),
    Hostile("DEL-in-value", get("/version", b"A: b\x7fc")),
    Hostile("ESC-in-value", get("/version", b"A: \x1b[31m")),
    Hostile("obs-fold-space", get("/version", b"A: b\r\n c")),
    Hostile("obs-fold-tab", get("/version", b"A: b\r\n\tc")),
    Hostile("obs-fold-empty", get("/version", b"A: b\r\n ")),
    Hostile("space-before-first-field", get("/version", host=b" Host: {H}")),
    Hostile("empty-name", get("/version", b": b")),
    Hostile("no-colon", get("/version", b"nothing")),
    Hostile("space-in-name", get("/version", b"A b: c")),
    Hostile("non-ASCII-name", get("/version", "Ä: b".encode())),
    Hostile("NUL-in-name", get("/version", b"A\x00: b")),
    Hostile("bracket-in-name", get("/version", b"A[]: b")),
    Hostile("two-empty-lines-first", b"\r\n\r\n" + get("/version")),
    Hostile("LF-first", b"\n" + get("/version")),
    Hostile("space-first", b" " + get("/version")),
    Hostile("two-spaces-after-method", get("/version").replace(b"GET ", b"GET  ", 1)),
    Hostile("two-spaces-before-version", get("/version").replace(b" HTTP/1.1", b"  HTTP/1.1", 1)),
    Hostile("space-after-version", get("/version").replace(b"1.1\r\n", b"1.1 \r\n", 1)),
    Hostile("tab-after-method", get("/version").replace(b"GET ", b"GET\t", 1)),
    Hostile("tab-before-version", get("/version").replace(b" HTTP/1.1", b"\tHTTP/1.1", 1)),
    Hostile(
        "tab-request-line-trick", b"GET {M}/version\tHTTP/1.1/../../x HTTP/1.1\r\nHost: {H}\r\n\r\n"
    ),
    Hostile(
        "space-request-line-trick",
        b"GET {M}/version HTTP/1.1/../../x HTTP/1.1\r\nHost: {H}\r\n\r\n",
    ),
    Hostile("VT-in-request-line", get("/version").replace(b" HTTP/1.1", b"\x0bHTTP/1.1", 1)),
    Hostile("no-version", b"GET {M}/version\r\n\r\n"),
    Hostile("no-target", b"GET HTTP/1.1\r\nHost: {H}\r\n\r\n"),
    Hostile("empty-target", b"GET  HTTP/1.1\r\nHost: {H}\r\n\r\n"),
    Hostile("method-alone", b"GET\r\nHost: {H}\r\n\r\n"),
    Hostile("method-lower-case", get("/version", method="get"), method="get"),
    Hostile("method-mixed-case", get("/version", method="Get")),
    Hostile("method-with-NUL", get("/version", method="G\x00T")),
    Hostile("method-with-colon", get("/version", method="GET:")),
    Hostile("method-of-40-letters", get("/version", method="A" * 40)),
    Hostile("version-lower-case", get("/version").replace(b"HTTP/", b"http/", 1)),
    Hostile("version-1.01", get("/version", version="1.01")),
    Hostile("version-1", get("/version", version="1")),
    Hostile("version-with-letters", get("/version", version="1.x")),
    Hostile("version-1.2", get("/version", version="1.2"), 505),
    Hostile("version-2.0", get("/version", version="2.0"), 505),
    Hostile("version-0.9", get("/version", version="0.9"), 505),
    Hostile("version-9.9", get("/version", version="9.9"), 505),
    Hostile("h2-preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    Hostile("TLS-hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)),
    Hostile("binary", b"\x00\xff\xfe\r\n\r\n"),
    Hostile("answer-instead-of-a-request", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    Hostile("Connection-is-no-token-list", get("/version", b'Connection: "close"')),
    Hostile("Connection-with-a-space", get("/version", b"Connection: a b")),
    Hostile("Connection-with-1000-options", get("/version", b"Connection: " + b"a," * 1000)),
]

# ---- chunks ----

_CHUNKS = {
    "size-LF": b"5\nhello\r\n0\r\n\r\n",
    "size-CR": b"5\rhello\r\n0\r\n\r\n",
    "size-CR-CR-LF": b"5\r\r\nhello\r\n0\r\n\r\n",
    "size-0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "size-plus": b"+5\r\nhello\r\n0\r\n\r\n",
    "size-minus": b"-5\r\nhello\r\n0\r\n\r\n",
    "size-underscore": b"0_5\r\nhello\r\n0\r\n\r\n",
    "size-space-before": b" 5\r\nhello\r\n0\r\n\r\n",
    "size-space-after": b"5 \r\nhello\r\n0\r\n\r\n",
    "size-tab-after": b"5\t\r\nhello\r\n0\r\n\r\n",
    "size-empty": b"\r\nhello\r\n0\r\n\r\n",
    "size-only-extension": b";a\r\nhello\r\n0\r\n\r\n",
    "size-letter": b"g\r\nhello\r\n0\r\n\r\n",
    "size-comma": b"5,5\r\nhello\r\n0\r\n\r\n",
    "size-fullwidth": "\uff15\r\nhello\r\n0\r\n\r\n".encode(),
    "size-2^64+5": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "size-2^63": b"8000000000000000\r\nhello\r\n0\r\n\r\n",
    "size-2^64-1": b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "size-17-digits": b"00000000000000005\r\nhello\r\n0\r\n\r\n",
    "data-without-CRLF": b"5\r\nhello0\r\n\r\n",
    "data-ends-in-LF": b"5\r\nhello\n0\r\n\r\n",
    "data-ends-in-CR": b"5\r\nhello\r0\r\n\r\n",
    "spill": b"5\r\nhello, and more\r\n0\r\n\r\n",
    "spill-of-a-request": b"5\r\nhello" + SMUGGLED + b"0\r\n\r\n",
    "extension-64K": b"5;a=" + b"b" * 65536 + b"\r\nhello\r\n0\r\n\r\n",
    "extension-CR": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "extension-LF": b"5;a\nhello\r\n0\r\n\r\n",
    "extension-LF-terminator": b"5;\nhello\r\n0\r\n\r\n",
    "extension-NUL": b"5;a\x00\r\nhello\r\n0\r\n\r\n",
    "extension-without-name": b"5;\r\nhello\r\n0\r\n\r\n",
    "extension-open-quote": b'5;a="b\r\nhello\r\n0\r\n\r\n',
    "extension-quoted-CRLF": b'5;a="\r\n"\r\nhello\r\n0\r\n\r\n',
    "extension-space": b"5 ;a=b\r\nhello\r\n0\r\n\r\n",
    "last-LF": b"5\r\nhello\r\n0\n\r\n",
    "last-LF-LF": b"5\r\nhello\r\n0\n\n",
    "last-then-LF": b"5\r\nhello\r\n0\r\n\n",
    "last-then-space": b"5\r\nhello\r\n0\r\n \r\n",
    "trailer-LF": b"5\r\nhello\r\n0\r\nA: b\n\r\n",
    "trailer-obs-fold": b"5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n",
    "trailer-bad-name": b"5\r\nhello\r\n0\r\nA b: c\r\n\r\n",
    "trailer-NUL": b"5\r\nhello\r\n0\r\nA: b\x00\r\n\r\n",
    "trailer-is-a-request": b"5\r\nhello\r\n0\r\n" + SMUGGLED,
    "trailers-10000": b"5\r\nhello\r\n0\r\n" + b"A: b\r\n" * 10000 + b"\r\n",
    "trailer-100K": b"5\r\nhello\r\n0\r\nA: " + b"b" * 100_000 + b"\r\n\r\n",
}
_BAD_CHUNKS = [
    Hostile(f"chunk-{name}", post(_CHUNKED, body=body), part_may_arrive=True)
    for name, body in _CHUNKS.items()
]

# ---- sizes ----

_OVER = b"%x" % (BODY_LIMIT + 1)
_TOO_LARGE = [
    Hostile("CL-over-the-limit", post(_CL + b"%d" % (BODY_LIMIT + 1)), 413, "too-large"),
    Hostile("CL-2^63-1", post(_CL + b"9223372036854775807"), 413, "too-large"),
    Hostile(
        "chunk-over-the-limit",
        post(_CHUNKED, body=_OVER + b"\r\nhello"),
        413,
        "too-large",
        part_may_arrive=True,
    ),
    Hostile(
        "chunk-2^59-1",
        post(_CHUNKED, body=b"7ffffffffffffff\r\nhello"),
        413,
        "too-large",
        part_may_arrive=True,
    ),
    Hostile("headers-10000", get("/version", *[b"A: b"] * 10_000), 431, "too-large"),
    Hostile("headers-129", get("/version", *[b"A: b"] * 128), 431, "too-large"),
    Hostile("header-name-100K", get("/version", b"a" * 100_000 + b": b"), 431, "too-large"),
    Hostile("header-value-100K", get("/version", b"A: " + b"b" * 100_000), 431, "too-large"),
    Hostile("cookie-70K", get("/version", b"Cookie: " + b"b" * 70_000), 431, "too-large"),
    Hostile("URL-100K", get("/version?a=" + "b" * 100_000), 431, "too-large"),
    Hostile("path-100K", get("/" + "b" * 100_000), 431, "too-large"),
    Hostile("method-100K", b"A" * 100_000, 431, "too-large"),
]

# ---- Expect ----

_EXPECT = [
    Hostile(
        f"Expect-{name}", post(b"Expect: " + value, _CL + b"5", body=b"hello"), 417, closes=None
    )
    for name, value in {
        "obfuscated": b"x 100-continue",
        "list": b"100-continue, x",
        "other": b"200-ok",
        "parameter": b"100-continue;q=1",
        "empty": b"",
    }.items()
] + [
    Hostile(
        "Expect-twice",
        post(b"Expect: 100-continue", b"Expect: 100-continue", _CL + b"5", body=b"hello"),
        417,
        closes=None,
    ),
    Hostile(
        "Expect-with-both-framings",
        post(b"Expect: 100-continue", _CL + b"5", _CHUNKED, body=_HELLO),
    ),
    Hostile(
        "Expect-on-GET-with-body", get("/version", b"Expect: 100-continue", _CL + b"5") + b"hello"
    ),
]

# ---- what is refused for another reason must have its body swallowed (CL.0) ----

_SWALLOWED = [
    Hostile(
        "CL.0-unknown-route",
        post(_CL + b"%d" % 46, path="/nothing", body=b"x" * 46),
        403,
        "unknown-route",
        closes=False,
    ),
    Hostile(
        "CL.0-unknown-method",
        post(_CL + b"%d" % 46, path="/version", method="BREW", body=b"x" * 46),
        403,
        "unknown-route",
        closes=False,
    ),
    Hostile(
        "CL.0-cross-site",
        post(b"Origin: https://evil.example", _CL + b"5", body=b"hello"),
        403,
        "cross-site",
        closes=False,
    ),
    Hostile(
        "chunked.0-unknown-route",
        post(_CHUNKED, path="/nothing", body=_HELLO),
        403,
        "unknown-route",
        closes=None,
    ),
]

HOSTILE = [*_TWO_FRAMINGS, *_BAD_LENGTH, *_BAD_CODING, *_NEAR_NAMES, *_LINES, *_BAD_CHUNKS,
           *_TOO_LARGE, *_EXPECT, *_SWALLOWED]  # fmt: skip

# ---- lawful shapes ----

_BINARY = bytes(range(256)) + b"\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"
_BIG = bytes(i * 7 % 251 for i in range(900_000))


def _chunks(body: bytes, size: int) -> bytes:
    cut = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in cut) + b"0\r\n\r\n"


def _trailer(*lines: bytes) -> bytes:
    return b"5\r\nhello\r\n0\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


_BODIES = [
    Lawful("CL", post(_CL + b"5", body=b"hello"), RUNS_CREATE, body=b"hello"),
    Lawful("CL-0", post(_CL + b"0"), RUNS_CREATE),
    Lawful("no-framing", post(), RUNS_CREATE),
    Lawful("CL-name-in-capitals", post(b"CONTENT-LENGTH:5", body=b"hello"), body=b"hello"),
    Lawful("CL-with-spaces", post(b"Content-Length: \t 5 \t ", body=b"hello"), body=b"hello"),
    Lawful("CL-0-on-GET", get("/version", _CL + b"0"), "/version", "GET"),
    Lawful("CL-0-on-HEAD", get("/version", _CL + b"0", method="HEAD"), "/version", "HEAD"),
    Lawful("binary", post(_CL + b"%d" % len(_BINARY), body=_BINARY), body=_BINARY),
    Lawful(
        "body-is-a-request",
        post(
            _CL + b"%d" % len(SMUGGLED.replace(b"{M}", b"").replace(b"{H}", b"")),
            body=SMUGGLED.replace(b"{M}", b"").replace(b"{H}", b""),
        ),
        body=SMUGGLED.replace(b"{M}", b"").replace(b"{H}", b""),
    ),
    Lawful("900-KB", post(_CL + b"%d" % len(_BIG), body=_BIG), body=_BIG),
    Lawful(
        "exactly-the-limit",
        post(_CL + b"%d" % BODY_LIMIT, body=b"z" * BODY_LIMIT),
        body=b"z" * BODY_LIMIT,
    ),
    *[
        Lawful(
            f"{method}-with-body",
            post(_CL + b"5", method=method, path=path, body=b"hello"),
            path,
            method,
            b"hello",
        )
        for method, path in {
            "PUT": "/api/2.0/mlflow-artifacts/artifacts/0/a.txt",
            "PATCH": "/api/2.0/mlflow/registered-models/update",
            "DELETE": "/api/2.0/mlflow/registered-models/delete",
        }.items()
    ],
]
_CHUNKED_BODIES = [
    Lawful("chunked", post(_CHUNKED, body=_HELLO), RUNS_CREATE, body=b"hello"),
    Lawful("chunked-empty", post(_CHUNKED, body=b"0\r\n\r\n")),
    Lawful("chunked-in-capitals", post(b"TRANSFER-ENCODING:CHUNKED", body=_HELLO), body=b"hello"),
    Lawful(
        "chunked-with-spaces", post(b"Transfer-Encoding:  \tchunked\t ", body=_HELLO), body=b"hello"
    ),
    Lawful("chunked-one-byte-each", post(_CHUNKED, body=_chunks(_BINARY, 1)), body=_BINARY),
    Lawful("chunked-900-KB", post(_CHUNKED, body=_chunks(_BIG, 4097)), body=_BIG),
    Lawful(
        "chunk-size-zeros", post(_CHUNKED, body=b"0005\r\nhello\r\n0000\r\n\r\n"), body=b"hello"
    ),
    Lawful(
        "chunk-size-capitals",
        post(_CHUNKED, body=b"A\r\n0123456789\r\n0\r\n\r\n"),
        body=b"0123456789",
    ),
    Lawful(
        "chunk-extension",
        post(_CHUNKED, body=b"5;a=b;c\r\nhello\r\n0;d\r\n\r\n"),
        body=b"hello",
        lacks=(";a",),
    ),
    Lawful(
        "chunk-extension-quoted",
        post(_CHUNKED, body=b'5;a="b;\\"c"\r\nhello\r\n0\r\n\r\n'),
        body=b"hello",
    ),
    *[
        Lawful(
            f"trailer-{name}",
            post(_CHUNKED, body=_trailer(line)),
            RUNS_CREATE,
            body=b"hello",
            lacks=("trailer-value",),
        )
        for name, line in {
            "Content-Length": b"Content-Length: 3",
            "Transfer-Encoding": b"Transfer-Encoding: trailer-value",
            "Host": b"Host: trailer-value",
            "Authorization": b"Authorization: trailer-value",
            "Content-Type": b"Content-Type: trailer-value",
            "X-Amz-Date": b"X-Amz-Date: trailer-value",
            "X-Amz-Security-Token": b"X-Amz-Security-Token: trailer-value",
            "ARN": b"x-sm-mlflow-app-arn: trailer-value",
            "identity": b"X-Forwarded-User: trailer-value",
            "refusal": b"X-Signet-Refusal: trailer-value",
            "unknown": b"X-Unknown: trailer-value",
        }.items()
    ],
]
_HEADS = [
    Lawful("one-empty-line-first", b"\r\n" + get("/version"), "/version", "GET"),
    Lawful("HEAD", get("/version", method="HEAD"), "/version", "HEAD"),
    Lawful("empty-value", get("/version", b"A:"), "/version", "GET"),
    Lawful("obs-text-in-value", get("/version", "X-Custom: zoë".encode()), "/version", "GET"),
    Lawful("128-headers", get("/version", *[b"A: b"] * 127), "/version", "GET"),
    Lawful("value-60K", get("/version", b"A: " + b"b" * 60_000), "/version", "GET"),
    Lawful("HTTP-1.0", get("/version", version="1.0"), "/version", "GET", closes=True),
    Lawful(
        "HTTP-1.0-with-CL",
        post(_CL + b"5", body=b"hello", version="1.0"),
        body=b"hello",
        closes=True,
    ),
    Lawful(
        "HTTP-1.0-keep-alive",
        get("/version", b"Connection: keep-alive", version="1.0"),
        "/version",
        "GET",
    ),
    Lawful(
        "HTTP-1.0-Expect-is-ignored",
        post(b"Expect: 100-continue", _CL + b"5", body=b"hello", version="1.0"),
        body=b"hello",
        closes=True,
    ),
    Lawful(
        "Connection-close", get("/version", b"Connection: close"), "/version", "GET", closes=True
    ),
    Lawful(
        "Connection-CLOSE-in-a-list",
        get("/version", b"Connection: x, CLOSE"),
        "/version",
        "GET",
        closes=True,
    ),
    Lawful(
        "Connection-close-in-a-second-line",
        get("/version", b"Connection: keep-alive", b"Connection: close"),
        "/version",
        "GET",
        closes=True,
    ),
    Lawful(
        "Expect-body-at-once",
        post(b"Expect: 100-continue", _CL + b"5", body=b"hello"),
        body=b"hello",
        lacks=("expect",),
    ),
    Lawful(
        "Expect-in-capitals",
        post(b"EXPECT: 100-CONTINUE", _CL + b"5", body=b"hello"),
        body=b"hello",
        lacks=("expect",),
    ),
    Lawful(
        "1000-ranges",
        get("/version", b"Range: bytes=" + b",".join(b"%d-%d" % (i, i) for i in range(1000))),
        "/version",
        "GET",
    ),
    Lawful(
        "unknown-name-like-TE",
        post(b"X-Transfer-Encoding: chunked", _CL + b"5", body=b"hello"),
        body=b"hello",
    ),
]
LAWFUL = [*_BODIES, *_CHUNKED_BODIES, *_HEADS]
