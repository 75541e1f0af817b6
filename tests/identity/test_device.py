"""signet-login, the browser that agrees, and the mlflow client that goes by it afterwards."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from own_tokens import (
    TOKENS,
    Start,
    begin,
    browser_of,
    change_store,
    listed,
    make,
    state_file,
)
from test_bearer import bearer
from web_browser import Page, WebBrowser

from hostile_provider import HostileProvider
from programs import environment
from scripted_origin import Origin
from signet_process import Signet, in_threads
from waiting import PATIENCE, until
from wire import Answer, ask

DEVICE = "/signet/api/v1/device"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
CODE = re.compile(r"^ +([B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4})$", re.MULTILINE)
LOOK = "import mlflow; print(len(mlflow.search_experiments()), 'experiments')"
# The same without mlflow, which takes seconds to begin.
ASK = """
import requests, signet_mlflow, sys
path = "/apps/plain/api/2.0/mlflow/experiments/search?max_results=1"
print(requests.get(sys.argv[1] + path, auth=signet_mlflow.SignetAuth(), timeout=60).status_code)
"""
ELSEWHERE = {
    "access_token": "theirs",
    "obtained_at": 1.0,
    "expires_at": 2e9,
    "refresh_token": "theirs-too",
}


class Laptop:
    """Somebody's machine: the installed client, and the file with the credentials."""

    def __init__(self, client: Path, folder: Path, url: str) -> None:
        self.url = url
        self.file = folder / "credentials.json"
        self._client = client
        self._env = environment(
            SIGNET_CREDENTIALS=str(self.file),
            HOME=str(folder),
            MLFLOW_TRACKING_AUTH="signet",
            MLFLOW_DISABLE_TELEMETRY="true",
        )
        # A sign-in at another gateway, of some other day.
        self.file.write_text(
            json.dumps({"version": 1, "gateways": {"https://else.example": ELSEWHERE}})
        )
        self.file.chmod(0o600)

    def log_in(self) -> Login:
        return Login([self._client / "bin/signet-login", self.url, "--no-browser"], self._env)

    def python(self, code: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._client / "bin/python", "-c", code, *words],
            env=self._env | env,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def mlflow(self, uri: str = "") -> subprocess.CompletedProcess[str]:
        return self.python(LOOK, MLFLOW_TRACKING_URI=uri or f"{self.url}/apps/plain")

    def asks(self) -> str:
        """The status of a request with the sign-in."""
        done = self.python(ASK, self.url)
        return done.stdout.strip() or done.stderr

    @property
    def kept(self) -> dict[str, Any]:
        gateways = json.loads(self.file.read_text())["gateways"]
        assert gateways["https://else.example"] == ELSEWHERE
        return dict(gateways.get(self.url, {}))

    def change(self, **changed: Any) -> None:
        whole = json.loads(self.file.read_text())
        whole["gateways"][self.url].update(changed)
        self.file.write_text(json.dumps(whole))


class Login:
    """A signet-login that waits for somebody."""

    def __init__(self, command: list[Any], env: dict[str, str]) -> None:
        self._said = b""
        self._process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE)
        assert self._process.stderr is not None
        os.set_blocking(self._process.stderr.fileno(), False)
        self.began = time.monotonic()
        self.code = until("a code", lambda: CODE.search(self.said))[1]

    @property
    def said(self) -> str:
        assert self._process.stderr is not None
        self._said += self._process.stderr.read() or b""
        return self._said.decode()

    def end(self, seconds: float = PATIENCE) -> tuple[int, str]:
        """Exit code and all that it said."""
        code = self._process.wait(seconds)
        return code, self.said

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def signet(start: Start, provider: HostileProvider, origin: Origin) -> Signet:
    return begin(start, provider, origin)


@pytest.fixture
def browser(signet: Signet, provider: HostileProvider) -> WebBrowser:
    return browser_of(signet, provider, "ed", "team-a")


