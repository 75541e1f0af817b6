"""A browser's side of signing in: one origin's cookies, redirects followed by hand."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from waiting import PATIENCE

CSRF_COOKIE = "mlflow-request-header-X-Signet-Csrf"
NAVIGATION = {
    "Accept": "text/html",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "none",
}


@dataclass
class Page:
    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def field(self, name: str) -> str:
        return next((value for key, value in self.fields if key.lower() == name), "")

    @property
    def location(self) -> str:
        return self.field("location")

    @property
    def set_cookies(self) -> list[str]:
        return [value for key, value in self.fields if key.lower() == "set-cookie"]

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class WebBrowser:
    """`cookies` are those of the gateway. Requests are fetches of a page of ours unless they are
    navigations."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def fetch(
        self,
        path: str,
        method: str = "GET",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        csrf: bool = True,
    ) -> Page:
        own = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
        if method != "GET":
            own["Origin"] = self.origin
            if csrf and CSRF_COOKIE in self.cookies:
                own["X-Signet-Csrf"] = self.cookies[CSRF_COOKIE]
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            own["Content-Type"] = "application/json"
        return self.send(method, path, data, own | dict(headers or {}))

    def open(self, path: str) -> Page:
        return self.send("GET", path, None, NAVIGATION)

    def send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Page:
        if self.cookies:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"Cookie": cookies} | headers
        connection = self.connect()
        try:
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            page = Page(response.status, response.getheaders(), response.read())
        finally:
            connection.close()
        for text in page.set_cookies:
            name, _, rest = text.partition("=")
            value, _, attributes = rest.partition(";")
            if "max-age=0" in attributes.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return page

    def at_provider(self, url: str) -> str:
        """Where the provider, which asks nobody anything, sends the browser back to."""
        parts = urlsplit(url)
        assert parts.hostname and parts.port, url
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            response = connection.getresponse()
            response.read()
            assert response.status in (302, 303), response.status
            return response.headers["Location"]
        finally:
            connection.close()

    def local(self, url: str) -> str:
        """The path of an address of the gateway."""
        assert url.startswith((self.origin + "/", "/")), url
        return url.removeprefix(self.origin)

    def sign_in(self, provider: str = "corp", back_to: str = "/app", query: str = "") -> Page:
        """The whole way. Returns the answer to the callback."""
        sent = self.open(f"/signet/sign-in?provider={provider}&return={back_to}{query}")
        assert sent.status == 302, (sent.status, sent.body)
        return self.open(self.local(self.at_provider(sent.location)))
