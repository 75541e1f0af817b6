"""A relying party in plain Python: the code flow with PKCE, refresh, checked ID tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet

from browser_like import BrowserLike, Page

SCOPE = "openid email profile groups"


def get_json(url: str, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return json.load(answer)


@dataclass
class Attempt:
    """What a relying party remembers between sending the browser away and its return."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class TokenError(Exception):
    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.error = json.loads(body)["error"] if body.startswith("{") else ""


class RelyingParty:
    def __init__(self, issuer: str, client_id: str, secret: str, redirect_uri: str) -> None:
        self.client_id, self.secret, self.redirect_uri = client_id, secret, redirect_uri
        self.metadata = get_json(f"{issuer}/.well-known/openid-configuration")
        assert self.metadata["issuer"] == issuer
        self.issuer = issuer

    def authorize_url(self, attempt: Attempt, **changed: str) -> str:
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        } | changed
        query = {name: value for name, value in query.items() if value}
        return f"{self.metadata['authorization_endpoint']}?{urllib.parse.urlencode(query)}"

    def redeem(self, attempt: Attempt, page: Page) -> dict[str, Any]:
        """Exchanges the code that `page` brings back."""
        assert page.location.startswith(self.redirect_uri), (page.status, page.location, page.text)
        back = page.parameters
        assert "code" in back, back
        assert (back["state"], back["iss"]) == (attempt.state, self.issuer)
        return self.call_token(
            grant_type="authorization_code",
            code=back["code"],
            redirect_uri=self.redirect_uri,
            code_verifier=attempt.verifier,
        )

    def sign_in(
        self, browser: BrowserLike, person: str, **changed: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Clicks the person's button. Returns the token endpoint's answer and the ID token's
        claims, which are checked."""
        attempt = Attempt()
        page = browser.go(self.authorize_url(attempt, **changed))
        if page.status == 200:
            page = browser.submit(page, person=person)
        tokens = self.redeem(attempt, page)
        return tokens, self.check_id_token(tokens["id_token"], nonce=attempt.nonce)

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        return self.call_token(grant_type="refresh_token", refresh_token=refresh_token)

    def call_token(self, **form: str) -> dict[str, Any]:
        request = urllib.request.Request(
            self.metadata["token_endpoint"], data=urllib.parse.urlencode(form).encode()
        )
        user = f"{self.client_id}:{self.secret}".encode()
        request.add_header("Authorization", f"Basic {base64.b64encode(user).decode()}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise TokenError(error.code, error.read().decode()) from None

    def check(self, token: str, algorithm: str, **wanted: Any) -> dict[str, Any]:
        """Checks signature, times, issuer and audience."""
        keys = KeySet.import_key_set(get_json(self.metadata["jwks_uri"]))
        decoded = jwt.decode(token, keys, algorithms=[algorithm])
        rules = {"iss": self.issuer, "aud": self.client_id} | wanted
        registry = jwt.JWTClaimsRegistry(
            **{name: {"essential": True, "value": value} for name, value in rules.items()}
        )
        registry.validate(decoded.claims)
        return decoded.claims

    def check_id_token(
        self, token: str, *, nonce: str = "", algorithm: str = "RS256"
    ) -> dict[str, Any]:
        return self.check(token, algorithm, **({"nonce": nonce} if nonce else {}))
