"""When to renew: ahead of the end, and also when a clock has been turned back meanwhile."""

from __future__ import annotations

import time
from typing import Callable

from .store import Credential

EARLIEST = 300.0
SHARE = 0.2
SLACK = 60.0

Clock = Callable[[], float]


class Freshness:
    def __init__(self, clock: Clock = time.time, monotonic: Clock = time.monotonic) -> None:
        self.clock = clock
        self.monotonic = monotonic
        # By gateway: a token, and its end by a clock that nobody can turn back.
        self._ends: dict[str, tuple[str, float]] = {}

    def is_due(self, base: str, credential: Credential) -> bool:
        now = self.clock()
        ahead = min(EARLIEST, SHARE * (credential.expires_at - credential.obtained_at))
        if now < credential.obtained_at - SLACK or now >= credential.expires_at - ahead:
            return True
        token, end = self._ends.get(base, ("", 0.0))
        if token != credential.access_token:
            end = self.monotonic() + credential.expires_at - now
            self._ends[base] = (credential.access_token, end)
        return self.monotonic() >= end - ahead

    def is_valid(self, base: str, credential: Credential) -> bool:
        """Whether it can still be used when it cannot be renewed."""
        token, end = self._ends.get(base, ("", 0.0))
        turned_back = token == credential.access_token and self.monotonic() >= end
        return self.clock() < credential.expires_at and not turned_back
