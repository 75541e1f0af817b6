"""Waiting for a person to agree in a browser (RFC 8628)."""

from __future__ import annotations

import time
from typing import Callable

from .errors import Refused, SignetError, Unreachable
from .gateway import DeviceCode, Gateway
from .store import Credential

SLOWER = 5.0
LONGEST_INTERVAL = 60.0


def wait_for_consent(
    gateway: Gateway,
    device: DeviceCode,
    *,
    waiting: Callable[[float], None],
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Credential:
    """Asks as often as the gateway wants, no more. `waiting` hears how many seconds are left."""
    interval = device.interval
    until = monotonic() + device.expires_in
    while True:
        left = until - monotonic()
        waiting(max(left, 0.0))
        if left < interval:  # Asking once more, and sooner than allowed, would be too much.
            sleep(max(left, 0.0))
            raise _expired(gateway)
        sleep(interval)
        try:
            return gateway.poll(device.device_code)
        except Refused as error:
            if error.reason == "slow_down":
                interval += SLOWER
            elif error.reason == "access_denied":
                raise SignetError(f"the sign-in at {gateway.base} was denied") from error
            elif error.reason == "expired_token":
                raise _expired(gateway) from error
            elif error.reason != "authorization_pending":
                raise
        except Unreachable:
            # A moment without network must not cost the person the code; the end bounds it.
            interval = min(2 * interval, LONGEST_INTERVAL)


def _expired(gateway: Gateway) -> SignetError:
    return SignetError(
        f"the code has expired before anybody agreed; run `signet-login {gateway.base}` again"
    )
