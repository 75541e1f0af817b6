"""Rows on requests that pages of other sites make: design.md §1.3 ("Cross-site")."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`lines` are header lines; `{H}` the gateway's authority, `{P}` its port."""

    name: str
    lines: tuple[str, ...]
    refused: bool


def _refused(name: str, *lines: str) -> Row:
    return Row(name, lines, True)


def _passes(name: str, *lines: str) -> Row:
    return Row(name, lines, False)


ROWS = [
    _passes("neither"),
    _passes("site-same-origin", "Sec-Fetch-Site: same-origin"),
    _passes("site-none", "Sec-Fetch-Site: none"),
    _passes("origin-ours", "Origin: http://{H}"),
    _passes("both-ours", "Sec-Fetch-Site: same-origin", "Origin: http://{H}"),
    _refused("site-cross-site", "Sec-Fetch-Site: cross-site"),
    _refused("site-same-site", "Sec-Fetch-Site: same-site"),
    _refused("site-in-capitals", "SEC-FETCH-SITE: cross-site"),
    _refused("site-twice", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"),
    _refused("site-list", "Sec-Fetch-Site: same-origin, cross-site"),
    _refused("site-cross-origin-ours", "Sec-Fetch-Site: cross-site", "Origin: http://{H}"),
    _refused("origin-null", "Origin: null"),
    _refused("origin-null-site-same", "Sec-Fetch-Site: same-origin", "Origin: null"),
    _refused("origin-empty", "Origin:"),
    _refused("origin-other", "Origin: https://evil.example"),
    _refused("origin-other-host-same-port", "Origin: http://evil.example:{P}"),
    _refused("origin-other-port", "Origin: http://127.0.0.1:1"),
    _refused("origin-no-port", "Origin: http://127.0.0.1"),
    _refused("origin-other-scheme", "Origin: https://{H}"),
    _refused("origin-other-loopback-name", "Origin: http://localhost:{P}"),
    _refused("origin-suffix", "Origin: http://{H}.evil.example"),
    _refused("origin-userinfo", "Origin: http://{H}@evil.example"),
    _refused("origin-path", "Origin: http://{H}/"),
    _refused("origin-twice", "Origin: http://{H}", "Origin: https://evil.example"),
    _refused("origin-twice-the-same", "Origin: http://{H}", "Origin: http://{H}"),
    _refused("origin-list", "Origin: http://{H} https://evil.example"),
    _refused("origin-extension", "Origin: chrome-extension://abcdef"),
    _refused("origin-file", "Origin: file://"),
    _refused("origin-of-the-extra-host", "Origin: https://mlflow.internal:8443"),
    _refused(
        "origin-forged-as-forwarded",
        "Origin: https://evil.example",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: https",
    ),
]

# Method and address where the rule holds; on any other GET, HEAD or OPTIONS it does not.
# That no GET of /graphql is served at all is the endpoint table's.
GUARDED = [
    ("POST", "/api/2.0/mlflow/runs/create"),
    ("PATCH", "/api/2.0/mlflow/registered-models/update"),
    ("DELETE", "/api/2.0/mlflow/registered-models/delete"),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/a"),
    ("POST", "/ajax-api/2.0/mlflow/runs/search"),
    ("POST", "/graphql"),
    ("POST", "/v1/traces"),
]