@pytest.fixture
def laptop(client: Path, signet: Signet, tmp_path: Path) -> Laptop:
    return Laptop(client, tmp_path, f"http://127.0.0.1:{signet.port}")


@pytest.fixture
def login(laptop: Laptop) -> Iterator[Login]:
    made = laptop.log_in()
    yield made
    made.stop()


def decide(browser: WebBrowser, code: str, approve: bool = True) -> Page:
    return browser.fetch(f"{DEVICE}/grants", "POST", {"user_code": code, "approve": approve})


def shown(browser: WebBrowser, code: str) -> Page:
    return browser.fetch(f"{DEVICE}/grants?user_code={code}")


def form(signet: Signet, path: str, **fields: str) -> Answer:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return ask(signet.port, DEVICE + path, "POST", urlencode(fields).encode(), kind)


def poll(signet: Signet, code: str) -> tuple[int, str]:
    answer = form(signet, "/token", grant_type=GRANT_TYPE, client_id="signet-cli", device_code=code)
    return answer.status, json.loads(answer.body).get("error", "")


def renew(signet: Signet, token: str) -> Answer:
    return form(signet, "/token", grant_type="refresh_token", refresh_token=token)


def signed_in(browser: WebBrowser, login: Login) -> None:
    assert decide(browser, login.code).status == 204
    code, said = login.end()
    assert code == 0, said


def test_signs_in_and_mlflow_goes_by_it(
    browser: WebBrowser, signet: Signet, laptop: Laptop, login: Login, origin: Origin
) -> None:
    page = shown(browser, login.code.lower().replace("-", "%20")).json()
    assert page["user_code"] == login.code
    assert (page["client_address"], page["state"]) == ("127.0.0.1", "pending")
    assert f"{laptop.url}/signet/device" in login.said
    assert listed(browser) == {}
    signed_in(browser, login)
    assert f"Signed in to {laptop.url}." in login.said
    assert laptop.file.stat().st_mode & 0o777 == 0o600
    kept = laptop.kept
    assert 11.9 * 3600 < kept["expires_at"] - kept["obtained_at"] <= 12 * 3600
    kinds = {token["kind"]: token for token in listed(browser).values()}
    assert set(kinds) == {"device", "renewal"}
    assert {token["person"] for token in kinds.values()} == {"ed@example.com"}

    # A code works once.
    for answer in (shown(browser, login.code), decide(browser, login.code)):
        assert answer.status == 404
    origin.requests.clear()
    done = laptop.mlflow()
    assert done.stdout == "0 experiments\n", done.stderr
    assert origin.requests
    assert all("authorization" not in request.headers for request in origin.requests)
    assert "ed@example.com" in {line["who"] for line in signet.told("searchExperiments")}
    assert laptop.kept == kept

    # Another host gets nothing, and asking it changes nothing.
    before = laptop.file.read_bytes(), laptop.file.stat().st_mtime_ns
    origin.requests.clear()
    done = laptop.mlflow(origin.url)
    assert done.stdout == "0 experiments\n", done.stderr
    assert origin.requests
    for request in origin.requests:
        assert "authorization" not in request.headers
        assert "sgn_" not in repr(request)
    assert (laptop.file.read_bytes(), laptop.file.stat().st_mtime_ns) == before

    approved = signet.told("device-approved")[-1]
    assert (approved["person"], approved["status"]) == ("ed@example.com", 204)
    assert "client_address=127.0.0.1" in approved["rule"]
    (made,) = signet.told("token-made")
    assert f"id={kinds['device']['id']} kind=device person=ed@example.com" in made["rule"]
    # Waiting is neither a change nor a refusal.
    assert not signet.log_lines("write")
    text = signet.log.read_text()
    for secret in (kept["access_token"], kept["refresh_token"], login.code.replace("-", "")):
        assert secret not in text
    # A renewal token opens nothing.
    assert signet.ask("plain", headers=bearer(kept["access_token"])).status == 200
    assert signet.ask("plain", headers=bearer(kept["refresh_token"])).status == 401


