"""The access log: one line of JSON for each request, with what it moved and nothing secret."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from scripted_origin import WORD, Origin
from signet_process import Signet, plain_app, signed_app
from waiting import until
from wire import API, ARTIFACT

Start = Callable[..., Signet]
BODY = bytes(300 * 1024)
BODIES = {"none": None, "counted": BODY, "chunked": [BODY[:100_000], BODY[100_000:]]}


@pytest.mark.parametrize("app", ["plain", "signed"])
@pytest.mark.parametrize("shape", BODIES)
def test_a_line_says_what_was_moved(start: Start, origin: Origin, app: str, shape: str) -> None:
    signet = start([plain_app(origin.url), signed_app(origin.url)])
    body = BODIES[shape]
    path, method = (API, "GET") if body is None else (ARTIFACT, "PUT")
    answer = signet.ask(app, path, method, body)
    assert answer.status == 200
    (line,) = signet.told(answer.headers["x-request-id"])
    assert (line["app"], line["method"], line["status"]) == (app, method, 200)
    assert line["path"] == f"/apps/{app}{path.partition('?')[0]}"
    assert line["bytes_in"] == (0 if body is None else len(BODY))
    assert line["bytes_out"] == len(WORD)
    assert (line["who"], line["client"], line["refusal"]) == ("anonymous", "127.0.0.1", "")
    assert line["total_us"] >= line["origin_us"] > 0
    assert (line["sign_us"] > 0) == (app == "signed")
    moved = signet.metrics()
    assert moved.total("signet_received_bytes_total", app=app) == line["bytes_in"]
    assert moved.total("signet_sent_bytes_total", app=app) == line["bytes_out"]


def test_a_log_that_cannot_be_written(start: Start, origin: Origin, tmp_path: Path) -> None:
    """Nobody waits for it; what is lost is counted, and told once."""
    log = tmp_path / "access.log"
    log.symlink_to("/dev/full")
    signet = start([plain_app(origin.url)], config={"log": {"access": str(log)}})
    for _ in range(20):
        assert signet.ask("plain").status == 200
    until("all are counted", lambda: signet.gauge("signet_log_lines_lost_total") == 20)
    (told,) = signet.told("log-file-failing")
    assert (told["file"], told["why"]) == (str(log), "No space left on device")
    log.unlink()
    signet.signal(signal.SIGHUP)
    until("the file is there", log.exists)
    answer = signet.ask("plain")
    until("a line", lambda: answer.headers["x-request-id"] in log.read_text())
    assert signet.told("log-file-recovered")[0]["lost"] == 20


@pytest.mark.parametrize("stays", [False, True], ids=["made anew", "something else is there"])
def test_a_log_folder_that_went(start: Start, origin: Origin, tmp_path: Path, stays: bool) -> None:
    folder, moved = tmp_path / "logs", tmp_path / "moved"
    signet = start([plain_app(origin.url)], config={"log": {"access": str(folder / "a.log")}})
    folder.rename(moved)
    if stays:
        folder.touch()
    signet.signal(signal.SIGHUP)
    if stays:
        why = signet.told("log-file-failing")[0]["why"]
        assert why == "cannot be opened anew: Not a directory"
    else:
        until("the file is there", (folder / "a.log").exists)
    answer = signet.ask("plain")
    now = (moved if stays else folder) / "a.log"
    until("a line", lambda: answer.headers["x-request-id"] in now.read_text())


def test_a_line_tells_no_secret(start: Start, origin: Origin) -> None:
    signet = start([plain_app(origin.url)])
    secrets = {"Authorization": "Bearer hush-1", "Cookie": "session=hush-2", "X-Token": "hush-3"}
    path = "/api/2.0/mlflow/experiments/search?max_results=1&token=hush-4&experiment_id=7"
    answer = signet.ask("plain", path, headers=secrets)
    assert answer.status == 200
    assert signet.told(answer.headers["x-request-id"])
    assert "hush" not in signet.log.read_text()
