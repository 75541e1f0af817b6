"""The real mlflow client with an address and a token of the gateway's own, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from own_tokens import (
    TOKENS,
    Made,
    change_store,
    make,
    person,
    provider_of,
    revoke,
)
from test_bearer import bearer
from web_browser import WebBrowser

from clients import run_client
from hostile_provider import HostileProvider
from stack import Stack
from test_client import APPS, LOOK, WRITE, credentials, python
from waiting import until
from wire import API, ask

WORK = """
import mlflow
mlflow.set_experiment("as a password")
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.5)
    mlflow.log_text("some text", "note.txt")
client = mlflow.MlflowClient()
metrics = client.get_run(run.info.run_id).data.metrics
print(metrics["loss"], mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/note.txt"))
"""


@dataclass
class Place:
    stack: Stack
    port: int
    ed: WebBrowser
    ada: WebBrowser

    def change_store(self, statement: str, *values: object) -> int:
        file = self.stack.gateway.config.parent / "state.db"
        return change_store(file, statement, *values)

    def status(self, secret: str) -> int:
        return ask(self.port, f"/apps/sandbox{API}", headers=bearer(secret)).status

    def arrived(self) -> int:
        """Requests of mlflow clients that the gateway has answered."""
        text = self.stack.gateway.log.read_text()
        return text.count('"user_agent":"mlflow-python-client/')


@pytest.fixture(scope="module")
def place(out: Path) -> Iterator[Place]:
    folder = out / "token_client"
    shutil.rmtree(folder, ignore_errors=True)
    with HostileProvider() as provider:
        config = {
            "identity": {"providers": [provider_of(provider)]},
            "access": {
                "admins": {"groups": ["ml-platform"]},
                "rules": [
                    {"groups": ["everyone"], "apps": ["research"], "permission": "READ"},
                    {"groups": ["owners"], "apps": ["*"], "permission": "MANAGE"},
                ],
            },
        }
        with Stack(folder, apps=APPS, config=config) as stack:
            port = int(stack.url.rpartition(":")[2])
            browsers = []
            for name, group in (("ed", "owners"), ("ada", "ml-platform")):
                provider.person = person(name, group)
                browsers.append(WebBrowser(port))
                browsers[-1].sign_in()
            yield Place(stack, port, *browsers)


def test_all_of_the_client(place: Place) -> None:
    before = place.stack.standin.counts()
    env = credentials(make(place.ed).secret, "Bearer")
    uri = place.stack.gateway.tracking_uri("research")
    outcome = run_client("new", uri, server="new", largest=1 << 20, env=env)
    assert outcome.problems == {}, outcome.errors
    assert outcome.checks > 10
    after = place.stack.standin.counts()
    assert after["refused"] == before["refused"]


def test_as_a_password(place: Place) -> None:
    env = credentials(make(place.ed).secret, "Basic")
    out, errors, _ = python(WORK, place.stack.gateway.tracking_uri("sandbox"), env)
    assert out.endswith("0.5 some text\n"), errors


def ended(place: Place, how: str) -> str:
    made: Made = make(place.ed, how)
    good = made.secret
    if how == "wrong":
        return good[:-1] + ("a" if good[-1] != "a" else "b")
    if how == "revoked":
        assert revoke(place.ed, made).status == 204
    else:
        statement = "UPDATE tokens SET expires = unixepoch() - 1 WHERE id = ?"
        assert place.change_store(statement, made.id) == 1
    until(f"it is {how}", lambda: [place.status(good) for _ in range(6)] == [401] * 6)
    return good


@pytest.mark.parametrize(
    ("how", "scheme"),
    [("wrong", "Bearer"), ("wrong", "Basic"), ("expired", "Basic"), ("revoked", "Bearer")],
)
def test_what_is_no_token_is_told_at_once(place: Place, how: str, scheme: str) -> None:
    secret = ended(place, how)
    before = place.arrived()
    # With all the retries that the client has by itself: some statuses it retries for minutes.
    out, errors, seconds = python(LOOK, place.stack.url, credentials(secret, scheme))
    assert out == ""
    assert "UNAUTHENTICATED: The token is not valid here." in errors, errors
    assert secret not in errors
    assert seconds < 40
    until("it is in the log", lambda: place.arrived() > before)
    assert place.arrived() - before <= 2


def test_a_token_that_gives_less(place: Place) -> None:
    env = credentials(make(place.ada, permission="READ", apps=["sandbox"]).secret, "Bearer")
    sandbox = place.stack.gateway.tracking_uri("sandbox")
    out, errors, _ = python(LOOK, sandbox, env)
    assert out.endswith("experiments\n"), errors
    before = place.arrived()
    out, errors, seconds = python(WRITE, sandbox, env)
    assert out == ""
    told = "PERMISSION_DENIED: The token gives READ on app sandbox; createRun takes EDIT."
    assert told in errors
    assert seconds < 40
    assert place.arrived() - before < 8
    _, errors, _ = python(LOOK, place.stack.gateway.tracking_uri("research"), env)
    assert "PERMISSION_DENIED: The token is not for app research." in errors


def test_revoked_in_the_middle_of_a_run(place: Place) -> None:
    """A job that runs gets no further, and says why."""
    made = make(place.ed, "a job")
    code = f"""
import http.client, mlflow
mlflow.set_experiment("Default")
with mlflow.start_run():
    mlflow.log_metric("before", 1)
    print("begun", flush=True)
    gone = http.client.HTTPConnection("127.0.0.1", {place.port})
    headers = {{"Authorization": "Bearer {made.secret}"}}
    gone.request("DELETE", "{TOKENS}/{made.id}", headers=headers)
    print(gone.getresponse().status, flush=True)
    import time
    time.sleep(5)
    mlflow.log_metric("after", 2)
"""
    out, errors, seconds = python(
        code,
        place.stack.gateway.tracking_uri("sandbox"),
        credentials(made.secret, "Bearer") | {"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false"},
    )
    assert out.startswith("begun\n204\n"), errors
    assert "UNAUTHENTICATED: The token is not valid here." in errors
    assert seconds < 60
