"""The token to send to a gateway: the stored one, renewed in time, or one for an AWS role."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

from .aws import RoleTokens
from .errors import NotSignet, Refused, SignetError, SignInNeeded, StoreError, Unreachable
from .freshness import Freshness
from .gateway import Gateway
from .store import Credential, Store

# After a renewal that failed, nobody in this process tries again for so long.
PAUSE_SECONDS = 10.0


class Tokens:
    def __init__(self, store: Store | None = None, freshness: Freshness | None = None) -> None:
        self.store = store or Store()
        self._freshness = freshness or Freshness()
        self._roles = RoleTokens(self._freshness)
        self._failures: dict[str, tuple[float, SignetError]] = {}

    def current(self, base: str, *, roles: bool = True) -> str | None:
        """None: nothing is known about this host, and nothing may be sent to it.

        Without `roles` an AWS role is not asked for.
        """
        credential = self.store.get(base)
        if credential is None:
            return self._roles.current(base) if roles else None
        if self._freshness.is_due(base, credential):
            return self._renewed(base, lambda known: self._freshness.is_due(base, known))
        return credential.access_token

    def instead_of(self, base: str, refused: str) -> str | None:
        """Another token after the gateway refused this one; None if there is none."""
        if self.store.get(base) is None:
            return self._roles.instead_of(base, refused)
        return self._renewed(base, lambda known: known.access_token == refused)

    def _renewed(self, base: str, due: Callable[[Credential], bool]) -> str | None:
        """One renewal among all threads and processes: the rest wait and find it done."""
        known: Credential | None = None
        try:
            with self.store.renewing(base):
                known = self.store.get(base)
                if known is None or not due(known):
                    return known and known.access_token
                self._raise_recent_failure(base)
                fresh = self._renew(base, known)
                if fresh is not known:
                    self.store.put(base, fresh)
        except (Unreachable, NotSignet, Refused, StoreError) as error:
            self._remember(base, error)
            known = known or self.store.get(base)
            if known and self._freshness.is_valid(base, known):
                return known.access_token
            raise
        self._failures.pop(base, None)
        return fresh.access_token

    def _renew(self, base: str, known: Credential) -> Credential:
        if known.refresh_token is None:
            if self._freshness.is_valid(base, known):
                return known
            raise SignInNeeded(base, f"your sign-in at {base} has ended")
        try:
            fresh = Gateway(base, self._freshness.clock).renew(known.refresh_token)
        except Refused as error:
            if error.reason != "invalid_grant":
                raise
            # It is of no further use: the next process need not ask to learn the same.
            self.store.put(base, replace(known, refresh_token=None, expires_at=known.obtained_at))
            raise SignInNeeded(base, f"your sign-in at {base} has ended") from error
        return fresh if fresh.refresh_token else replace(fresh, refresh_token=known.refresh_token)

    def _remember(self, base: str, error: SignetError) -> None:
        until, _ = self._failures.get(base, (0.0, error))
        if self._freshness.monotonic() >= until:
            self._failures[base] = (self._freshness.monotonic() + PAUSE_SECONDS, error)

    def _raise_recent_failure(self, base: str) -> None:
        until, error = self._failures.get(base, (0.0, None))
        if error is not None and self._freshness.monotonic() < until:
            raise error
