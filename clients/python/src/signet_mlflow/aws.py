"""Tokens for workloads: a presigned question to STS proves their AWS role to the gateway.

The gateway asks STS the question as it stands and learns who signed it. Its own authority is among
the signed headers, so no other gateway can use the proof, and it is good for a minute and once.

A signature is made of the time in seconds and nothing random: processes that share credentials make
the same proof within one second. All but the first of them are asked to come again, and then spread
out in time.
"""

from __future__ import annotations

import os
import random
import re
import threading
import time
from typing import Any, Callable

from .address import authority_of
from .errors import NotSignet, Refused, SignetError, Unreachable
from .freshness import Freshness
from .gateway import Gateway
from .store import Credential

PROOF_SECONDS = 60
AUDIENCE_HEADER = "x-signet-gateway"
# A host that is no gateway, or no AWS credentials: not looked for again for so long.
PAUSE_SECONDS = 60.0
DEFAULT_REGION = "us-east-1"
MOST_PROOFS = 5
# Longer than this nobody waits within a request.
LONGEST_WAIT = 5.0


def sts_endpoint(session: Any, region: str) -> str:
    """The regional one, under its partition's domain: amazonaws.com, amazonaws.com.cn, …"""
    suffix = "amazonaws.com"
    for partition in session.get_data("partitions")["partitions"]:
        if region in partition["regions"] or re.fullmatch(partition["regionRegex"], region):
            suffix = partition["outputs"]["dnsSuffix"]
            break
    return f"https://sts.{region}.{suffix}"


def prove(session: Any, credentials: Any, base: str) -> tuple[str, dict[str, str]]:
    """The presigned URL, and the headers that must be sent with it."""
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    region = session.get_config_variable("region") or os.environ.get("AWS_REGION") or DEFAULT_REGION
    headers = {AUDIENCE_HEADER: authority_of(base)}
    url = f"{sts_endpoint(session, region)}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest(method="GET", url=url, headers=headers)
    frozen = credentials.get_frozen_credentials()
    SigV4QueryAuth(frozen, "sts", region, expires=PROOF_SECONDS).add_auth(request)
    return request.url, headers


class RoleTokens:
    """Kept in this process's memory only: asking again is cheap and needs nobody."""

    def __init__(self, freshness: Freshness, sleep: Callable[[float], None] = time.sleep) -> None:
        self._freshness = freshness
        self._sleep = sleep
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            # A child must not wait for a thread that exists in its parent only.
            os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._session: Any = None
        self._known: dict[str, Credential] = {}
        self._pauses: dict[str, float] = {}

    def current(self, base: str) -> str | None:
        with self._lock:
            known = self._known.get(base)
            if known and not self._freshness.is_due(base, known):
                return known.access_token
            return self._ask(base, known)

    def instead_of(self, base: str, refused: str) -> str | None:
        with self._lock:
            known = self._known.get(base)
            if known is None:
                return None
            if known.access_token != refused:
                return known.access_token
            del self._known[base]
            return self._ask(base, None)

    def _ask(self, base: str, known: Credential | None) -> str | None:
        usable = known if known and self._freshness.is_valid(base, known) else None
        if self._freshness.monotonic() < self._pauses.get(base, 0.0):
            return usable and usable.access_token
        try:
            fresh = self._proved(base, most=1 if usable else MOST_PROOFS)
            if fresh is None:
                self._pause(base)
                return usable and usable.access_token
        except NotSignet:
            self._pause(base)
            return None
        except (Unreachable, Refused) as error:
            if usable:
                self._pause(base)
                return usable.access_token
            if isinstance(error, Refused):
                raise Refused(error.reason, f"your AWS role was not accepted: {error}") from error
            raise
        self._known[base] = fresh
        return fresh.access_token

    def _proved(self, base: str, most: int) -> Credential | None:
        """By a new proof each time that the gateway wants another; by at most so many."""
        gateway = Gateway(base, self._freshness.clock)
        tries = 0
        while proof := self._proof(base):
            tries += 1
            try:
                return gateway.prove_role(*proof)
            except Unreachable as error:
                wait = error.retry_after
                if tries == most or wait is None or wait > LONGEST_WAIT:
                    raise
            # Of those who come in one second all but the first come in vain: each time they spread
            # more widely.
            self._sleep(max(wait, 1.0) + random.uniform(0.0, 2.0**tries))
        return None

    def _pause(self, base: str) -> None:
        self._pauses[base] = self._freshness.monotonic() + PAUSE_SECONDS

    def _proof(self, base: str) -> tuple[str, dict[str, str]] | None:
        """None without botocore or without credentials. Those renew themselves."""
        try:
            import botocore.session
            from botocore.exceptions import BotoCoreError
        except ImportError:
            return None
        try:
            if self._session is None:
                self._session = botocore.session.get_session()
            credentials = self._session.get_credentials()
            return credentials and prove(self._session, credentials, base)
        except BotoCoreError as error:
            raise SignetError(f"the AWS credentials cannot be used: {error}") from error
