"""Free loopback ports."""

from __future__ import annotations

import random
import socket

# Below Linux's ephemeral range (32768…), so that no outgoing connection takes a port between our
# look and the child's bind.
LOWEST, HIGHEST = 20000, 32000


def free_ports(count: int) -> list[int]:
    """Returns `count` different ports of 127.0.0.1 that nobody listens on."""
    found: list[int] = []
    for port in random.sample(range(LOWEST, HIGHEST), HIGHEST - LOWEST):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    if len(found) < count:
        raise RuntimeError(f"no {count} free ports between {LOWEST} and {HIGHEST}")
    return found


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
