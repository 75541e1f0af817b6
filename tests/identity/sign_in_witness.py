"""Who watches a sign-in: a provider and a browser that remember every secret that they handled, and
what a refusal must look like from outside."""

from __future__ import annotations

import base64
import re
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from web_browser import Page, WebBrowser

from hostile_provider import HostileProvider, Login, Request, as_json
from signet_process import Signet
from waiting import until

SIGNED_IN = re.compile(r"(?:__Host-)?signet(?:-\d)?|mlflow-request-header-X-Signet-Csrf")
ATTEMPT = re.compile(r"(?:__Host-)?signet-attempt-[0-9a-f]{8}")


@dataclass
class WatchedProvider(HostileProvider):
    """`given` are the codes and tokens it made; `more_keys` are published besides its own."""

    given: set[str] = field(default_factory=set)
    more_keys: list[dict[str, Any]] = field(default_factory=list)

    def new_code(self, request: Request) -> str:
        code = super().new_code(request)
        self.given.add(code)
        return code

    def tokens(self, login: Login) -> dict[str, Any]:
        answer = super().tokens(login)
        for name in ("access_token", "id_token", "refresh_token"):
            self.given |= {answer[name]} if name in answer else set()
        return answer

    def does_well_again(self) -> None:
        """As if it had just been made, but for what it remembers."""
        plain = HostileProvider.__dataclass_fields__
        self.person = plain["person"].default_factory()  # type: ignore[misc]
        self.id_claims, self.metadata_changes, self.refresh = {}, {}, True
        self.back = lambda pairs: pairs
        self.mint = self._mint_well
        self.answers = dict(self._answers_well)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.answers["jwks"] = lambda _: as_json(
            {"keys": [*(key.jwk() for key in self.keys), *self.more_keys]}
        )
        self._mint_well, self._answers_well = self.mint, dict(self.answers)

    def serve_with_tls(self, context: ssl.SSLContext, address: str, host: str) -> int:
        """Moves to https at `host`, which is `address`. Returns the port."""
        usual = self._server
        usual.shutdown()
        usual.server_close()
        server = type(usual)((address, 0), usual.RequestHandlerClass)
        server.provider = self
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._server = server
        self.url = self.issuer = f"https://{host}:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        return server.server_port

    def secrets(self) -> set[str]:
        """All that went through it and that nobody else may read, in every form it had."""
        found = {self.client_secret} | self.given
        for _, request in self.requests:
            for name in ("state", "nonce", "code", "code_verifier", "refresh_token"):
                found.add(request[name])
            scheme, _, value = request.headers.get("authorization", "").partition(" ")
            if scheme == "Basic":
                found |= {value, base64.b64decode(value).decode()}
        # Neither the claims nor the signature of a token on their own.
        for token in [text for text in found if text.count(".") == 2]:
            found |= set(token.split(".")[1:])
        return {text for text in found if len(text) >= 8}


@dataclass
class WatchedBrowser(WebBrowser):
    """`pages` are all answers that it got; `held` all values of cookies that it was given."""

    pages: list[Page] = field(default_factory=list)
    held: set[str] = field(default_factory=set)

    def send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Page:
        page = super().send(method, path, data, headers)
        self.pages.append(page)
        for text in page.set_cookies:
            value = text.partition("=")[2].partition(";")[0]
            self.held |= {value} if value else set()
        return page

    def begin(self, provider: str = "corp", query: str = "") -> str:
        """Begins a sign-in; the address at the provider."""
        sent = self.open(f"/signet/sign-in?provider={provider}{query}")
        assert sent.status == 302, (sent.status, sent.body)
        return sent.location

    def callback(self, provider: str = "corp", query: str = "") -> str:
        """The same, up to the path that the provider sends the browser back to."""
        return self.local(self.at_provider(self.begin(provider, query)))


def check_no_secret(text: str, secrets: set[str], where: str) -> None:
    for secret in secrets:
        assert secret not in text, f"{where} has {secret[:6]}…{secret[-4:]}"


def check_signed_out(page: Page) -> None:
    """No cookie of a session is given; those of attempts may go."""
    for text in page.set_cookies:
        name, _, rest = text.partition("=")
        assert ATTEMPT.fullmatch(name), text
        assert rest.startswith(";") and "Max-Age=0" in rest, text


def check_refused(
    page: Page,
    signet: Signet,
    error: str,
    why: str,
    secrets: set[str],
    back_to: str = "/app",
    log_from: int = 0,
) -> str:
    """Nobody is signed in, people are told `error`, the operator a sentence that `why` is found in,
    and nobody a secret. Of the log, the first `log_from` bytes were looked through before there
    were more `secrets`. Returns that sentence."""
    check_signed_out(page)
    assert page.status == 302, (page.status, page.body)
    door = urlsplit(page.location)
    assert (door.scheme, door.netloc, door.path) == ("", "", "/app/sign-in"), page.location
    assert parse_qs(door.query) == {"return": [back_to], "error": [error]}
    assert page.body == b""
    request = page.field("x-request-id")

    def lines() -> list[dict[str, Any]]:
        """What was told of it, and its line in the audit log: they come in any order."""
        found = [
            line for line in signet.log_lines("sign-in-refused") if line["request_id"] == request
        ]
        return found if len(found) == 2 else []

    (audit,) = (line for line in until("both lines", lines) if "log" in line)
    (told,) = (line for line in lines() if "log" not in line)
    assert (audit["refusal"], audit["person"], audit["status"]) == ("unauthenticated", "", 302)
    assert (told["level"], told["error"]) == ("warning", error), told
    assert re.search(why, told["why"]), told["why"]
    log = signet.log.read_bytes()[log_from:].decode(errors="replace")
    check_no_secret(str(page.fields) + log, secrets, "the log")
    return told["why"]
