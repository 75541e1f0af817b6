"""Signing in at the local stack: its identity providers, and who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from child import Child
from idp import ADA, ED, NORA, RITA, Client, IdpControl, IdpSettings, Person, start_idp
from ports import free_ports

CLIENT_ID = "signet"
CLIENT_SECRET = "local-secret"
TITLES = {"corp": "Company login", "partner": "Partner login"}


@dataclass(frozen=True)
class SignIn:
    """`providers` are names of identity providers, each a program of its own. They know as many
    gateways as `gateways` says. `lifetimes` are theirs, in seconds (see IdpSettings)."""

    providers: tuple[str, ...] = ("corp",)
    gateways: int = 1
    lifetimes: Mapping[str, int] = field(default_factory=dict)


def registration(provider: str, gateways: list[str]) -> Client:
    """The gateways at these addresses, as one client of the provider."""
    return Client(
        CLIENT_ID,
        CLIENT_SECRET,
        tuple(f"{url}/signet/callback/{provider}" for url in gateways),
        tuple(f"{url}/app/signed-out" for url in gateways),
        # A client has one such address: the first gateway's.
        f"{gateways[0]}/signet/backchannel-logout/{provider}",
    )


class Providers:
    """The running identity providers. `control` is by name."""

    def __init__(self, wanted: SignIn, gateways: list[str], folder: Path, logs: Path) -> None:
        self.control: dict[str, IdpControl] = {}
        self.urls: dict[str, str] = {}
        self.children: list[Child] = []
        ports = free_ports(2 * len(wanted.providers))
        try:
            for name in wanted.providers:
                clients = (registration(name, gateways),)
                settings = IdpSettings(
                    ports.pop(),
                    ports.pop(),
                    clients,
                    name,
                    lifetimes=wanted.lifetimes,
                    refresh_always=True,
                )
                self.children.append(start_idp(settings, folder, logs / f"idp-{name}.log"))
                self.control[name] = IdpControl(settings.control_url)
                self.urls[name] = settings.url
        except BaseException:
            for child in self.children:
                child.stop()
            raise

    def identity(self, *names: str, **session: Any) -> dict[str, Any]:
        """Of Signet's configuration: with these providers, or with all."""
        chosen = names or tuple(self.urls)
        section: dict[str, Any] = {
            "providers": [
                {
                    "name": name,
                    "title": TITLES.get(name, name),
                    "issuer": self.urls[name],
                    "client_id": CLIENT_ID,
                    "client_secret": CLIENT_SECRET,
                    "scopes": ["openid", "email", "profile", "groups"],
                }
                for name in chosen
            ]
        }
        if session:
            section["session"] = session
        if len(chosen) > 1:
            # Each knows the same four people.
            section["same_people"] = True
        return section


def access(default_app: str) -> dict[str, Any]:
    """Of Signet's configuration: one person for each of the permissions."""
    return {
        "admins": {"groups": ["ml-platform"]},
        "rules": [
            {"groups": ["team-a"], "apps": [default_app], "permission": "EDIT"},
            {"groups": ["readers"], "apps": ["*"], "permission": "READ"},
        ],
    }


def who_may(default_app: str) -> list[tuple[Person, str]]:
    """The same for people to read."""
    return [
        (ADA, "administrator: everything, on every app"),
        (ED, f"EDIT on {default_app}: reads, logs and changes there, but deletes nothing"),
        (RITA, "READ on every app"),
        (NORA, "nothing"),
    ]
