"""Rows on the request target: hostile-inputs.md §5.2 and design.md §1.3 ("Path", "Query")."""

from __future__ import annotations

from rig import EXPERIMENTS_GET, RUNS_CREATE, Hostile, Lawful, get, post

_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"

# ---- forms of the target ----


def _line(target: bytes, method: bytes = b"GET") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\nHost: {H}\r\n\r\n"


_FORMS = [
    Hostile("asterisk-GET", _line(b"*")),
    Hostile("asterisk-POST", _line(b"*", b"POST")),
    Hostile("asterisk-OPTIONS", _line(b"*", b"OPTIONS"), 403, "unknown-route", closes=False),
    Hostile("asterisk-and-more", _line(b"*/api", b"OPTIONS")),
    Hostile("CONNECT", _line(b"{H}", b"CONNECT")),
    Hostile("CONNECT-origin-form", _line(b"{M}/version", b"CONNECT")),
    Hostile("authority-form", _line(b"{H}")),
    Hostile("no-slash", _line(b"version")),
    Hostile(
        "absolute-other-host",
        _line(b"http://evil.example{M}/version"),
        421,
        "wrong-host",
        closes=False,
    ),
    Hostile(
        "absolute-other-port",
        _line(b"http://127.0.0.1:1{M}/version"),
        421,
        "wrong-host",
        closes=False,
    ),
    Hostile("absolute-userinfo", _line(b"http://u@{H}{M}/version")),
    Hostile("absolute-userinfo-trick", _line(b"http://{H}@evil.example{M}/version")),
    Hostile("absolute-no-authority", _line(b"http:///version")),
    Hostile("absolute-one-slash", _line(b"http:/version")),
    Hostile("absolute-no-slashes", _line(b"http:{H}{M}/version")),
    Hostile("absolute-ftp", _line(b"ftp://{H}{M}/version")),
    Hostile("absolute-ws", _line(b"ws://{H}{M}/version")),
    Hostile("absolute-file", _line(b"file:///etc/passwd")),
    Hostile("absolute-javascript", _line(b"javascript:alert(1)")),
    Hostile("absolute-backslash", _line(b"http://{H}\\@evil.example/version")),
    Hostile("absolute-dots", _line(b"http://{H}{M}/../version")),
    Hostile("absolute-two-slashes", _line(b"http://{H}//version")),
    Hostile("network-path", _line(b"//evil.example{M}/version")),
    Hostile("network-path-own-host", _line(b"//{H}{M}/version")),
]

# ---- paths ----

_PATHS = {
    "dot": "/./version", "dot-at-end": "/version/.", "dotdot": "/../version",
    "dotdot-at-end": "/version/..", "dotdot-escapes-the-mount": "/../plain/version",
    "dotdot-above-all": "/../../../version", "dotdot-encoded": "/%2e%2e/version",
    "dotdot-encoded-capital": "/%2E%2e/version", "dotdot-half-encoded": "/.%2e/version",
    "dotdot-half-encoded-other": "/%2e./version", "dot-encoded": "/%2e/version",
    "dotdot-semicolon": "/..;/version", "double-slash": "//version",
    "double-slash-inside": "/api//2.0/mlflow/experiments/get", "double-slash-end": "/version//",
    "triple-slash": "///version", "backslash": "\\version", "backslash-dotdot": "/..\\version",
    "backslash-encoded": "/%5cversion", "backslash-encoded-capital": "/%5Cversion",
    "slash-encoded": "/api%2f2.0", "slash-encoded-capital": "/api%2F2.0",
    "dotdot-slash-encoded": "/..%2fversion", "semicolon": "/version;a=b",
    "semicolon-alone": "/;/version", "ajax-api-semicolon": "/ajax-api;x/../version",
    "fragment": "/version#x", "fragment-query": "/version?a#b", "fragment-first": "/#/version",
    "NUL-encoded": "/version%00", "NUL-encoded-then-suffix": "/version%00.js",
    "CRLF-encoded": "/version%0d%0aX:%20y", "LF-encoded": "/version%0a", "TAB-encoded": "/a%09b",
    "ESC-encoded": "/a%1bb", "DEL-encoded": "/a%7fb", "overlong-slash": "/..%c0%afversion",
    "overlong-slash-3": "/..%e0%80%afversion", "overlong-dot": "/%c0%ae%c0%ae/version",
    "surrogate": "/%ed%a0%80", "beyond-unicode": "/%f4%90%80%80", "lone-continuation": "/%80",
    "unfinished-UTF-8": "/%c3", "unfinished-UTF-8-inside": "/%c3/version",
    "0xFF-encoded": "/%ff", "percent-alone": "/version%", "percent-one-digit": "/version%4",
    "percent-zz": "/%zzversion", "percent-4g": "/%4g", "percent-u": "/%u002e%u002e/version",
    "percent-percent": "/%%32e/version", "percent-minus": "/%-1",
}  # fmt: skip
_BAD_PATHS = [Hostile(f"path-{name}", get(path)) for name, path in _PATHS.items()]
_RAW_BYTES = [
    Hostile(f"path-raw-0x{byte:02x}", get("/a" + chr(byte) + "b"))
    for byte in (0x01, 0x07, 0x08, 0x0B, 0x0C, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0xA0, 0xC3, 0xFF)
]

