"""Steady POSTs while the origin closes idle connections after 5 s: none fails, none arrives twice.

Senders pause for just under, at and just over the limits in play (Signet lets go of an idle
connection after 4 s, the origins after 5 s), so that reuse races with the close again and again.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from stack import Stack

APPS = ("research", "sandbox")
PAUSES = (3.90, 3.99, 4.00, 4.02, 4.50, 4.95, 4.99, 5.00, 5.01, 5.05)


@dataclass
class Tally:
    sent: int = 0
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_step(self) -> int:
        with self.lock:
            self.sent += 1
            return self.sent


class Sender:
    """One keep-alive connection to Signet."""

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        self._prefix = parts.path
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=60)

    def call(self, method: str, what: str, body: dict[str, object] | None) -> dict[str, object]:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"} if data else {}
        path = f"{self._prefix}/api/2.0/mlflow/{what}"
        self._connection.request(method, path, body=data, headers=headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {answer.getheaders()} {text[:300]!r}")
        return json.loads(text)


def log_metrics(uri: str, run: str, tally: Tally, until: float, pauses: tuple[float, ...]) -> None:
    sender = Sender(uri)
    dice = random.Random(threading.current_thread().name)
    while time.monotonic() < until:
        step = tally.next_step()
        point = {"run_id": run, "key": "m", "value": step, "timestamp": step, "step": step}
        try:
            sender.call("POST", "runs/log-metric", point)
        except (OSError, http.client.HTTPException, RuntimeError) as error:
            with tally.lock:
                tally.failures.append(f"step {step}: {type(error).__name__} {error}")
            sender = Sender(uri)
        time.sleep(dice.choice(pauses))


@dataclass
class Steady:
    """What was sent to one app."""

    uri: str
    run: str
    tally: Tally
    threads: list[threading.Thread]


def begin(uri: str, app: str, until: float) -> Steady:
    setup = Sender(uri)
    experiment = setup.call("POST", "experiments/create", {"name": f"steady {app} {time.time()}"})
    run = setup.call("POST", "runs/create", {"experiment_id": experiment["experiment_id"]})
    run_id = run["run"]["info"]["run_id"]  # type: ignore[index]
    tally = Tally()
    kinds = [(0.05,)] * 2 + [PAUSES] * 12
    threads = [
        threading.Thread(
            target=log_metrics,
            args=(uri, run_id, tally, until, pauses),
            name=f"{app} sender {index}",
        )
        for index, pauses in enumerate(kinds)
    ]
    return Steady(uri, run_id, tally, threads)


@pytest.fixture(scope="module")
def posted(stack: Stack, long: bool) -> dict[str, Steady]:
    """By app. All are sent to at the same time."""
    until = time.monotonic() + seconds_of(long)
    begun = {app: begin(stack.gateway.tracking_uri(app), app, until) for app in APPS}
    before = stack.standin.counts()
    threads = [thread for steady in begun.values() for thread in steady.threads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = stack.standin.counts()
    assert after["refused"] == before["refused"]
    # Signet's own looks at the apps' health are among them.
    signed = after["signed"] - before["signed"]
    assert signed == after["received"] - before["received"]
    assert signed >= begun["research"].tally.sent
    return begun


@pytest.mark.parametrize("app", APPS)
def test_steady_posts(posted: dict[str, Steady], long: bool, app: str) -> None:
    steady = posted[app]
    assert steady.tally.failures == []
    assert steady.tally.sent > seconds_of(long) * 10
    # The first connection has idled too long by now.
    reached = steps_of(Sender(steady.uri), steady.run)
    assert reached == list(range(1, steady.tally.sent + 1))


def seconds_of(long: bool) -> int:
    return 600 if long else 30


def steps_of(sender: Sender, run_id: str) -> list[int]:
    """Every point that reached MLflow, duplicates included."""
    found: list[int] = []
    token = ""
    while True:
        what = f"metrics/get-history?run_id={run_id}&metric_key=m&max_results=1000"
        page = sender.call("GET", what + (f"&page_token={token}" if token else ""), None)
        found += [int(point["step"]) for point in page.get("metrics", [])]  # type: ignore[union-attr]
        token = str(page.get("next_page_token", ""))
        if not token:
            return sorted(found)
