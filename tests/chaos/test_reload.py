"""SIGHUP: good and bad configurations, under load, one after another and many at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fake_sts import FakeSts, self_signed
from scripted_origin import Origin, Request, well
from signet_process import Load, Signet, plain_app, signed_app
from waiting import until
from wire import API, Line

Start = Callable[..., Signet]


def reloads(signet: Signet, outcome: str) -> float:
    return signet.gauge("signet_reloads_total", outcome=outcome)


def reload(signet: Signet, outcome: str = "ok") -> None:
    before = reloads(signet, outcome)
    signet.write()
    signet.signal(signal.SIGHUP)
    until(f"a reload is {outcome}", lambda: reloads(signet, outcome) == before + 1)


def test_good_configurations_under_load(start: Start, origin: Origin) -> None:
    apps = [plain_app(origin.url), signed_app(origin.url)]
    signet = start(apps)
    with Load(signet, "plain") as plain, Load(signet, "signed") as signed:
        for i in range(8):
            signet.document["apps"] = [*apps, plain_app(origin.url, name=f"new-{i}")]
            reload(signet)
            assert signet.ask(f"new-{i}").status == 200
            if i > 0:
                assert signet.ask(f"new-{i - 1}").status == 404
            plain.goes_on(5)
            signed.goes_on(5)
    assert plain.failures == [] and signed.failures == []
    assert reloads(signet, "refused") == 0


def set_key(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update({key: value})


BAD: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "an unknown key": (set_key("lissten", []), "lissten"),
    "no apps": (set_key("apps", []), "apps"),
    "a key of a later version": (set_key("discover", []), "not supported"),
    "another listener": (set_key("listen", [{"address": "127.0.0.1:1"}]), "needs a restart"),
    "other workers": (set_key("workers", 1), "needs a restart"),
    "another admin": (set_key("admin", {"address": "127.0.0.1:1"}), "needs a restart"),
    "another spool": (set_key("spool", {"bytes": "1MiB"}), "spool changed, which needs a restart"),
    "another log": (set_key("log", {"access": "off"}), "log.access changed, which needs a restart"),
    "another log format": (set_key("log", {"format": "text"}), "log.format changed"),
    "a public listener": (set_key("listen", [{"address": "0.0.0.0:1"}]), "from elsewhere"),
    "a spool on a tmpfs": (set_key("spool", {"directory": "/dev/shm/spool"}), "tmpfs"),
    "a missing certificate": (set_key("outbound", {"ca": "/nowhere/ca.pem"}), "/nowhere/ca.pem"),
}


def test_bad_configurations_under_load(start: Start, origin: Origin) -> None:
    signet = start([plain_app(origin.url)])
    good = dict(signet.document)
    with Load(signet, "plain") as load:
        for what, (spoil, why) in BAD.items():
            signet.document = dict(good, apps=[plain_app(origin.url, name="other")])
            spoil(signet.document)
            lines = len(signet.log_lines("reload-refused"))
            reload(signet, "refused")
            until(
                f"the log says why {what} was refused",
                lambda lines=lines, why=why: any(
                    why in line["why"] for line in signet.log_lines("reload-refused")[lines:]
                ),
            )
            assert signet.ask("other").status == 404, f"{what}: taken all the same"
        signet.file.write_text("apps: [{")
        signet.signal(signal.SIGHUP)
        until("refused", lambda: reloads(signet, "refused") == len(BAD) + 1)
        signet.file.unlink()
        signet.signal(signal.SIGHUP)
        until("refused", lambda: reloads(signet, "refused") == len(BAD) + 2)
        load.goes_on()
        signet.document = good
        reload(signet)
    assert load.failures == []
    assert reloads(signet, "ok") == 1


def test_a_storm_of_hangups(start: Start, origin: Origin) -> None:
    apps = [plain_app(origin.url), signed_app(origin.url)]
    signet = start(apps)
    with Load(signet, "plain") as plain, Load(signet, "signed") as signed:
        for i in range(500):
            if i % 50 == 0:
                signet.document["apps"] = [*apps, plain_app(origin.url, name=f"new-{i}")]
                signet.write()
            signet.signal(signal.SIGHUP)
        # Signals that come while one waits are one signal, but the last is never lost.
        until("the last is taken", lambda: signet.ask("new-450").status == 200)
        plain.goes_on(5)
        signed.goes_on(5)
    assert plain.failures == [] and signed.failures == []
    assert reloads(signet, "refused") == 0
    assert not signet.log_lines("reload-refused")


def test_a_running_exchange_keeps_its_origin(start: Start, origin: Origin) -> None:
    other = Origin()
    signet = start([plain_app(origin.url)])
    go_on = threading.Event()

    def when_told(request: Request) -> bool:
        go_on.wait(60)
        request.conversation.answer(b"old")
        return True

    origin.behaviour = when_told
    try:
        with Line(signet.port) as line:
            line.head("GET", f"/apps/plain{API}")
            until("the request is at the old origin", lambda: origin.requests)
            signet.document["apps"] = [plain_app(other.url)]
            for _ in range(3):
                reload(signet)
            assert signet.ask("plain").status == 200
            assert len(other.requests) == 1 and len(origin.requests) == 1
            go_on.set()
            assert line.answer().body == b"old"
            # The same connection now meets the new configuration.
            line.head("GET", f"/apps/plain{API}")
            assert line.answer().status == 200
        assert len(other.requests) == 2
        until("no connection to the old origin", lambda: origin.open == 0)
        signet.comes_to_rest()
    finally:
        other.refuse()


def test_metrics_of_keys_do_not_grow_with_reloads(
    start: Start, sts: FakeSts, origin: Origin
) -> None:
    sts.mode = "throttling"
    signet = start([signed_app(origin.url, role="role")], env={"AWS_ENDPOINT_URL_STS": sts.url})
    for _ in range(4):
        reload(signet)

    def failed() -> float:
        return signet.gauge("signet_credential_refreshes_total", app="signed", outcome="failed")

    until("attempts after the reloads", lambda: sts.calls["role"] >= 3)
    until("each is counted once", lambda: failed() == sts.calls["role"], 5)


def test_what_sts_is_trusted_by_may_change(start: Start, origin: Origin, tmp_path: Path) -> None:
    """Without a restart, also for keys that were refused before."""
    certificate = self_signed(tmp_path)
    sts = FakeSts(certificate=certificate)
    try:
        signet = start([signed_app(origin.url, role="role")], env={"AWS_ENDPOINT_URL_STS": sts.url})
        answer = signet.ask("signed")
        assert (answer.status, answer.refusal) == (503, "cannot-sign")
        signet.document["outbound"] = {"ca": str(certificate)}
        reload(signet)
        signet.answers_well("signed")
        del signet.document["outbound"]
        reload(signet)
        # Of another session: what was trusted before is not trusted for it.
        signet.document["apps"] = [signed_app(origin.url, role="other")]
        reload(signet)
        until("refused", lambda: signet.ask("signed").refusal == "cannot-sign")
        assert sts.calls["other"] == 0
    finally:
        sts.close()


def test_apps_that_went_are_forgotten(start: Start, sts: FakeSts, origin: Origin) -> None:
    """Neither their keys nor readiness care for them any more."""
    sts.mode = "throttling"
    plain = plain_app(origin.url)
    signet = start(
        [plain, signed_app(origin.url, role="role")], env={"AWS_ENDPOINT_URL_STS": sts.url}
    )
    until("not ready", lambda: signet.admin("/readyz").status == 503)
    signet.document["apps"] = [plain]
    reload(signet)
    until("ready", lambda: signet.admin("/readyz").status == 200)


@pytest.mark.parametrize("kind", ["plain", "signed"])
def test_connections_to_old_origins_are_not_counted_for_ever(
    start: Start, origin: Origin, kind: str
) -> None:
    app = plain_app(origin.url) if kind == "plain" else signed_app(origin.url)
    # Idle connections stay until the reload ends them.
    signet = start([app], config={"timeouts": {"origin_idle": "1m"}})
    origin.behaviour = well
    assert signet.ask(kind).status == 200
    until("counted", lambda: signet.gauge("signet_origin_connections", app=kind) >= 1)
    signet.document["apps"] = [plain_app(origin.url, name="other")]
    reload(signet)
    until("none is counted", lambda: signet.gauge("signet_origin_connections", app=kind) == 0)
    signet.document["timeouts"] = {"origin_idle": "300ms"}
    reload(signet)
