"""The local identity provider (local/idp/, on the library oidc-provider): how it is started, and
what tests ask of its control port.

    settings = IdpSettings(port=…, control_port=…, clients=(Client("signet", …),))
    child = start_idp(settings, folder, folder / "idp.log")
    IdpControl(settings.control_url).sign_out("ada")
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from child import Child
from programs import ROOT, VENVS, environment

IDP_SECONDS = 60.0
# What client_credentials tokens are for, and others that ask for it with `resource`.
AUDIENCE = "urn:signet"


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    email: str
    groups: tuple[str, ...] = ()
    email_verified: bool = True


ADA = Person("ada", "Ada Admin", "ada@example.com", ("ml-platform", "staff"))
ED = Person("ed", "Ed Editor", "ed@example.com", ("team-a",))
RITA = Person("rita", "Rita Reader", "rita@example.com", ("readers",))
NORA = Person("nora", "Nora Nobody", "nora@example.com")
PEOPLE = (ADA, ED, RITA, NORA)


@dataclass(frozen=True)
class Client:
    """A relying party. `metadata` is merged in as registered at a provider, such as
    {"id_token_signed_response_alg": "ES256"} or {"require_auth_time": True}."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def registered(self) -> dict[str, Any]:
        grants = ["client_credentials"]
        if self.redirect_uris:
            grants += ["authorization_code", "refresh_token"]
        document: dict[str, Any] = {
            "client_id": self.id,
            "client_secret": self.secret,
            "redirect_uris": list(self.redirect_uris),
            "response_types": ["code"] if self.redirect_uris else [],
            "grant_types": grants,
            "post_logout_redirect_uris": list(self.post_logout_redirect_uris),
        }
        if self.backchannel_logout_uri:
            document["backchannel_logout_uri"] = self.backchannel_logout_uri
            document["backchannel_logout_session_required"] = True
        return document | dict(self.metadata)


@dataclass(frozen=True)
class IdpSettings:
    """`name` tells providers on one host apart: browsers mix cookies of different ports.
    `lifetimes` are seconds by what they limit: AccessToken, AuthorizationCode, ClientCredentials,
    Grant, IdToken, Interaction, RefreshToken, Session. With `refresh_always` every sign-in gets a
    refresh token, which a sign-out ends; else those that ask for offline_access with
    prompt=consent, whose refresh tokens outlive the session."""

    port: int
    control_port: int
    clients: tuple[Client, ...]
    name: str = "idp"
    people: tuple[Person, ...] = PEOPLE
    lifetimes: Mapping[str, int] = field(default_factory=dict)
    refresh_always: bool = False
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    issuer: str = ""
    audience: str = AUDIENCE
    log: Path | None = None  # else the child's own log

    @property
    def url(self) -> str:
        return self.issuer or f"http://127.0.0.1:{self.port}"

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.control_port}"

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "issuer": self.url,
            "port": self.port,
            "control_port": self.control_port,
            "audience": self.audience,
            "algorithms": list(self.algorithms),
            "refresh_always": self.refresh_always,
            "lifetimes": dict(self.lifetimes),
            "people": [asdict(person) for person in self.people],
            "clients": [client.registered() for client in self.clients],
            "log": str(self.log.resolve()) if self.log else None,
        }


def start_idp(settings: IdpSettings, folder: Path, log: Path) -> Child:
    """Returns when discovery answers. Raises ChildDied when it does not."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder.resolve() / f"{settings.name}.json"
    config.write_text(json.dumps(settings.document(), indent=2))
    child = Child(
        f"the identity provider {settings.name}",
        [VENVS / "tools/node/node", ROOT / "local/idp/main.js", config],
        log=log,
        env=environment(),
        folder=ROOT / "local/idp",
    )
    try:
        local = f"http://127.0.0.1:{settings.port}"
        child.wait_ready(f"{local}/.well-known/openid-configuration", IDP_SECONDS)
        child.wait_ready(f"{settings.control_url}/health", IDP_SECONDS)
    except BaseException:
        child.stop()
        raise
    return child


class IdpControl:
    def __init__(self, url: str) -> None:
        self.url = url

    def counts(self) -> dict[str, int]:
        """authorizations, token_authorization_code, token_refresh_token,
        token_client_credentials, token_errors, sign_outs, backchannel_told, …: those above 0."""
        return self._call("GET", "counts")

    def reset_counts(self) -> None:
        self._call("DELETE", "counts")

    def sign_out(self, person: str) -> dict[str, int]:
        """Ends the person's sessions and refresh tokens. Returns the numbers of sessions, and of
        clients that were told (`told`) or could not be (`failed`) by back-channel logout."""
        return self._call("POST", "sign-out", {"person": person})

    def rotate_keys(self, *, forget: bool = False) -> None:
        """New keys sign from now on; the old ones stay published unless `forget`."""
        self._call("POST", "keys", {"forget": forget})

    def change_person(self, person: str, **changed: Any) -> None:
        """change_person("ed", groups=[]); an unknown person is new."""
        self._call("POST", "people", {"id": person, **changed})

    def down(self) -> None:
        """Connections are refused until up()."""
        self._call("POST", "down", {})

    def up(self) -> None:
        self._call("POST", "up", {})

    def fault(
        self, path: str = "/", *, seconds: float = 0, status: int = 0, times: int = 0
    ) -> None:
        """Requests whose path begins with `path` are answered late, or with an error status;
        the first `times` of them, or all."""
        fault = {"path": path, "seconds": seconds, "status": status}
        self._call("POST", "faults", fault | ({"times": times} if times else {}))

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def _call(self, method: str, what: str, body: object = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/{what}", data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
