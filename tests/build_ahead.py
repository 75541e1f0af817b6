"""Builds what later steps will need while others wait for browsers and servers."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class BuildAhead:
    """Takes only what nobody else wants of the processors. A build that fails or is left unfinished
    is made, and told of, by the step that needs it."""

    def __init__(
        self, plan: Iterable[tuple[str, list[str]]], environment: dict[str, str], log: Path
    ) -> None:
        self.plan = list(plan)
        self.environment = environment
        self.log = log
        self.lock = threading.Lock()
        self.building: tuple[str, subprocess.Popen[bytes]] | None = None
        self.left: set[str] = set()

    def start(self) -> None:
        self.log.unlink(missing_ok=True)
        threading.Thread(target=self._work, daemon=True).start()

    def leave(self, preset: str) -> None:
        """From now on the folder of `preset` belongs to the caller."""
        with self.lock:
            self.left.add(preset)
            building = self.building
        if building and building[0] == preset:
            building[1].send_signal(signal.SIGINT)
            building[1].wait()

    def stop(self) -> None:
        for preset, _ in self.plan:
            self.leave(preset)

    def _work(self) -> None:
        for preset, targets in self.plan:
            configure = ["cmake", "--preset", preset]
            for command in (configure, ["ninja", "-C", f"build/{preset}", *targets]):
                if self._run(preset, command):
                    break

    def _run(self, preset: str, command: list[str]) -> int:
        with self.log.open("ab") as log:
            with self.lock:
                if preset in self.left:
                    return 1
                process = subprocess.Popen(
                    ["nice", "-n", "19", *command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=ROOT,
                    env=self.environment,
                )
                self.building = preset, process
            code = process.wait()
        with self.lock:
            self.building = None
        return code
