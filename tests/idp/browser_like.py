"""A browser without scripts: keeps cookies, follows redirects until they leave the provider,
submits forms."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from http.cookiejar import CookieJar


@dataclass
class Form:
    action: str
    fields: dict[str, str]
    buttons: list[tuple[str, str]]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(found.get("action", ""), {}, []))
        elif tag == "input" and self.forms:
            self.forms[-1].fields[found["name"]] = found.get("value", "")
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append((found.get("name", ""), found.get("value", "")))


@dataclass
class Page:
    url: str
    status: int
    headers: Message
    text: str

    @property
    def form(self) -> Form:
        parser = _Forms()
        parser.feed(self.text)
        assert parser.forms, f"no form at {self.url}: {self.text[:500]}"
        return parser.forms[0]

    @property
    def location(self) -> str:
        return urllib.parse.urljoin(self.url, self.headers.get("Location", ""))

    @property
    def parameters(self) -> dict[str, str]:
        """Of the query with which the provider sends the browser back."""
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.location).query))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class BrowserLike:
    def __init__(self, *homes: str) -> None:
        """`homes`: the providers' addresses, within which redirects are followed."""
        self._homes = tuple(f"{home}/" for home in homes)
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), _NoRedirects
        )

    def fetch(self, url: str, form: dict[str, str] | None = None) -> Page:
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(url, data=data, headers={"Accept": "text/html"})
        try:
            answer = self._opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Page(url, answer.status, answer.headers, answer.read().decode())

    def go(self, url: str, form: dict[str, str] | None = None) -> Page:
        """Follows redirects within the provider, and pages that a script would submit at once."""
        page = self.fetch(url, form)
        for _ in range(20):
            if page.status in (302, 303) and page.location.startswith(self._homes):
                page = self.fetch(page.location)
            elif page.status == 200 and re.search(r"forms\[0\]\.submit", page.text):
                page = self.submit(page)
            else:
                return page
        raise AssertionError(f"too many redirects, last {page.url}")

    def submit(self, page: Page, **pressed: str) -> Page:
        form = page.form
        return self.go(urllib.parse.urljoin(page.url, form.action), form.fields | pressed)
