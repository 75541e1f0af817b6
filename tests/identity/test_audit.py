"""Who did what, by which right: a line for every write and every refusal, and none is lost."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from test_bearer import EXPERIMENT_DELETE, RUNS_CREATE, bearer, claims, config, token

from hostile_provider import HostileProvider
from scripted_origin import Origin
from signet_process import Signet, in_threads, plain_app, signed_app
from waiting import until
from wire import API, Answer

Start = Callable[..., Signet]


def begin(start: Start, origin: Origin, provider: HostileProvider, audit: Path) -> Signet:
    apps = [plain_app(origin.url), signed_app(origin.url)]
    signet = start(apps, config=config(provider) | {"log": {"audit": str(audit)}})
    until("known", lambda: signet.ask("plain", headers=bearer(token(provider))).status == 200)
    return signet


def lines(audit: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in audit.read_text().splitlines()]


def line_of(audit: Path, answer: Answer) -> dict[str, Any]:
    wanted = answer.headers["x-request-id"]
    found = until(
        "the audit line",
        lambda: [line for line in lines(audit) if line["request_id"] == wanted],
    )
    (line,) = found
    return line


def test_writes_and_refusals(
    start: Start, origin: Origin, provider: HostileProvider, tmp_path: Path
) -> None:
    audit = tmp_path / "audit.log"
    signet = begin(start, origin, provider, audit)
    editor = bearer(token(provider, groups=["team-a"], sub="Ed@example.com"))
    editor["Content-Type"] = "application/json"

    done = line_of(audit, signet.ask("plain", RUNS_CREATE, "POST", b"{}", editor))
    assert done.pop("time").endswith("Z")
    done.pop("request_id")
    assert done == {
        "log": "audit",
        "event": "write",
        "person": "ed@example.com",
        "means": "bearer",
        "app": "plain",
        "operation": "createRun",
        "class": "write",
        "method": "POST",
        "path": f"/apps/plain{RUNS_CREATE}",
        "rule": "access.rules[1]",
        "refusal": "",
        "client": "127.0.0.1",
        "status": 200,
    }
    refused = line_of(audit, signet.ask("plain", EXPERIMENT_DELETE, "POST", b"{}", editor))
    assert (refused["event"], refused["status"], refused["refusal"]) == (
        "refusal",
        403,
        "forbidden",
    )
    assert (refused["person"], refused["operation"]) == ("ed@example.com", "deleteExperiment")
    nobody = line_of(audit, signet.ask("plain", RUNS_CREATE, "POST", b"{}"))
    assert (nobody["event"], nobody["status"], nobody["person"]) == ("refusal", 401, "")
    unknown = line_of(audit, signet.ask("plain", "/nothing", headers=editor))
    assert (unknown["refusal"], unknown["status"]) == ("unknown-route", 403)
    admin = bearer(token(provider, groups=["ml-platform"]))
    by_right = line_of(audit, signet.ask("plain", EXPERIMENT_DELETE, "POST", b"{}", admin))
    assert (by_right["event"], by_right["rule"], by_right["class"]) == ("write", "admin", "delete")

    before = len(lines(audit))
    reads = [signet.ask("plain", API, headers=editor) for _ in range(5)]
    assert [answer.status for answer in reads] == [200] * 5
    line_of(audit, signet.ask("plain", RUNS_CREATE, "POST", b"{}", editor))
    assert len(lines(audit)) == before + 1, "reads leave no line"
    assert signet.gauge("signet_audit_refusals_dropped_total") == 0


def test_a_write_that_fails_has_a_line_too(
    start: Start, origin: Origin, provider: HostileProvider, tmp_path: Path
) -> None:
    audit = tmp_path / "audit.log"
    signet = begin(start, origin, provider, audit)
    editor = bearer(token(provider, groups=["team-a"]))
    origin.behaviour = lambda request: False
    answer = signet.ask("plain", RUNS_CREATE, "POST", b"{}", editor)
    line = line_of(audit, answer)
    assert (line["event"], line["status"], line["refusal"]) == ("write", 502, "origin-lost")


def test_nothing_is_changed_that_cannot_be_recorded(
    start: Start, origin: Origin, provider: HostileProvider, tmp_path: Path
) -> None:
    audit = tmp_path / "audit.log"
    audit.symlink_to("/dev/full")
    signet = begin(start, origin, provider, audit)
    editor = bearer(token(provider, groups=["team-a"]))

    def status(path: str, method: str = "GET") -> tuple[int, str]:
        answer = signet.ask("plain", path, method, None if method == "GET" else b"{}", editor)
        return answer.status, answer.refusal

    # The first is taken before anybody knows that the disk is full; its line waits.
    until("writes are refused", lambda: status(RUNS_CREATE, "POST") == (503, "cannot-audit"))
    arrived = len(origin.requests)
    for _ in range(5):
        answer = signet.ask("plain", RUNS_CREATE, "POST", b"{}", editor)
        assert (answer.status, answer.refusal, answer.retry_after) == (503, "cannot-audit", "5")
    assert len(origin.requests) == arrived
    assert status(API) == (200, ""), "reads go on"
    (told,) = signet.told("log-file-failing")
    assert told["why"] == "No space left on device"
    written = [request for request in origin.requests if request.target == RUNS_CREATE]

    audit.unlink()
    signet.signal(signal.SIGHUP)
    until("writes are taken again", lambda: status(RUNS_CREATE, "POST")[0] == 200)
    kept = [line for line in lines(audit) if line["event"] == "write" and line["status"] == 200]
    assert len(kept) >= len(written), "a line that waited for the disk is there"


def test_many_at_once(
    start: Start, origin: Origin, provider: HostileProvider, tmp_path: Path
) -> None:
    """Each write has its line."""
    audit = tmp_path / "audit.log"
    signet = begin(start, origin, provider, audit)
    editor = bearer(token(provider, groups=["team-a"]))

    def write(_: int) -> list[str]:
        answers = [signet.ask("plain", RUNS_CREATE, "POST", b"{}", editor) for _ in range(25)]
        assert {answer.status for answer in answers} == {200}
        return [answer.headers["x-request-id"] for answer in answers]

    ids = [request for each in in_threads(8, write) for request in each]
    assert len(set(ids)) == 200
    until(
        "all are there",
        lambda: set(ids) <= {line["request_id"] for line in lines(audit)},
    )


def test_secrets_stay_out(
    start: Start, origin: Origin, provider: HostileProvider, tmp_path: Path
) -> None:
    audit = tmp_path / "audit.log"
    signet = begin(start, origin, provider, audit)
    good, bad = token(provider, groups=["team-a"]), "hush-bad-token"
    for text in (good, bad):
        path = f"{RUNS_CREATE}?token=hush-query&experiment_id=7"
        answer = signet.ask("plain", path, "POST", b'{"hush": "body"}', bearer(text))
        assert "experiment_id=7" in line_of(audit, answer)["path"]
    assert "hush" not in audit.read_text()
    assert good.split(".")[2] not in audit.read_text()
    assert claims(provider)["sub"] in audit.read_text()
