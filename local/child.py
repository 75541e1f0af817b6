"""A program that the local stack runs: its process group, its log, how to see that it is ready."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class ChildDied(RuntimeError):
    pass


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """Starts at once, in a session of its own. Call from the main thread: the kernel ends the
    child when the thread that started it ends, so that a killed parent leaves nothing behind."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log_start = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=folder,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def tail(self, lines: int = 25) -> str:
        with self.log.open("rb") as text:
            text.seek(self._log_start)
            return "\n".join(text.read().decode(errors="replace").splitlines()[-lines:])

    def wait_ready(self, url: str, seconds: float) -> None:
        """Until `url` answers 2xx. Raises ChildDied when the child ends or the time is over."""
        until = time.monotonic() + seconds
        while True:
            if self.exit_code is not None:
                raise ChildDied(f"{self.name} ended with {self.exit_code}:\n{self.tail()}")
            if answers(url):
                return
            if time.monotonic() > until:
                message = f"{self.name} did not answer {url} within {seconds:.0f} s"
                raise ChildDied(f"{message}:\n{self.tail()}")
            time.sleep(0.1)

    def signal(self, number: signal.Signals) -> None:
        """To the child itself, not to its group."""
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int | None:
        """The exit code, or nothing when it still runs after `seconds`."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        self._kill_group(signal.SIGTERM)

    def stop(self, seconds: float = 10) -> int | None:
        """SIGTERM to the group, SIGKILL to what is left after `seconds`. Returns the exit code."""
        if self._process.poll() is None:
            self.terminate()
            self.wait(seconds)
        self._kill_group(signal.SIGKILL)
        return self._process.wait()

    def _kill_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return 200 <= answer.status < 300
    except (urllib.error.URLError, OSError, ValueError):
        return False