# ---- queries ----

_QUERIES = {
    "percent-zz": "a=%zz", "percent-alone": "a=%", "percent-one-digit": "a=%4",
    "overlong": "a=%c0%af", "lone-continuation": "a=%80", "unfinished-UTF-8": "a=%c3",
    "unfinished-UTF-8-then-more": "a=%c3&b=c", "raw-0xff": "a=\xff", "raw-0x01": "a=\x01",
    "raw-0x7f": "a=\x7f", "10000-parameters": "&".join(f"a{i}=b" for i in range(4000)),
    "only-ampersands": "&" * 10_000,
}  # fmt: skip
_BAD_QUERIES = [
    Hostile(f"query-{name}", get(f"/version?{query}")) for name, query in _QUERIES.items()
]
_SIGNATURE_KEYS = [
    "X-Amz-Signature=1", "x-amz-signature=1", "X-AMZ-DATE=20260101T000000Z", "X-Amz-Credential",
    "X-Amz-SignedHeaders=host", "X-Amz-Security-Token=1", "X-Amz-Expires=1",
    "X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-=", "%58-Amz-Date=1", "X%2DAmz%2DDate=1",
    "%78%2d%61%6d%7a%2d%64%61%74%65=1", "x-AMZ-content-sha256=UNSIGNED-PAYLOAD",
    "a=b&X-Amz-Date=1", "a&X-Amz-Date", "&&X-Amz-Date=1", "X-Amz-Date==", "X-Amz-Date&a=b",
]  # fmt: skip
_SIGNATURES = [Hostile(f"query-key-{key}", get(f"/version?{key}")) for key in _SIGNATURE_KEYS]

# ---- artifact paths that a second decode would change ----

_TWICE = {
    "dotdot": "/0/%252e%252e/secret", "dotdot-half": "/0/.%252e/secret", "slash": "/0%252fsecret",
    "backslash": "/0%255csecret", "NUL": "/0/a%2500", "CRLF": "/0/a%250d%250a",
    "letter": "/0/%2561", "percent": "/0/a%252541", "space": "/0/a%2520b",
}  # fmt: skip
_ENCODED_TWICE = [
    Hostile(f"artifact-encoded-twice-{name}", get(_ARTIFACTS + path), closes=False)
    for name, path in _TWICE.items()
] + [
    Hostile(
        "artifact-encoded-twice-PUT",
        post(
            b"Content-Length: 5", method="PUT", path=_ARTIFACTS + "/0/%252e%252e/a", body=b"hello"
        ),
        closes=False,
    ),
    Hostile(
        "artifact-encoded-twice-DELETE",
        get(_ARTIFACTS + "/0/%252e%252e/a", method="DELETE"),
        closes=False,
    ),
    Hostile(
        "artifact-encoded-twice-multipart",
        post(path="/api/2.0/mlflow-artifacts/mpu/create/0/%252e%252e/a"),
        closes=False,
    ),
    Hostile("artifact-dotdot-encoded", get(_ARTIFACTS + "/0/%2e%2e/secret")),
    Hostile("artifact-slash-encoded", get(_ARTIFACTS + "/0%2fsecret")),
]

# ---- routes that the endpoint table does not name ----