def test_denied(browser: WebBrowser, signet: Signet, laptop: Laptop, login: Login) -> None:
    assert decide(browser, login.code, approve=False).status == 204
    # Nobody changes their mind.
    again = decide(browser, login.code)
    assert again.status == 409
    code, said = login.end()
    assert code == 1
    assert f"the sign-in at {laptop.url} was denied" in said
    assert laptop.kept == {}
    assert listed(browser) == {}
    assert signet.told("device-denied")[-1]["person"] == "ed@example.com"
    assert not signet.log_lines("token-made")


def test_expired(browser: WebBrowser, signet: Signet, laptop: Laptop, login: Login) -> None:
    statement = "UPDATE device_grants SET expires = unixepoch() - 1"
    assert change_store(state_file(signet), statement) == 1
    assert decide(browser, login.code).status == 404
    code, said = login.end()
    assert code == 1
    assert "signet-login: " in said.splitlines()[-1], said
    assert laptop.kept == {} and listed(browser) == {}
    # A code says itself when it ends.
    now = int(time.time())
    assert poll(signet, f"{'A' * 43}.{now - 1}") == (400, "expired_token")
    assert poll(signet, f"{'A' * 43}.{now + 500}") == (400, "invalid_grant")


def test_slow_down(browser: WebBrowser, signet: Signet, login: Login) -> None:
    began = json.loads(form(signet, "/authorize", client_id="signet-cli").body)
    assert began["interval"] == 5
    code = began["device_code"]
    asked = [poll(signet, code) for _ in range(3)]
    assert asked == [(400, "authorization_pending"), (400, "slow_down"), (400, "slow_down")]
    # As if signet-login had just asked.
    statement = "UPDATE device_grants SET last_poll = unixepoch() + 9 WHERE user_code = ?"
    assert change_store(state_file(signet), statement, login.code.replace("-", "")) == 1
    time.sleep(5.5)
    signed_in(browser, login)
    # 5 s, and then 10 instead of 5.
    assert 15 <= time.monotonic() - login.began < 25
    assert decide(browser, began["user_code"]).status == 204
    assert poll(signet, code) == (200, "")
    assert poll(signet, code) == (400, "invalid_grant")
    assert not signet.log_lines("write")


def test_who_may_agree(browser: WebBrowser, signet: Signet, provider: HostileProvider) -> None:
    began = json.loads(form(signet, "/authorize", client_id="signet-cli").body)
    code = began["user_code"]
    nobody = WebBrowser(signet.port)
    assert shown(nobody, code).status == decide(nobody, code).status == 401
    token = make(browser)
    for method, path, body in (
        ("GET", f"{DEVICE}/grants?user_code={code}", None),
        ("POST", f"{DEVICE}/grants", json.dumps({"user_code": code, "approve": True}).encode()),
    ):
        headers = bearer(token.secret) | {"Content-Type": "application/json"}
        answer = ask(signet.port, path, method, body, headers)
        assert (answer.status, answer.refusal) == (403, "forbidden")
    no_csrf = browser.fetch(
        f"{DEVICE}/grants", "POST", {"user_code": code, "approve": True}, csrf=False
    )
    assert (no_csrf.status, no_csrf.field("x-signet-refusal")) == (403, "cross-site")
    provider.id_claims["auth_time"] = int(time.time()) - 660
    late = browser_of(signet, provider, "eve")
    old = decide(late, code)
    assert (old.status, old.field("x-signet-refusal")) == (403, "sign-in-too-old")
    assert shown(late, code).json()["state"] == "pending"
    assert poll(signet, began["device_code"]) == (400, "authorization_pending")
    # Guessing ends soon, and only for who guesses.
    tried = [shown(late, "BCDF-GHJK").status for _ in range(12)]
    assert tried == [404] * 10 + [429] * 2
    assert shown(late, code).status == 429
    assert decide(browser, code).status == 204


