"""Open redirects: whatever `return` says and however it is spelt, people stay on this origin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sign_in_rig import Rig

HOSTS = (
    "evil.example",
    "evil.example:80",
    "127.0.0.1@evil.example",
    "127.0.0.1%40evil.example",
    "evil%E3%80%82example",
    "evil.example%00.127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
)
BEFORE = (
    *("//", "///", "////", "/\\", "\\/", "\\\\", "\\", "/\\/", "/\\\\", "//\\", "\\//"),
    *("/./\\", "/../\\", "/./../../\\", "/.//", "/..//", "/%2e%2e//", "/%2e//", "/;//", "/;/\\"),
    *("/ /", "/\t/", "/\v\\", "/\n/", "/\r/", "/\f/", "/\0/", "/\x7f/", "/\u00a0/", "/\u2028/"),
    *("/%09/", "/%0a/", "/%0d/", "/%0d%0a/", "/%00/", "/%0b\\", "/%20/", "/%5c", "/%5C", "/%2f"),
    *("/%2F", "/%255c", "/%252f", "/%25252f", "/%2525252f", "/%u002f", "/%c0%af", "/%e0%80%af"),
    *("http:", "https:", "HTTPS:", "http:/", "https:/", "http://", "https://", "https:///"),
    *("http:\\\\", "https:\\", "ht\ttps://", "\thttps://", " https://", "\0https://", "https%3a//"),
    *("ftp://", "file://", "javascript://", "data:text/html,", "vbscript:", "blob:https://"),
    *("", ".", "..", "./", "../", "?", "#", "@", ":", ":80", ";", "%2f", "%2f%2f", "%5c%5c", "~/"),
    *("/app/..//", "/app/../\\", "/app//", "/app/%2e%2e/%2e%2e//", "/app/\\", "/app%5c..%5c/"),
)
OTHERS = (
    *(
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "//javascript:alert(1)",
    ),
    *("data:text/html;base64,PHNjcmlwdD4=", "/signet/sign-out", "/signet/sign-in?provider=corp"),
    *("/signet", "/%73ignet/sign-out", "/signet%2fsign-out", "/app/../signet/sign-out"),
    *("/app\r\nSet-Cookie: signet=evil", "/app\r\n\r\n<script>", "/app%0d%0aX: y", "/app%E2%80%A8"),
    *("/app?x#a#b", "/" + "a" * 5000, "/app\ud7ff", "/app/\uff0f\uff0fevil.example", "null", "*"),
)
OWN = {
    "/app": "/app",
    "/": "/",
    "/app/research/experiments/7?a=b&c=d": None,
    "/apps/plain/#/experiments/7/runs/abc": None,
    "/app?next=https://evil.example/": None,
    "/app#@evil.example": None,
    "/@evil.example": None,
    "/http:evil.example": None,
}


def spellings(text: str) -> Iterator[str]:
    """As a query may hold it: escaped once, twice, and as little as a request line allows."""
    once = quote(text, safe="")
    yield once
    yield quote(once, safe="")
    yield "".join(f"%{byte:02x}" for byte in text.encode())
    bare = quote(text, safe="/:\\@[]~!$'()*,%?;")
    if bare != once and re.fullmatch(r"(?:[^%]|%[0-9A-Fa-f]{2})*", bare):
        yield bare


def stays(location: str, port: int) -> bool:
    """As a browser reads it (WHATWG URL): tabs and line ends go, "\\" is "/"; then it must be a
    path of this origin, and none that acts."""
    own = f"http://127.0.0.1:{port}"
    text = re.sub(r"[\t\r\n]", "", location.strip()).replace("\\", "/").removeprefix(own)
    if not text.startswith("/") or text.startswith("//"):
        return False
    if not all(0x21 <= ord(c) <= 0x7E for c in location) or "\\" in location:
        return False
    path = urlsplit(text).path
    return not re.match(r"/(?:\.|%2e){1,2}(?:/|$)", path, re.I) and not path.startswith("/signet")


def asked_for(rig: Rig, spelt: str) -> str:
    """What the door is told to return to; "" when the whole request was refused."""
    page = rig.browser().open(f"/signet/sign-in?return={spelt}")
    if page.status == 400:
        assert not page.location
        return ""
    assert page.status == 302, (spelt, page.status)
    door = urlsplit(page.location)
    assert (door.netloc, door.path) == ("", "/app/sign-in"), page.location
    return parse_qs(door.query)["return"][0]


@pytest.mark.parametrize("host", HOSTS)
def test_hosts(rig: Rig, host: str) -> None:
    gone = {}
    for before in BEFORE:
        for spelt in spellings(f"{before}{host}"):
            if (to := asked_for(rig, spelt)) and not stays(to, rig.signet.port):
                gone[spelt] = to
    assert not gone


@pytest.mark.parametrize("text", OTHERS, ids=lambda text: ascii(text)[:40])
def test_other_texts(rig: Rig, text: str) -> None:
    for spelt in spellings(text):
        to = asked_for(rig, spelt)
        assert not to or stays(to, rig.signet.port), (spelt, to)


# The whole way, where it counts: what the callback answers.
WHOLE_WAY = [
    *(f"{before}evil.example" for before in BEFORE[:40]),
    *(f"{scheme}{host}" for scheme, host in product(("https://", "//"), HOSTS)),
    *OTHERS,
]


def test_the_callback_too(rig: Rig) -> None:
    gone = {}
    for text in WHOLE_WAY:
        spelt = quote(text, safe="")
        browser = rig.browser()
        sent = browser.open(f"/signet/sign-in?provider=corp&return={spelt}")
        if sent.status == 400:
            continue
        page = browser.open(browser.local(browser.at_provider(sent.location)))
        assert page.status == 302
        assert {text.partition("=")[0] for text in page.set_cookies} >= {"signet"}
        if not stays(page.location, rig.signet.port):
            gone[text] = page.location
    assert not gone


@pytest.mark.parametrize("text", OWN)
def test_own_paths_are_kept(rig: Rig, text: str) -> None:
    assert rig.browser().sign_in(back_to=quote(text, safe="")).location == text


def test_a_refused_sign_in_stays_as_well(rig: Rig) -> None:
    """The door's own `return`, for another try."""
    rig.corp.back = lambda pairs: [("error", "access_denied"), *pairs[1:]]
    for text in ("https://evil.example", "//evil.example", "/\\evil.example", "/app/x?a=b"):
        page = rig.browser().sign_in(back_to=quote(text, safe=""))
        (to,) = parse_qs(urlsplit(page.location).query)["return"]
        assert to == (text if text == "/app/x?a=b" else "/app")
        assert stays(page.location, rig.signet.port)


@pytest.mark.parametrize("query", ["return=/app&return=//evil.example", "return=%zz", "return=%ff"])
def test_queries_that_cannot_be_read(rig: Rig, query: str) -> None:
    page = rig.browser().open(f"/signet/sign-in?provider=corp&{query}")
    assert page.status == 400 and not page.location


def test_pages_without_a_session(rig: Rig) -> None:
    """Where the door leads back to is the page that was asked for, and nothing else."""
    for path in ("/apps/plain//evil.example", "/apps/plain/\\evil", "//evil.example/apps/plain/"):
        page = rig.browser().open(path)
        assert page.status in (400, 404) and not page.location, path
    page = rig.browser().open("/apps/plain/?next=//evil.example")
    (to,) = parse_qs(urlsplit(page.location).query)["return"]
    assert to == "/apps/plain/?next=%2F%2Fevil.example"
