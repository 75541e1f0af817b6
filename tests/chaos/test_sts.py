"""STS slow, down, throttling or answering garbage; keys that end under load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fake_sts import FakeSts
from scripted_origin import Origin
from signet_process import Load, Signet, in_threads, signed_app
from waiting import until
from wire import Answer

Start = Callable[..., Signet]

# Of keys, in seconds. They are renewed in the last quarter, and used until a second or two before
# their end: with less, the rounding to whole seconds would leave nothing between the two.
LIFETIME = 12

# What STS does, and the cause that the log names.
TROUBLES = {
    "hang": "timed_out",
    "close": "unreachable",
    "not-http": "bad_answer",
    "error-500": "server_error",
    "plain-503": "server_error",
    "throttling": "throttled",
    "denied": "access_denied",
    "error-in-200": "access_denied",
    "garbage": "bad_answer",
    "half": "bad_answer",
    "empty": "bad_answer",
    "huge": "bad_answer",
    "past": "bad_answer",
}


@dataclass
class Story:
    """One role's: while STS misbehaved, and after it was healed."""

    answer: Answer
    failed: float
    causes: set[str] = field(default_factory=set)
    ready: Answer = field(default_factory=Answer)
    recovered: bool = False


@pytest.fixture(scope="module")
def stories(out: Path) -> Iterator[dict[str, Story]]:
    """All troubles at the same time, each with a role of its own: back-off takes its time, and no
    trouble may disturb another app."""
    sts, origin = FakeSts(), Origin()
    apps = [signed_app(origin.url, name=mode, role=mode) for mode in TROUBLES]
    signet = Signet(
        out / "chaos_sts",
        apps,
        config={"timeouts": {"credentials": "2s", "origin_idle": "300ms"}},
        env={"AWS_ENDPOINT_URL_STS": sts.url},
    )
    try:
        modes = list(TROUBLES)
        told: dict[str, Story] = {}
        answers = in_threads(len(modes), lambda i: signet.ask(modes[i]))
        lines = until(
            "a log line for every role",
            lambda: (
                len({line["keys"] for line in signet.log_lines("credentials-refresh-failed")})
                >= len(modes)
                and signet.log_lines("credentials-refresh-failed")
            ),
        )
        ready = signet.admin("/readyz")
        for mode, answer in zip(modes, answers, strict=True):
            failed = signet.gauge("signet_credential_refreshes_total", app=mode, outcome="failed")
            told[mode] = Story(answer, failed, ready=ready)
            told[mode].causes = {line["cause"] for line in lines if f"role/{mode}" in line["why"]}
        assert not origin.requests, "something was forwarded unsigned"
        sts.heal()
        for mode in modes:
            signet.answers_well(mode)
            told[mode].recovered = True
        until("ready", lambda: signet.admin("/readyz").status == 200)
        signet.comes_to_rest()
        yield told
        signet.stop()
    finally:
        signet.child.stop()
        sts.close()
        origin.refuse()


@pytest.mark.parametrize("mode", TROUBLES)
def test_a_troubled_sts_is_told_and_outlived(stories: dict[str, Story], mode: str) -> None:
    story = stories[mode]
    assert (story.answer.status, story.answer.refusal) == (503, "cannot-sign")
    assert int(story.answer.retry_after) > 0
    assert b"TEMPORARILY_UNAVAILABLE" in story.answer.body
    assert story.causes == {TROUBLES[mode]}
    assert story.failed >= 1
    assert story.ready.status == 503
    assert f"role/{mode}".encode() in story.ready.body
    assert story.recovered


def test_a_slow_sts_makes_requests_wait(start: Start, sts: FakeSts, origin: Origin) -> None:
    apps = [signed_app(origin.url, role="slow")]
    signet = start(apps, env={"AWS_ENDPOINT_URL_STS": sts.url})
    answers = in_threads(20, lambda _: signet.ask("signed"))
    assert [answer.status for answer in answers] == [200] * 20
    assert sts.calls["slow"] == 1, "every waiting request asked STS"


def test_an_sts_that_is_down_and_comes_up(start: Start, origin: Origin) -> None:
    sts = FakeSts(listen=False)
    signet = start([signed_app(origin.url, role="role")], env={"AWS_ENDPOINT_URL_STS": sts.url})
    answer = signet.ask("signed")
    assert (answer.status, answer.refusal) == (503, "cannot-sign")
    assert {line["cause"] for line in signet.told("credentials-refresh-failed")} == {"unreachable"}
    try:
        sts.listen()
        signet.answers_well("signed")
    finally:
        sts.close()


def test_short_lived_keys_are_renewed_under_load(
    start: Start, sts: FakeSts, origin: Origin
) -> None:
    sts.lifetime = LIFETIME
    signet = start([signed_app(origin.url, role="role")], env={"AWS_ENDPOINT_URL_STS": sts.url})
    with Load(signet, "signed") as load:
        until("new keys", lambda: len(sts.issued) >= 2)
        until("they sign", lambda: origin.requests[-1].key_id == sts.issued[1])
        load.goes_on()
    assert load.failures == []
    used = {request.key_id for request in origin.requests}
    assert set(sts.issued[:2]) <= used <= set(sts.issued)
    metrics = signet.metrics()
    assert metrics.total("signet_credential_refreshes_total", app="signed", outcome="failed") == 0
    assert metrics.total("signet_credential_refreshes_total", app="signed", outcome="ok") >= 2


def test_keys_that_cannot_be_renewed_serve_until_they_end(
    start: Start, sts: FakeSts, origin: Origin
) -> None:
    sts.lifetime = LIFETIME
    signet = start([signed_app(origin.url, role="role")], env={"AWS_ENDPOINT_URL_STS": sts.url})
    signet.answers_well("signed")
    sts.mode = "throttling"

    def failed() -> float:
        return signet.gauge("signet_credential_refreshes_total", app="signed", outcome="failed")

    with Load(signet, "signed", lines=2) as load:
        until("a failed renewal", failed)
        assert load.failures == [], "the old keys were not used to their end"
        assert signet.told("credentials-refresh-failed")[0]["old_keys_still_serve"] is True
        until("the keys have ended", lambda: load.failures)
        answer = signet.ask("signed")
        assert (answer.status, answer.refusal) == (503, "cannot-sign")
        assert int(answer.retry_after) > 0
        before = failed()
        until("further attempts", lambda: failed() > before)
        until("not ready", lambda: signet.admin("/readyz").status == 503)
        assert {line["cause"] for line in signet.told("credentials-refresh-failed")} == {
            "throttled"
        }
        sts.lifetime = 3600
        sts.heal()
        signet.answers_well("signed")
        load.goes_on()
    assert all(failure.startswith("503") for failure in load.failures)
    until("ready", lambda: signet.admin("/readyz").status == 200)
