"""The real mlflow client with nothing but an address and a token."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from test_bearer import token

from apps import App
from clients import run_client
from hostile_provider import HostileProvider
from programs import VENVS, environment
from stack import Stack

APPS = (
    App("research", "sagemaker-app", "new", default=True),
    App("sandbox", "mlflow", "new"),
)
LOOK = "import mlflow; print(len(mlflow.search_experiments()), 'experiments')"
WRITE = "import mlflow; mlflow.set_experiment('Default'); mlflow.start_run(); print('written')"


@pytest.fixture(scope="module")
def issuer() -> Iterator[HostileProvider]:
    with HostileProvider() as made:
        yield made


@pytest.fixture(scope="module")
def stack(out: Path, issuer: HostileProvider) -> Iterator[Stack]:
    config = {
        "identity": {"bearer": [{"issuer": issuer.url, "audience": "signet"}]},
        "access": {
            "rules": [
                {"groups": ["everyone"], "apps": ["research"], "permission": "READ"},
                {"groups": ["owners"], "apps": ["*"], "permission": "MANAGE"},
            ]
        },
    }
    folder = out / "identity_client"
    shutil.rmtree(folder, ignore_errors=True)
    with Stack(folder, apps=APPS, config=config) as running:
        yield running


def credentials(text: str, scheme: str) -> dict[str, str]:
    if scheme == "Bearer":
        return {"MLFLOW_TRACKING_TOKEN": text}
    return {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": text}


def python(code: str, uri: str, env: Mapping[str, str]) -> tuple[str, str, float]:
    """With the client's own retries."""
    began = time.monotonic()
    done = subprocess.run(
        [VENVS / "mlflow-new/bin/python", "-c", code],
        env=environment(MLFLOW_TRACKING_URI=uri, MLFLOW_DISABLE_TELEMETRY="true", **env),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    return done.stdout, done.stderr, time.monotonic() - began


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # What a header says of somebody is read before the app is looked at: no need to cross them.
    if metafunc.function is test_all_of_the_client:
        cells = [("research", "Bearer"), ("sandbox", "Basic")]
        crossed = [("research", "Basic"), ("sandbox", "Bearer")]
        cells += crossed if metafunc.config.getoption("--long") else []
        metafunc.parametrize(("app", "scheme"), cells, ids=["-".join(cell) for cell in cells])


def test_all_of_the_client(stack: Stack, issuer: HostileProvider, app: str, scheme: str) -> None:
    before = stack.standin.counts()
    env = credentials(token(issuer, groups=["owners"], exp=int(time.time()) + 3600), scheme)
    uri = stack.gateway.tracking_uri(app)
    outcome = run_client("new", uri, server="new", largest=1 << 20, env=env)
    assert outcome.problems == {}, outcome.errors
    assert outcome.checks > 10
    after = stack.standin.counts()
    assert after["refused"] == before["refused"]


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
@pytest.mark.parametrize("what", ["none", "wrong", "expired"])
def test_a_bad_token_is_told_at_once(
    stack: Stack, issuer: HostileProvider, what: str, scheme: str
) -> None:
    tokens = {
        "wrong": "abc",
        "expired": token(issuer, exp=int(time.time()) - 3600),
    }
    env = credentials(tokens[what], scheme) if what in tokens else {}
    out, errors, seconds = python(LOOK, stack.url, env)
    assert out == ""
    assert "UNAUTHENTICATED" in errors, errors
    # The client retries some statuses for minutes.
    assert seconds < 60


def test_a_reader_reads_and_is_told_why_not_to_write(stack: Stack, issuer: HostileProvider) -> None:
    env = credentials(token(issuer), "Bearer")
    out, errors, _ = python(LOOK, stack.gateway.tracking_uri("research"), env)
    assert out.endswith("experiments\n"), errors
    out, errors, _ = python(WRITE, stack.gateway.tracking_uri("research"), env)
    assert out == ""
    assert "PERMISSION_DENIED: You have READ on app research; createRun takes EDIT." in errors
    out, errors, _ = python(LOOK, stack.gateway.tracking_uri("sandbox"), env)
    assert out == ""
    assert "PERMISSION_DENIED: You have no permission on app sandbox" in errors
