"""A running gateway: its configuration, its signals, and what can be seen of it from outside."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import yaml

from child import Child
from ports import free_ports
from programs import environment, signet_binary
from waiting import PATIENCE, until
from wire import API, Answer, ask

REGION = "eu-west-1"
ACCOUNT = "123456789012"
SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
FINDINGS = re.compile(r"(Address|Thread|Leak)Sanitizer|runtime error:|fatal signal")
T = TypeVar("T")
GAUGES = (
    "signet_connections",
    "signet_exchanges",
    "signet_spool_bytes",
    "signet_origin_connections",
)


def plain_app(endpoint: str, name: str = "plain") -> dict[str, Any]:
    return {"name": name, "kind": "mlflow", "endpoint": endpoint}


def signed_app(endpoint: str, name: str = "signed", role: str = "") -> dict[str, Any]:
    """Without a role it signs with the keys of the environment."""
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/{name}"
    app = {"name": name, "kind": "sagemaker-tracking-server", "arn": arn, "endpoint": endpoint}
    return app | ({"role_arn": f"arn:aws:iam::{ACCOUNT}:role/{role}"} if role else {})


class Program(Child):
    """Runs no Python between fork and exec, unlike its base: these tests have threads."""

    def __init__(self, command: list[str | Path], log: Path, env: Mapping[str, str]) -> None:
        self.name = "signet"
        self.log = log
        self._log_start = 0
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(env),
                start_new_session=True,
            )


class Metrics:
    def __init__(self, text: str) -> None:
        self._samples = [
            (found[1], dict(LABEL.findall(found[2] or "")), float(found[3]))
            for line in text.splitlines()
            if not line.startswith("#") and (found := SAMPLE.fullmatch(line))
        ]
        assert self._samples, text

    def total(self, name: str, **labels: str) -> float:
        """The sum over all series of `name` that have these labels. There must be one."""
        found = [
            value
            for sample, has, value in self._samples
            if sample == name and labels.items() <= has.items()
        ]
        assert found, f"/metrics has no {name} with {labels}"
        return sum(found)


class Signet:
    """`config` is merged into the configuration, one level deep. `file_bytes` is the largest file
    that the process may write."""

    def __init__(
        self,
        folder: Path,
        apps: list[dict[str, Any]],
        *,
        config: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        file_bytes: int = 0,
    ) -> None:
        self.port, self.admin_port = free_ports(2)
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "signet.yaml"
        self.log = folder / "signet.log"
        self.document: dict[str, Any] = {
            "public_url": f"http://127.0.0.1:{self.port}",
            "listen": [{"address": f"127.0.0.1:{self.port}"}],
            "admin": {"address": f"127.0.0.1:{self.admin_port}"},
            "workers": 2,
            "apps": apps,
            "state": {"sqlite": str(folder / "state.db")},
            "spool": {"directory": str(folder / "spool")},
            "limits": {"connections": 4000, "connections_per_address": 4000},
            # Long enough for a busy machine, but idle connections to origins must go soon, since
            # every test waits for the end of all.
            "timeouts": {"origin_idle": "300ms"},
        }
        for key, value in (config or {}).items():
            merges = isinstance(value, Mapping) and key in self.document
            self.document[key] = self.document[key] | value if merges else value
        self.write()
        keys = {"AWS_ACCESS_KEY_ID": "AKIDCHAOS", "AWS_SECRET_ACCESS_KEY": "secret"}
        command: list[str | Path] = ["prlimit", f"--fsize={file_bytes}"] if file_bytes else []
        command += [signet_binary(), "serve", "--config", self.file]
        settings = environment(**keys, AWS_EC2_METADATA_DISABLED="true") | dict(env or {})
        self.child = Program(command, self.log, settings)
        self.child.wait_ready(f"http://127.0.0.1:{self.admin_port}/healthz", 60)
        # The probes of the apps, sent at the start, are over: what is open now stays open.
        until("no connection to an origin", lambda: not self.gauge("signet_origin_connections"))
        self.files_at_rest = self.open_files()

    def write(self) -> None:
        """Not in one step on purpose: replaced, so that no half file is ever read."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(yaml.safe_dump(self.document, sort_keys=False))
        fresh.replace(self.file)

    def ask(self, app: str, path: str = API, *args: Any, **options: Any) -> Answer:
        return ask(self.port, f"/apps/{app}{path}", *args, **options)

    def admin(self, path: str) -> Answer:
        return ask(self.admin_port, path)

    def metrics(self) -> Metrics:
        return Metrics(self.admin("/metrics").body.decode())

    def gauge(self, name: str, **labels: str) -> float:
        return self.metrics().total(name, **labels)

    def log_lines(self, event: str) -> list[dict[str, Any]]:
        lines = []
        # Reading all of a long log as JSON would take longer than most tests.
        text = self.log.read_text(errors="replace")
        for line in [line for line in text.splitlines() if event in line]:
            with contextlib.suppress(ValueError):
                read = json.loads(line)
                if isinstance(read, dict) and event in read.values():
                    lines.append(read)
        return lines

    def told(self, event: str) -> list[dict[str, Any]]:
        """The same, once there is one: the log is written on a thread of its own."""
        return until(f"a log line {event}", lambda: self.log_lines(event))

    def open_files(self) -> int:
        folder = f"/proc/{self.child.pid}/fd"
        try:
            return len(os.listdir(folder))  # noqa: PTH208
        except PermissionError:
            # The process is not dumpable: only root may look.
            listed = subprocess.run(
                ["sudo", "-n", "ls", folder], capture_output=True, text=True, check=True
            )
            return len(listed.stdout.split())

    def signal(self, number: signal.Signals) -> None:
        self.child.signal(number)

    def exit_code(self, seconds: float = PATIENCE) -> int | None:
        return self.child.wait(seconds)

    def answers_well(self, app: str) -> None:
        """Until a request of `app` is answered with 200."""
        until(f"{app} answers again", lambda: self.ask(app).status == 200)

    def comes_to_rest(self) -> None:
        """No connection, exchange or spooled byte is left, and no open file more than at first."""
        until("no more open files", lambda: self.open_files() <= self.files_at_rest)
        for name in GAUGES:
            until(f"{name} is 0", lambda name=name: self.gauge(name) == 0)

    def findings(self) -> list[str]:
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if FINDINGS.search(line)]

    def stop(self) -> None:
        """Ends it in good order, at once."""
        running = self.child.exit_code is None
        if running:
            self.signal(signal.SIGINT)
        code = self.exit_code()
        self.child.stop()
        assert code == 0, f"ended with {code}:\n{self.child.tail()}"
        assert not self.findings(), f"{self.log}:\n" + "\n".join(self.findings()[:5])