_UNKNOWN = {
    "case-API": "/API/2.0/mlflow/experiments/get", "case-Api": "/Api/2.0/mlflow/experiments/get",
    "case-inside": "/api/2.0/mlflow/Experiments/get", "case-version": "/Version",
    "case-graphql": "/GraphQL", "case-get-artifact": "/Get-Artifact?path=a",
    "trailing-slash": EXPERIMENTS_GET + "/", "trailing-slash-version": "/version/",
    "trailing-dot": EXPERIMENTS_GET + ".", "trailing-space": EXPERIMENTS_GET + "%20",
    "oauth2": "/Oauth2/auth", "no-slash-after-2.0": "/api/2.0mlflow/experiments/get",
    "one-too-many": EXPERIMENTS_GET + "/get", "one-too-few": "/api/2.0/mlflow/experiments",
    "other-version": "/api/1.0/mlflow/experiments/get", "preview-twice": "/api/2.0/2.0/mlflow",
    "api-alone": "/api", "api-slash": "/api/", "ajax-api-alone": "/ajax-api",
    "api-twice": "/api/api/2.0/mlflow/experiments/get",
    "healthz": "/healthz", "readyz": "/readyz", "git": "/.git/config", "env": "/.env",
    "console": "/console", "nested-app": "/apps/plain/version",
    "signet-api": "/signet/api/v1/apps", "encoded-twice-api": "/%2561pi/2.0/mlflow/runs/get",
    "get-artifact-below": "/get-artifact/x", "graphql-below": "/graphql/x",
}  # fmt: skip
_UNKNOWN_ROUTES = (
    [
        Hostile(f"route-{name}", get(path), 403, "unknown-route", closes=False)
        for name, path in _UNKNOWN.items()
    ]
    + [
        Hostile(
            f"method-{method}", get("/version", method=method), 403, "unknown-route", closes=False
        )
        for method in (
            "TRACE",
            "TRACK",
            "FOO",
            "PROPFIND",
            "PUT",
            "DELETE",
            "PATCH",
            "POST",
            "OPTIONS",
            "M-SEARCH",
            "PURGE",
        )
    ]
    + [
        Hostile("method-GET-on-a-POST-route", get(RUNS_CREATE), 403, "unknown-route", closes=False),
        Hostile(
            "method-DEBUG", get(RUNS_CREATE, method="DEBUG"), 403, "unknown-route", closes=False
        ),
        Hostile(
            "no-such-app",
            b"GET /apps/nobody/version HTTP/1.1\r\nHost: {H}\r\n\r\n",
            404,
            "",
            closes=False,
        ),
        Hostile(
            "app-in-other-case",
            b"GET /apps/Plain/version HTTP/1.1\r\nHost: {H}\r\n\r\n",
            404,
            "",
            closes=False,
        ),
        Hostile(
            "app-name-and-more",
            b"GET /apps/plainx/version HTTP/1.1\r\nHost: {H}\r\n\r\n",
            404,
            "",
            closes=False,
        ),
        Hostile(
            "apps-alone",
            b"GET /apps HTTP/1.1\r\nHost: {H}\r\n\r\n",
            403,
            "unknown-route",
            closes=False,
        ),
        Hostile(
            "apps-in-other-case",
            b"GET /Apps/plain/version HTTP/1.1\r\nHost: {H}\r\n\r\n",
            403,
            "unknown-route",
            closes=False,
        ),
        Hostile(
            "signet-nothing",
            b"GET /signet/api/v1/nothing HTTP/1.1\r\nHost: {H}\r\n\r\n",
            403,
            "unknown-route",
            closes=False,
        ),
    ]
)

HOSTILE = [*_FORMS, *_BAD_PATHS, *_RAW_BYTES, *_BAD_QUERIES, *_SIGNATURES, *_ENCODED_TWICE,
           *_UNKNOWN_ROUTES]  # fmt: skip


# ---- lawful targets, and the one form in which they arrive ----


def _seen(name: str, path: str, arrives: str, method: str = "GET") -> Lawful:
    return Lawful(name, get(path, method=method), arrives, method)


