"""Rows on Host: hostile-inputs.md §5.3 and design.md §1.3 ("Host")."""

from __future__ import annotations

from rig import EXTRA_HOST, Hostile, Lawful, get


def _host(*lines: str) -> bytes:
    raw = get("/version", host=b"{HOST}")
    return raw.replace(b"{HOST}\r\n", b"".join(x.encode("latin-1") + b"\r\n" for x in lines))


# `{P}` is the gateway's port.
_MALFORMED = {
    "missing": (), "empty": ("Host:",), "only-a-space": ("Host:  ",),
    "twice": ("Host: {H}", "Host: evil.example"), "twice-the-same": ("Host: {H}", "Host: {H}"),
    "twice-evil-first": ("Host: evil.example", "host: {H}"), "comma": ("Host: {H}, evil.example",),
    "userinfo": ("Host: user@{H}",), "userinfo-trick": ("Host: {H}@evil.example",),
    "path": ("Host: {H}/evil",), "query": ("Host: {H}?evil",), "fragment": ("Host: {H}#evil",),
    "scheme": ("Host: http://{H}",), "backslash": ("Host: {H}\\evil",),
    "space-inside": ("Host: {H} evil.example",), "port-empty": ("Host: 127.0.0.1:",),
    "port-letters": ("Host: 127.0.0.1:x",), "port-plus": ("Host: 127.0.0.1:+{P}",),
    "port-zero-first": ("Host: 127.0.0.1:0{P}",), "port-too-large": ("Host: 127.0.0.1:99999",),
    "port-twice": ("Host: 127.0.0.1:{P}:{P}",), "port-then-text": ("Host: {H}evil",),
    "zone": ("Host: [::1%25lo]:{P}",), "zone-raw": ("Host: [::1%lo]:{P}",),
    "bracket-open": ("Host: [::1:{P}",), "bracket-junk": ("Host: [::1]x:{P}",),
    "bracket-name": ("Host: [localhost]:{P}",), "trailing-dot": ("Host: localhost.:{P}",),
    "two-dots": ("Host: local..host:{P}",), "leading-dot": ("Host: .localhost:{P}",),
    "percent": ("Host: %6cocalhost:{P}",), "non-ASCII": ("Host: localh\xf6st:{P}",),
    "quoted": ('Host: "{H}"',), "NUL": ("Host: {H}\x00.evil.example",),
    "underscore-twin": ("Ho_st: {H}",), "space-before-colon": ("Host : {H}",),
}  # fmt: skip

# Names by which a rebinding page, or a request forged elsewhere, would come.
_WRONG = {
    "evil": "evil.example", "evil-with-port": "evil.example:{P}",
    "rebinding-nip.io": "127.0.0.1.nip.io:{P}", "rebinding-suffix": "127.0.0.1.evil.example:{P}",
    "rebinding-localhost-suffix": "localhost.evil.example:{P}",
    "rebinding-localtest": "localtest.me:{P}", "prefix": "evillocalhost:{P}",
    "localhost-subdomain": "a.localhost:{P}", "localdomain": "localhost.localdomain:{P}",
    "port-missing": "127.0.0.1", "localhost-port-missing": "localhost", "port-other": "127.0.0.1:1",
    "localhost-port-other": "localhost:81", "any-address": "0.0.0.0:{P}",
    "loopback-2": "127.0.0.2:{P}", "loopback-short": "127.1:{P}", "decimal": "2130706433:{P}",
    "hex": "0x7f000001:{P}", "hex-parts": "0x7f.0.0.1:{P}", "octal": "0177.0.0.1:{P}",
    "v4-mapped": "[::ffff:127.0.0.1]:{P}", "v6-long": "[0:0:0:0:0:0:0:1]:{P}",
    "v6-any": "[::]:{P}", "punycode": "xn--lcalhost-54a:{P}",
    "extra-other-port": "mlflow.internal:8444", "extra-no-port": "mlflow.internal",
    "extra-subdomain": "a.mlflow.internal:8443", "own-host-other-port": "own.example.test:1",
    "metadata": "169.254.169.254",
}  # fmt: skip
HOSTILE = [
    *[Hostile(f"host-{name}", _host(*lines)) for name, lines in _MALFORMED.items()],
    *[
        Hostile(f"host-{name}", _host(f"Host: {host}"), 421, "wrong-host", closes=False)
        for name, host in _WRONG.items()
    ],
    Hostile(
        "host-good-absolute-evil",
        b"GET http://evil.example{M}/version HTTP/1.1\r\nHost: {H}\r\n\r\n",
        421,
        "wrong-host",
        closes=False,
    ),
    Hostile(
        "host-wrong-on-POST",
        b"POST {M}/api/2.0/mlflow/runs/create HTTP/1.1\r\n"
        b"Host: evil.example\r\nContent-Length: 5\r\n\r\nhello",
        421,
        "wrong-host",
        closes=False,
    ),
    Hostile(
        "host-malformed-beside-absolute", b"GET http://{H}{M}/version HTTP/1.1\r\nHost: a@b\r\n\r\n"
    ),
    Hostile("host-missing-beside-absolute", b"GET http://{H}{M}/version HTTP/1.1\r\n\r\n"),
    Hostile("host-missing-in-HTTP-1.0", b"GET {M}/version HTTP/1.0\r\n\r\n"),
]

LAWFUL = [
    *[
        Lawful(f"host-{name}", _host(f"Host: {host}"), "/version", "GET")
        for name, host in {
            "localhost": "localhost:{P}",
            "LOCALHOST": "LOCALHOST:{P}",
            "v6": "[::1]:{P}",
            "v4": "127.0.0.1:{P}",
            "extra": EXTRA_HOST,
            "extra-capitals": EXTRA_HOST.upper(),
        }.items()
    ],
    Lawful(
        "host-evil-absolute-good",
        b"GET http://{H}{M}/version HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "/version",
        "GET",
    ),
    *[
        Lawful(
            f"host-beside-{line.partition(':')[0]}",
            get("/version", line.encode()),
            "/version",
            "GET",
            lacks=("evil",),
        )
        for line in (
            "X-Forwarded-Host: evil.example",
            "X-Forwarded-Server: evil.example",
            "X-Forwarded-Proto: evil",
            "X-Forwarded-Port: 666-evil",
            "X-Forwarded-Prefix: /evil",
            "X-Forwarded-Uri: /evil",
            "X-Forwarded-For: 6.6.6.6, evil",
            "Forwarded: for=evil;host=evil.example;proto=https",
            "X-Original-Host: evil.example",
            "X-Host: evil.example",
            "X-Original-URL: /evil",
            "X-Original-Uri: /evil",
            "X-Rewrite-URL: /evil",
            "X-HTTP-Method-Override: EVIL",
            "X-HTTP-Method: EVIL",
            "X-Method-Override: EVIL",
            "X-Real-IP: evil",
            "Ho_st: evil.example",
        )
    ],
]
