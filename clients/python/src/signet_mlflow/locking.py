"""A lock between processes that its holder's death releases.

The lock is the operating system's on an open file, never the file's existence: a holder that is
killed leaves nothing stale behind, and lock files are therefore never removed.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import StoreError

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _give(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _give(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def held(path: Path, *, seconds: float) -> Iterator[None]:
    """Holds the lock of `path`, among threads as well: each opens the file for itself."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise StoreError(f"cannot open the lock {path}: {error.strerror}") from error
    try:
        _wait(descriptor, path, seconds)
        try:
            yield
        finally:
            _give(descriptor)  # A child that was forked meanwhile shares the open file.
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    try:
        while not _take(descriptor):
            if time.monotonic() >= until:
                raise StoreError(f"another process has held {path} for {seconds:.0f} seconds")
            time.sleep(random.uniform(0.01, 0.05))
    except OSError as error:
        raise StoreError(
            f"cannot lock {path}: {error.strerror}; SIGNET_CREDENTIALS can name a file elsewhere"
        ) from error
