"""A local identity provider that runs, and the relying parties it knows."""

from __future__ import annotations

from dataclasses import dataclass

from application import Application
from browser_like import BrowserLike
from code_flow import RelyingParty
from idp import Client, IdpControl, IdpSettings


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


def clients(application: Application) -> tuple[Client, ...]:
    callbacks, goodbyes = (application.callback,), (application.goodbye,)
    return (
        Client("signet", "signet-secret", callbacks, goodbyes, application.logout_url),
        Client(
            "signet-es256",
            "other-secret",
            callbacks,
            metadata={"id_token_signed_response_alg": "ES256", "require_auth_time": True},
        ),
        Client("robot", "robot-secret"),
    )
