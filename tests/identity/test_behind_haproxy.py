"""Behind haproxy with TLS and trusted_proxies: cookies, addresses and redirects are those of the
public address, and nobody becomes somebody by a header."""

from __future__ import annotations

import http.client
import os
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sign_in_rig import entry, settings
from sign_in_witness import WatchedProvider
from throwaway_certificate import Certificate, make_certificate
from web_browser import CSRF_COOKIE, NAVIGATION, Page, WebBrowser

from minting import Key, mint
from ports import free_ports
from scripted_origin import Origin
from signet_process import Signet, plain_app
from waiting import PATIENCE, until
from wire import API

SEARCH = f"/apps/plain{API}"
RUNS_CREATE = "/apps/plain/api/2.0/mlflow/runs/create"
# All of 127.0.0.0/8 is this machine; only 127.0.0.1 is the proxy's.
VISITOR, STRANGER = "127.0.0.2", "127.0.0.3"
SIGNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/50dc6c495c0c9188"


def haproxy_config(port: int, certificate: Certificate, gateway: int) -> str:
    return f"""
global
  maxconn 200
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend public
  bind 127.0.0.1:{port} ssl crt {certificate.bundle} alpn h2,http/1.1
  option forwardfor
  default_backend signet
backend signet
  server signet 127.0.0.1:{gateway}
"""


@dataclass
class TlsBrowser(WebBrowser):
    """Comes from VISITOR's address to the public one."""

    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    source: str = VISITOR

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.port}"

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPSConnection(
            "localhost",
            self.port,
            timeout=PATIENCE,
            context=self.context,
            source_address=(self.source, 0),
        )


