"""Tokens of the gateway's own making, as the portal asks for them and as the store keeps them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from test_bearer import bearer
from web_browser import Page, WebBrowser

from hostile_provider import HostileProvider
from scripted_origin import Origin
from signet_process import Signet, plain_app, signed_app
from waiting import until
from wire import Answer

Start = Callable[..., Signet]
TOKENS = "/signet/api/v1/tokens"
ME = "/signet/api/v1/me"
# Of every gateway: a revocation holds within so many seconds.
SOON = 5.0
RUNS_CREATE = "/api/2.0/mlflow/runs/create"
RULES = {
    "admins": {"groups": ["ml-platform"]},
    "rules": [
        {"groups": ["everyone"], "apps": ["plain"], "permission": "READ"},
        {"groups": ["team-a"], "apps": ["*"], "permission": "EDIT"},
        {"groups": ["ci"], "apps": ["signed"], "permission": "EDIT"},
    ],
}


def provider_of(provider: HostileProvider, **more: Any) -> dict[str, Any]:
    return {
        "name": "corp",
        "issuer": provider.url,
        "client_id": "signet",
        "client_secret": "signet-secret",
        **more,
    }


def config(provider: HostileProvider, **identity: Any) -> dict[str, Any]:
    return {"identity": {"providers": [provider_of(provider)], **identity}, "access": RULES}


def apps_of(origin: Origin) -> list[dict[str, Any]]:
    return [plain_app(origin.url), signed_app(origin.url)]


def begin(
    start: Start, provider: HostileProvider, origin: Origin, *, state: Any = None, **identity: Any
) -> Signet:
    document = config(provider, **identity) | ({"state": state} if state else {})
    return start(apps_of(origin), config=document)


def person(name: str, *groups: str) -> dict[str, Any]:
    """As the provider describes somebody."""
    return {
        "sub": name,
        "email": f"{name}@example.com",
        "email_verified": True,
        "name": name.title(),
        "groups": list(groups),
    }


def browser_of(
    signet: Signet, provider: HostileProvider, name: str = "ada", *groups: str
) -> WebBrowser:
    """Somebody's browser, signed in."""
    provider.person = person(name, *groups)
    browser = WebBrowser(signet.port)
    assert browser.sign_in().location == "/app"
    return browser


@dataclass(frozen=True)
class Made:
    id: str
    secret: str
    record: dict[str, Any]


def make(browser: WebBrowser, title: str = "laptop", **wanted: Any) -> Made:
    page = browser.fetch(TOKENS, "POST", {"title": title, **wanted})
    assert page.status == 201, page
    said = page.json()
    assert set(said) == {"token", "secret"}
    return Made(said["token"]["id"], said["secret"], said["token"])


def listed(browser: WebBrowser, query: str = "") -> dict[str, dict[str, Any]]:
    """The tokens that the browser's person may see, by id."""
    page = browser.fetch(TOKENS + query)
    assert page.status == 200, page
    return {token["id"]: token for token in page.json()["tokens"]}


def revoke(browser: WebBrowser, made: Made) -> Page:
    return browser.fetch(f"{TOKENS}/{made.id}", "DELETE")


def change_store(file: Path, statement: str, *values: Any) -> int:
    """As another process of the same machine would. Returns how many records it changed."""
    with closing(sqlite3.connect(file, timeout=10)) as database, database:
        return database.execute(statement, values).rowcount


def state_file(signet: Signet) -> Path:
    return Path(signet.document["state"]["sqlite"])


def end_token(signet: Signet, token_id: str) -> None:
    """Makes its time be over."""
    statement = "UPDATE tokens SET expires = unixepoch() - 1 WHERE id = ?"
    assert change_store(state_file(signet), statement, token_id) == 1


def is_known(signet: Signet, secret: str) -> bool:
    return signet.ask("plain", headers=bearer(secret)).status == 200


def write(signet: Signet, secret: str, app: str = "plain", path: str = RUNS_CREATE) -> Answer:
    return signet.ask(app, path, "POST", b"{}", bearer(secret))


def told(answer: Answer) -> tuple[int, str, str]:
    """Status, refusal and message."""
    return answer.status, answer.refusal, json.loads(answer.body)["message"]


def seconds_until_unknown(signet: Signet, secret: str) -> float:
    """On all loops: connections are dealt out to them in turn."""
    began = time.monotonic()
    until("the token is dead", lambda: not any(is_known(signet, secret) for _ in range(6)))
    return time.monotonic() - began
