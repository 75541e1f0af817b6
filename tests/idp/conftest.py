"""One local identity provider for the module, a receiver of its back-channel logouts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from browser_like import BrowserLike
from code_flow import RelyingParty
from idp import Client, IdpControl, IdpSettings, start_idp
from logout_receiver import LogoutReceiver
from ports import free_ports

CALLBACK = "http://127.0.0.1:8080/signet/callback/corp"
GOODBYE = "http://127.0.0.1:8080/app"


@dataclass(frozen=True)
class RunningIdp:
    settings: IdpSettings
    control: IdpControl

    @property
    def url(self) -> str:
        return self.settings.url

    def browser(self) -> BrowserLike:
        return BrowserLike(self.url)

    def relying_party(self, client_id: str = "signet") -> RelyingParty:
        client = next(one for one in self.settings.clients if one.id == client_id)
        redirect_uri = client.redirect_uris[0] if client.redirect_uris else ""
        return RelyingParty(self.url, client.id, client.secret, redirect_uri)


def clients(logout_url: str) -> tuple[Client, ...]:
    return (
        Client("signet", "signet-secret", (CALLBACK,), (GOODBYE,), logout_url),
        Client(
            "signet-es256",
            "other-secret",
            (CALLBACK,),
            metadata={"id_token_signed_response_alg": "ES256", "require_auth_time": True},
        ),
        Client("robot", "robot-secret"),
    )


@pytest.fixture(scope="session")
def receiver() -> Iterator[LogoutReceiver]:
    made = LogoutReceiver()
    yield made
    made.close()


@pytest.fixture(scope="session")
def start_provider(out: Path, receiver: LogoutReceiver) -> Iterator[Any]:
    """start_provider(name="corp", refresh_always=True, …)"""
    children = []

    def start(name: str, **settings: Any) -> RunningIdp:
        port, control_port = free_ports(2)
        folder = out / "idp"
        made = IdpSettings(port, control_port, clients(receiver.url), name, **settings)
        children.append(start_idp(made, folder, folder / f"{name}.log"))
        return RunningIdp(made, IdpControl(made.control_url))

    yield start
    for child in children:
        child.stop()


@pytest.fixture(scope="session")
def shared_idp(start_provider: Any) -> RunningIdp:
    return start_provider("corp")


@pytest.fixture(scope="session")
def other_idp(start_provider: Any) -> RunningIdp:
    """Another company's, with refresh tokens for every sign-in."""
    return start_provider("partner", refresh_always=True, lifetimes={"IdToken": 77})


@pytest.fixture
def idp(shared_idp: RunningIdp, receiver: LogoutReceiver) -> Iterator[RunningIdp]:
    receiver.tokens.clear()
    receiver.status = 200
    shared_idp.control.reset_counts()
    yield shared_idp
    shared_idp.control.clear_faults()
    shared_idp.control.up()