@dataclass
class House:
    signet: Signet
    provider: WatchedProvider
    origin: Origin
    port: int
    certificate: Certificate

    @property
    def public(self) -> str:
        return f"https://localhost:{self.port}"

    def browser(self) -> TlsBrowser:
        context = ssl.create_default_context(cafile=str(self.certificate.certificate))
        return TlsBrowser(self.port, context=context)

    def direct(self, path: str, source: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        """To the gateway itself, past the proxy."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.signet.port, timeout=PATIENCE, source_address=(source, 0)
        )
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
            return response
        finally:
            connection.close()

    def lines_of(self, request_id: str) -> list[dict[str, Any]]:
        return self.signet.told(request_id)


@pytest.fixture(scope="module")
def house(out: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder, origin = out / "behind_haproxy", Origin()
    (port,) = free_ports(1)
    with WatchedProvider() as provider:
        config = settings([entry(provider, "corp")])
        config["identity"]["load_balancer"] = {
            "signer": SIGNER,
            "client_id": "signet",
            "issuer": provider.issuer,
            "keys": provider.url,
        }
        signet = Signet(
            folder,
            [plain_app(origin.url)],
            config=config
            | {"public_url": f"https://localhost:{port}", "trusted_proxies": ["127.0.0.1"]},
        )
        certificate = make_certificate(tmp_path_factory.mktemp("tls"), "localhost")
        file = folder / "haproxy.cfg"
        file.write_text(haproxy_config(port, certificate, signet.port))
        # Debian has it where not everybody looks.
        env = dict(os.environ, PATH=f"{os.environ['PATH']}:/usr/sbin")
        with (folder / "haproxy.log").open("wb") as log:
            haproxy = subprocess.Popen(
                ["haproxy", "-db", "-f", str(file)], stdout=log, stderr=subprocess.STDOUT, env=env
            )
        made = House(signet, provider, origin, port, certificate)
        try:
            until("haproxy answers", lambda: answers(made))
            yield made
            signet.stop()
        finally:
            haproxy.terminate()
            haproxy.wait(10)
            signet.child.stop()
            origin.refuse()


def answers(house: House) -> bool:
    try:
        return house.browser().fetch("/health").status == 200
    except OSError:
        return False


@pytest.fixture
def browser(house: House) -> TlsBrowser:
    house.provider.does_well_again()
    house.origin.requests.clear()
    return house.browser()


def client_of(house: House, page: Page) -> str:
    """The client's address as all logs have it."""
    found = {line["client"] for line in house.lines_of(page.field("x-request-id"))}
    (client,) = found
    return client


def test_sign_in_works_whole(house: House, browser: TlsBrowser) -> None:
    door = browser.open("/apps/plain/?a=b")
    assert door.status == 302
    assert door.location == "/app/sign-in?return=%2Fapps%2Fplain%2F%3Fa%3Db"
    sent = browser.open("/signet/sign-in?provider=corp&return=/apps/plain/%23/x")
    asked = parse_qs(urlsplit(sent.location).query)
    assert asked["redirect_uri"] == [f"{house.public}/signet/callback/corp"]
    back = browser.open(browser.local(browser.at_provider(sent.location)))
    assert (back.status, back.location) == (302, "/apps/plain/#/x")
    assert browser.fetch("/signet/api/v1/me").json()["person"]["id"] == "ada@example.com"
    assert browser.fetch(SEARCH).status == 200
    assert browser.fetch(RUNS_CREATE, "POST", {}, csrf=False).status == 403
    assert browser.fetch(RUNS_CREATE, "POST", {}).status == 200
    made = browser.fetch("/signet/api/v1/tokens", "POST", {"title": "laptop"})
    assert made.status == 201
    bearer = {"Authorization": f"Bearer {made.json()['secret']}"}
    assert house.browser().send("GET", SEARCH, None, bearer).status == 200
    out = browser.fetch("/signet/sign-out", "POST")
    asked = parse_qs(urlsplit(out.json()["location"]).query)
    assert asked["post_logout_redirect_uri"] == [f"{house.public}/app/signed-out"]
    assert not browser.cookies
    assert browser.fetch(SEARCH).status == 401


def test_cookies_are_for_this_host_and_https_alone(house: House, browser: TlsBrowser) -> None:
    sent = browser.open("/signet/sign-in?provider=corp")
    back = browser.open(browser.local(browser.at_provider(sent.location)))
    texts = (
        sent.set_cookies + back.set_cookies + browser.fetch("/signet/sign-out", "POST").set_cookies
    )
    assert len(texts) >= 6
    for text in texts:
        name, _, rest = text.partition("=")
        attributes = [part.strip() for part in rest.split(";")[1:]]
        assert "Secure" in attributes and "Path=/" in attributes, text
        assert "SameSite=Lax" in attributes and "Domain" not in rest, text
        # MLflow's page itself must read this one, under a name that it knows.
        if name == CSRF_COOKIE:
            assert "HttpOnly" not in attributes or "Max-Age=0" in attributes
        else:
            assert name.startswith("__Host-signet") and "HttpOnly" in attributes, text


def test_cookies_of_other_names_are_nothing(house: House, browser: TlsBrowser) -> None:
    """What plain HTTP, a sibling domain or a script could plant: a cookie without the prefix."""
    browser.sign_in()
    good = browser.cookies["__Host-signet"]
    for name in ("signet", "__Secure-signet", "__host-signet", "__HOST-SIGNET"):
        page = house.browser().send("GET", SEARCH, None, {"Cookie": f"{name}={good}"})
        assert page.status == 401, name
    both = {"Cookie": f"signet=evil; __Host-signet={good}"}
    assert house.browser().send("GET", SEARCH, None, both).status == 200
    # An attempt without the prefix, which somebody planted with their own callback.
    theirs = house.browser()
    sent = theirs.open("/signet/sign-in?provider=corp")
    callback = theirs.local(theirs.at_provider(sent.location))
    ((name, value),) = theirs.cookies.items()
    planted = {"Cookie": f"{name.removeprefix('__Host-')}={value}"} | NAVIGATION
    page = house.browser().send("GET", callback, None, planted)
    assert "error=expired" in page.location


def test_the_visitors_address_is_in_the_logs(house: House, browser: TlsBrowser) -> None:
    page = browser.fetch(SEARCH)
    assert page.status == 401
    lines = house.lines_of(page.field("x-request-id"))
    assert {line["client"] for line in lines} == {VISITOR}
    sent = browser.open("/signet/sign-in?provider=corp")
    refused = browser.open(browser.local(browser.at_provider(sent.location)) + "x=")
    until("both lines", lambda: len(house.lines_of(refused.field("x-request-id"))) >= 1)
    assert client_of(house, refused) == VISITOR
    signed_in = browser.sign_in()
    assert client_of(house, signed_in) == VISITOR
    browser.fetch(SEARCH)
    (request,) = house.origin.requests
    assert request.headers["x-forwarded-for"] == VISITOR


LIES = {
    "X-Forwarded-For": {"X-Forwarded-For": "198.51.100.7"},
    "X-Forwarded-For of the proxy": {"X-Forwarded-For": "198.51.100.7, 127.0.0.1"},
    "X-Forwarded-For of many": {"X-Forwarded-For": ", ".join(["198.51.100.7"] * 50)},
    "X-Forwarded-For garbage": {"X-Forwarded-For": "unknown, <script>, 127.0.0.1"},
    "X-Real-IP": {"X-Real-IP": "198.51.100.7", "X-Client-IP": "198.51.100.7"},
    "True-Client-IP": {"True-Client-IP": "198.51.100.7", "CF-Connecting-IP": "198.51.100.7"},
    "Forwarded": {"Forwarded": "for=198.51.100.7;host=evil.example;proto=http"},
    "X_Forwarded_For": {"X_Forwarded_For": "198.51.100.7"},
}


@pytest.mark.parametrize("what", LIES)
def test_lies_about_the_address(house: House, browser: TlsBrowser, what: str) -> None:
    browser.sign_in()
    page = browser.fetch(SEARCH, headers=LIES[what])
    assert page.status == 200
    assert client_of(house, page) == VISITOR
    seen = house.origin.requests[-1].headers
    assert seen["x-forwarded-for"] == VISITOR
    if "Forwarded" in what:
        # Others are for the origin to ignore.
        assert "198.51.100.7" not in str(seen) and "evil.example" not in str(seen)


HOSTS = {
    "X-Forwarded-Host": {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
    "X-Forwarded-Port": {"X-Forwarded-Port": "80", "X-Forwarded-Ssl": "off"},
    "Forwarded": {"Forwarded": "host=evil.example;proto=http"},
    "X-Original-Host": {"X-Original-Host": "evil.example", "X-Host": "evil.example"},
    "Front-End-Https": {"Front-End-Https": "off", "X-Url-Scheme": "http"},
    "X-Forwarded-Prefix": {"X-Forwarded-Prefix": "//evil.example", "X-Forwarded-Uri": "//evil"},
}


@pytest.mark.parametrize("what", HOSTS)
def test_lies_about_host_and_scheme(house: House, browser: TlsBrowser, what: str) -> None:
    lies = NAVIGATION | HOSTS[what]
    sent = browser.send("GET", "/signet/sign-in?provider=corp", None, lies)
    asked = parse_qs(urlsplit(sent.location).query)
    assert asked["redirect_uri"] == [f"{house.public}/signet/callback/corp"]
    assert all("Secure" in text for text in sent.set_cookies)
    back = browser.send("GET", browser.local(browser.at_provider(sent.location)), None, lies)
    assert back.location == "/app"
    for path in ("/", "/apps/plain", "/apps/plain/", "/signet/device?user_code=A", "/app"):
        page = browser.send("GET", path, None, lies)
        assert "evil" not in str(page.fields)
        if page.location:
            # A path, or the public address itself: never http, never another host.
            assert page.location.startswith(("/", house.public)), page.location
            assert not page.location.startswith("//")
    out = browser.fetch("/signet/sign-out", "POST", headers=HOSTS[what])
    assert house.public.replace(":", "%3A").replace("/", "%2F") in out.json()["location"]


def test_other_hosts(house: House, browser: TlsBrowser) -> None:
    for host in ("evil.example", f"localhost:{house.port}.evil.example", "localhost", "127.0.0.1"):
        page = browser.send("GET", "/signet/sign-in?provider=corp", None, {"Host": host})
        assert page.status in (400, 421) and not page.location and not page.set_cookies, host


def test_the_gateways_own_address_leads_to_the_public_one(house: House) -> None:
    """Cookies are for https: a sign-in that begins at the gateway's own port goes there first."""
    here = f"127.0.0.1:{house.signet.port}"
    page = house.direct("/signet/sign-in?provider=corp&return=/app/x", VISITOR, {"Host": here})
    assert page.status == 302
    there = f"{house.public}/signet/sign-in?provider=corp&return=%2Fapp%2Fx"
    assert page.headers["Location"] == there
    assert page.headers["Set-Cookie"] is None
    page = house.direct("/apps/plain/", VISITOR, {"Host": here} | NAVIGATION)
    assert page.headers["Location"].startswith(f"{house.public}/app/sign-in?return=")


def test_strangers_are_not_the_proxy(house: House) -> None:
    """Whoever reaches the gateway past the proxy is believed nothing."""
    here = {"Host": f"127.0.0.1:{house.signet.port}"}
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        page = house.direct(SEARCH, STRANGER, here | {header: "198.51.100.7"})
        assert page.status == 401
        lines = house.lines_of(page.headers["x-request-id"])
        assert {line["client"] for line in lines} == {STRANGER}
    # The proxy itself is.
    page = house.direct(SEARCH, "127.0.0.1", here | {"X-Forwarded-For": "198.51.100.7"})
    lines = house.lines_of(page.headers["x-request-id"])
    assert {line["client"] for line in lines} == {"198.51.100.7"}


def amazon_words(house: House) -> dict[str, dict[str, str]]:
    """What somebody would send to be taken for one whom a load balancer signed in."""
    now = int(time.time())
    head = {
        "signer": SIGNER,
        "iss": house.provider.issuer,
        "client": "signet",
        "exp": now + 60,
        "kid": "01234567-89ab-cdef-0123-456789abcdef",
    }
    claims = {"sub": "ada", "email": "ada@example.com", "email_verified": "true"}
    foreign = Key.make("ES256")
    forged = mint(claims, foreign, header=head)
    unsigned = mint(claims, foreign, alg="none", header=head)
    return {
        "identity alone": {"X-Amzn-Oidc-Identity": "ada"},
        "a forged JWT": {"X-Amzn-Oidc-Data": forged, "X-Amzn-Oidc-Identity": "ada"},
        "an unsigned JWT": {"X-Amzn-Oidc-Data": unsigned, "X-Amzn-Oidc-Identity": "ada"},
        "an ID token": {
            "X-Amzn-Oidc-Data": house.provider.last_id_token or forged,
            "X-Amzn-Oidc-Accesstoken": "x",
        },
        "empty": {
            "X-Amzn-Oidc-Data": "",
            "X-Amzn-Oidc-Identity": "",
            "X-Amzn-Oidc-Accesstoken": "",
        },
    }


@pytest.mark.parametrize(
    "what", ["identity alone", "a forged JWT", "an unsigned JWT", "an ID token", "empty"]
)
def test_lies_of_a_load_balancer(house: House, browser: TlsBrowser, what: str) -> None:
    browser.sign_in()
    words = amazon_words(house)[what]
    nobody = house.browser()
    page = nobody.fetch(SEARCH, headers=words)
    assert page.status == 401 and not page.set_cookies
    assert not house.origin.requests
    # Past the proxy they are nothing at all: who has a session keeps it.
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    here = {"Host": f"127.0.0.1:{house.signet.port}", "Cookie": cookies}
    assert house.direct(SEARCH, STRANGER, here | words).status == 200
    seen = str(house.origin.requests[-1].headers).lower()
    assert "x-amzn-oidc" not in seen and "cookie" not in seen
    for text in words.values():
        assert len(text) < 40 or text[-40:] not in house.signet.log.read_text()