class Load:
    """Requests that never pause, on `lines` threads with kept connections, for as long as the
    `with` block runs. Every answer that is not a whole 200 is in `failures`."""

    def __init__(self, signet: Signet, app: str, lines: int = 4) -> None:
        self.answered = 0
        self.failures: list[str] = []
        self._signet, self._app = signet, app
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(lines)]

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._signet.port, timeout=PATIENCE)
        while not self._stop.is_set():
            try:
                connection.request("GET", f"/apps/{self._app}{API}")
                response = connection.getresponse()
                body = response.read()
                failure = "" if response.status == 200 else f"{response.status} {body!r}"
            except (OSError, http.client.HTTPException) as error:
                failure = repr(error)
                connection.close()
            with self._lock:
                self.answered += not failure
                if failure:
                    self.failures.append(failure)
            # A pause, or the load leaves the gateway no time of a busy machine.
            self._stop.wait(0.005)
        connection.close()

    def goes_on(self, requests: int = 20) -> None:
        """Until so many more were answered."""
        wanted = self.answered + requests
        until(
            f"{requests} more answers (failures: {self.failures[:3]})",
            lambda: self.answered >= wanted,
        )

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)


def in_threads(count: int, work: Callable[[int], T]) -> list[T]:
    """The results of work(0) … work(count - 1), run at the same time."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))
