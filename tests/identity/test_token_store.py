"""Tokens while the store cannot be read or written: who is known stays so, for a while."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from own_tokens import (
    ME,
    TOKENS,
    Made,
    Start,
    apps_of,
    begin,
    browser_of,
    change_store,
    config,
    listed,
    make,
    revoke,
    state_file,
)
from test_bearer import basic, bearer, check_unauthenticated
from test_tokens import SOON, is_known, seconds_until_unknown, well_formed, write

from hostile_provider import HostileProvider
from scripted_origin import Origin
from signet_process import Signet
from waiting import until
from wire import API, Answer, ask


@pytest.fixture
def troubled(start: Start, provider: HostileProvider, origin: Origin, tmp_path: Path) -> Signet:
    state = {"sqlite": str(tmp_path / "state.db"), "max_stale": "10m"}
    return begin(start, provider, origin, state=state)


def unavailable(page: Any) -> None:
    fields = page.headers if isinstance(page, Answer) else {k.lower(): v for k, v in page.fields}
    assert page.status == 503, page
    assert int(fields["retry-after"]) > 0
    assert json.loads(page.body)["error_code"] == "TEMPORARILY_UNAVAILABLE"


@pytest.mark.parametrize("how", ["gone", "spoilt"])
def test_a_store_that_cannot_be_read(troubled: Signet, provider: HostileProvider, how: str) -> None:
    signet, stranger = troubled, well_formed("q" * 43)
    browser = browser_of(signet, provider, "ed", "team-a")
    made, dead = make(browser), make(browser, "dead")
    revoke(browser, dead)
    seconds_until_unknown(signet, dead.secret)
    check_unauthenticated(signet.ask("plain", headers=bearer(stranger)))

    file = state_file(signet)
    aside = file.with_name("aside")
    if how == "gone":
        file.rename(aside)
    else:
        # A record that no version of the gateway could have written.
        assert change_store(file, "UPDATE tokens SET app_names = '7:'") == 2
    lost = bearer(stranger)
    until("it is noticed", lambda: signet.ask("plain", headers=lost).status == 503, SOON)
    for _ in range(4):
        unavailable(signet.ask("plain", headers=lost))
        assert signet.ask("plain", headers=lost).refusal == "overloaded"
        assert write(signet, made.secret).status == 200
        # What was known to have ended is not in doubt.
        check_unauthenticated(signet.ask("plain", headers=bearer(dead.secret)))
        check_unauthenticated(signet.ask("plain", headers=bearer(stranger[:-1] + "!")))
    assert browser.fetch(f"/apps/plain{API}").status == 200
    assert set(listed(browser)) == {made.id, dead.id}
    if how == "gone":
        unavailable(browser.fetch(TOKENS, "POST", {"title": "more"}))
        unavailable(revoke(browser, made))
        assert len(signet.told("token-made")) == 2
        aside.rename(file)
    else:
        assert change_store(file, "UPDATE tokens SET app_names = ''") == 2
    until("it is well again", lambda: signet.ask("plain", headers=lost).status == 401)
    assert is_known(signet, make(browser, "more").secret)
    assert revoke(browser, made).status == 204


def test_nobody_is_known_for_long_without_the_store(
    start: Start, provider: HostileProvider, origin: Origin, tmp_path: Path
) -> None:
    file = tmp_path / "state.db"
    state = {"sqlite": str(file), "max_stale": "4s"}
    signet = begin(start, provider, origin, state=state)
    browser = browser_of(signet, provider, "ed", "team-a")
    made = make(browser)
    file.rename(file.with_name("aside"))
    lost = bearer(well_formed("q" * 43))
    until("it is noticed", lambda: signet.ask("plain", headers=lost).status == 503)
    assert is_known(signet, made.secret)
    until("the time is over", lambda: not is_known(signet, made.secret), 10)
    unavailable(signet.ask("plain", headers=bearer(made.secret)))
    unavailable(browser.fetch(f"/apps/plain{API}"))
    unavailable(ask(signet.port, ME, headers=basic(made.secret)))
    file.with_name("aside").rename(file)
    until("it is well again", lambda: is_known(signet, made.secret))
    assert browser.fetch(f"/apps/plain{API}").status == 200


def limit_files(signet: Signet, size: int | str) -> None:
    """No file of the gateway may grow beyond so many bytes."""
    command = ["prlimit", "--pid", str(signet.child.pid), f"--fsize={size}:unlimited"]
    subprocess.run(command, check=True)


def test_a_full_disk(start: Start, provider: HostileProvider, origin: Origin) -> None:
    # The audit log is on another disk: where it cannot be written either, nothing is changed.
    document = config(provider) | {"log": {"audit": "/dev/null", "access": "off"}}
    signet = start(apps_of(origin), config=document)
    browser = browser_of(signet, provider, "ed", "team-a")
    made = [make(browser)]
    limit_files(signet, 300_000)
    for number in range(48):
        full = browser.fetch(TOKENS, "POST", {"title": f"token {number}"})
        if full.status != 201:
            break
        made.append(Made(full.json()["token"]["id"], full.json()["secret"], {}))
    unavailable(full)
    assert len(made) > 5
    why = {line["why"] for line in signet.told("request-refused")}
    assert any("to add a token: " in each for each in why), why
    unavailable(revoke(browser, made[0]))
    for _ in range(3):
        assert all(is_known(signet, each.secret) for each in made)
        assert set(listed(browser)) == {each.id for each in made}
        # It can be read, so what is not in it is not known.
        check_unauthenticated(signet.ask("plain", headers=bearer(well_formed("q" * 43))))
    limit_files(signet, "unlimited")
    assert revoke(browser, made[0]).status == 204
    assert seconds_until_unknown(signet, made[0].secret) < SOON
    assert is_known(signet, make(browser, "there is room").secret)


def test_nothing_is_made_that_cannot_be_recorded(
    start: Start, provider: HostileProvider, origin: Origin, tmp_path: Path
) -> None:
    audit = tmp_path / "audit.log"
    # Longer than the store's file, which is to go on growing.
    audit.write_bytes(bytes(4 << 20))
    document = config(provider) | {"log": {"audit": str(audit)}}
    signet = start(apps_of(origin), config=document)
    browser = browser_of(signet, provider, "ed", "team-a")
    made = make(browser)
    until("it is written down", lambda: made.id in audit.read_text())
    limit_files(signet, audit.stat().st_size)
    # The first is taken before anybody knows that the disk is full; its line waits.
    until("none is made", lambda: browser.fetch(TOKENS, "POST", {"title": "x"}).status == 503)
    known = set(listed(browser))
    for page in (browser.fetch(TOKENS, "POST", {"title": "x"}), revoke(browser, made)):
        assert (page.status, page.field("x-signet-refusal")) == (503, "cannot-audit")
    assert set(listed(browser)) == known
    assert is_known(signet, made.secret)
    limit_files(signet, "unlimited")
    until("there is room", lambda: revoke(browser, made).status == 204)
