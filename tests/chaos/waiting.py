"""Polling with a deadline: what happens soon on an idle machine may take long on a busy one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 25.0
T = TypeVar("T")


def until(what: str, look: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The first true value of `look`. Raises AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what} (last: {found!r})")
        time.sleep(0.02)