_NORMALISED = [
    _seen(
        "letters-encoded",
        "/%61pi/2.0/mlflow/experiments/%67et?experiment_id=1",
        EXPERIMENTS_GET + "?experiment_id=1",
    ),
    _seen("digit-encoded", "/api/%32.0/mlflow/experiments/get", EXPERIMENTS_GET),
    _seen("dot-inside-encoded", "/api/2%2e0/mlflow/experiments/get", EXPERIMENTS_GET),
    _seen("hyphen-encoded", "/get%2Dartifact?path=a", "/get-artifact?path=a"),
    _seen("artifact-plain", _ARTIFACTS + "/0/a/b.txt", _ARTIFACTS + "/0/a/b.txt"),
    _seen("artifact-space", _ARTIFACTS + "/0/a%20b", _ARTIFACTS + "/0/a%20b"),
    _seen("artifact-plus", _ARTIFACTS + "/0/a+b", _ARTIFACTS + "/0/a+b"),
    _seen("artifact-plus-encoded", _ARTIFACTS + "/0/a%2bb", _ARTIFACTS + "/0/a%2Bb"),
    _seen("artifact-percent", _ARTIFACTS + "/0/100%25", _ARTIFACTS + "/0/100%25"),
    _seen("artifact-percent-then-text", _ARTIFACTS + "/0/100%25.txt", _ARTIFACTS + "/0/100%25.txt"),
    _seen("artifact-UTF-8", _ARTIFACTS + "/0/%e6%96%87%C3%A9", _ARTIFACTS + "/0/%E6%96%87%C3%A9"),
    _seen("artifact-hash-encoded", _ARTIFACTS + "/0/a%23b", _ARTIFACTS + "/0/a%23b"),
    _seen("artifact-question-encoded", _ARTIFACTS + "/0/a%3fb", _ARTIFACTS + "/0/a%3Fb"),
    _seen("artifact-semicolon-encoded", _ARTIFACTS + "/0/a%3bb", _ARTIFACTS + "/0/a%3Bb"),
    _seen(
        "artifact-punctuation",
        _ARTIFACTS + "/0/a:@!$&'()*,=~_-b",
        _ARTIFACTS + "/0/a:@!$&'()*,=~_-b",
    ),
    _seen("artifact-three-dots", _ARTIFACTS + "/0/.../..a/b..", _ARTIFACTS + "/0/.../..a/b.."),
    _seen("artifact-tilde-encoded", _ARTIFACTS + "/0/%7eb", _ARTIFACTS + "/0/~b"),
    _seen(
        "artifact-brackets",
        _ARTIFACTS + '/0/[a]{b}|c^d`e<f>"g',
        _ARTIFACTS + '/0/[a]{b}|c^d`e<f>"g',
    ),
    _seen("query-empty", "/version?", "/version"),
    _seen("query-order", "/version?b=2&a=1", "/version?b=2&a=1"),
    _seen("query-plus", "/version?a=b+c", "/version?a=b%20c"),
    _seen("query-plus-encoded", "/version?a=b%2bc", "/version?a=b%2Bc"),
    _seen("query-space", "/version?a=b%20c", "/version?a=b%20c"),
    _seen("query-letters-encoded", "/version?%61=%62", "/version?a=b"),
    _seen("query-two-marks", "/version?a=b?c", "/version?a=b%3Fc"),
    _seen("query-slash", "/version?path=a/b", "/version?path=a%2Fb"),
    _seen("query-equals-in-value", "/version?a=b=c", "/version?a=b%3Dc"),
    _seen("query-repeated-key", "/version?a=2&a=1&a=2", "/version?a=2&a=1&a=2"),
    _seen("query-empty-value", "/version?a=&b", "/version?a=&b"),
    _seen("query-empty-pairs", "/version?&&a=1&&", "/version?&&a=1&&"),
    _seen("query-empty-key", "/version?=a", "/version?=a"),
    _seen("query-ampersand-encoded", "/version?a=b%26c%3dd", "/version?a=b%26c%3Dd"),
    _seen("query-hash-encoded", "/version?a=%23", "/version?a=%23"),
    _seen("query-percent-encoded", "/version?a=%2541", "/version?a=%2541"),
    _seen("query-UTF-8", "/version?a=%e6%96%87", "/version?a=%E6%96%87"),
    _seen("query-semicolon", "/version?a=b;c=d", "/version?a=b%3Bc%3Dd"),
    _seen("query-backslash", "/version?a=b\\c", "/version?a=b%5Cc"),
    _seen("query-dots", "/version?path=../..", "/version?path=..%2F.."),
    _seen("query-quotes", "/version?f=name%20LIKE%20'a%25'", "/version?f=name%20LIKE%20%27a%25%27"),
    _seen(
        "query-like-a-signature",
        "/version?XAmz-Date=1&a=X-Amz-Date",
        "/version?XAmz-Date=1&a=X-Amz-Date",
    ),
    _seen(
        "query-1000-parameters",
        "/version?" + "&".join(["a=b"] * 1000),
        "/version?" + "&".join(["a=b"] * 1000),
    ),
    _seen("query-30K", "/version?a=" + "b" * 30_000, "/version?a=" + "b" * 30_000),
]
_LAWFUL_FORMS = [
    Lawful("absolute-form", _line(b"http://{H}{M}/version?a=b"), "/version?a=b", "GET"),
    Lawful("absolute-form-in-capitals", _line(b"HTTP://{H}{M}/version"), "/version", "GET"),
]
LAWFUL = [*_NORMALISED, *_LAWFUL_FORMS]