def test_renewal(
    browser: WebBrowser, signet: Signet, laptop: Laptop, login: Login, provider: HostileProvider
) -> None:
    signed_in(browser, login)
    first = laptop.kept
    assert laptop.asks() == "200" and laptop.kept == first

    # Ahead of its end.
    laptop.change(obtained_at=time.time() - 43000, expires_at=time.time() + 200)
    assert laptop.asks() == "200"
    second = laptop.kept
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert len(signet.told("token-renewed")) == 1

    # When the gateway knows it no more: four processes at once, and one renewal.
    statement = "UPDATE tokens SET expires = unixepoch() - 1 WHERE kind = 2"
    assert change_store(state_file(signet), statement) == 2
    dead = bearer(second["access_token"])
    until("it has ended", lambda: [signet.ask("plain", headers=dead).status] * 4 == [401] * 4)
    assert in_threads(4, lambda _: laptop.asks()) == ["200"] * 4
    third = laptop.kept
    assert third["access_token"] != second["access_token"]
    assert len(signet.told("token-renewed")) == 2
    # The portal shows the pair at hand.
    assert len(listed(browser)) == 2

    # Ended in the portal, all of it: mlflow says at once what to do.
    (device,) = [token for token in listed(browser).values() if token["kind"] == "device"]
    assert browser.fetch(f"{TOKENS}/{device['id']}", "DELETE").status == 204
    live = bearer(third["access_token"])
    until("it has ended", lambda: signet.ask("plain", headers=live).status == 401)
    began = time.monotonic()
    done = laptop.mlflow()
    assert done.stdout == "" and done.returncode == 1
    assert f"your sign-in at {laptop.url} has ended: run `signet-login {laptop.url}`" in done.stderr
    assert time.monotonic() - began < 40
    assert "sgn_" not in done.stderr


def test_a_renewal_token_that_comes_twice_ends_the_sign_in(
    browser: WebBrowser, signet: Signet
) -> None:
    began = json.loads(form(signet, "/authorize", client_id="signet-cli").body)
    assert decide(browser, began["user_code"]).status == 204
    answer = form(
        signet,
        "/token",
        grant_type=GRANT_TYPE,
        client_id="signet-cli",
        device_code=began["device_code"],
    )
    first = json.loads(answer.body)
    assert (first["token_type"], first["expires_in"]) == ("Bearer", 43200)
    second = json.loads(renew(signet, first["refresh_token"]).body)
    for tokens in (first, second):
        assert signet.ask("plain", headers=bearer(tokens["access_token"])).status == 200
    # Whoever has the old one is a thief, or the owner is: nobody can tell.
    twice = renew(signet, first["refresh_token"])
    assert (twice.status, json.loads(twice.body)["error"]) == (400, "invalid_grant")
    for tokens in (first, second):
        headers = bearer(tokens["access_token"])
        until("all has ended", lambda h=headers: signet.ask("plain", headers=h).status == 401)
    assert renew(signet, second["refresh_token"]).status == 400
    assert "reason=reused" in signet.told("token-revoked")[-1]["rule"]
    # What is no renewal token renews nothing.
    for secret in (first["access_token"], make(browser).secret, "x", "sgn_" + "0" * 49):
        assert json.loads(renew(signet, secret).body)["error"] == "invalid_grant"


def test_many_renewals_at_once_leave_one_pair(browser: WebBrowser, signet: Signet) -> None:
    began = json.loads(form(signet, "/authorize", client_id="signet-cli").body)
    decide(browser, began["user_code"])
    fields = {"client_id": "signet-cli", "device_code": began["device_code"]}
    polled = in_threads(8, lambda _: form(signet, "/token", grant_type=GRANT_TYPE, **fields))
    # The code works once, whoever else has it.
    (good,) = [answer for answer in polled if answer.status == 200]
    tokens = json.loads(good.body)
    renewed = in_threads(8, lambda _: renew(signet, tokens["refresh_token"]).status)
    assert sorted(renewed)[1:] == [400] * 7
    # A second one came, so nothing is left of the sign-in.
    assert not [t for t in listed(browser).values() if t["state"] == "usable"]
