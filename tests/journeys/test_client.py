"""The real mlflow client through Signet: every kind of app, at the root and under /apps/<name>."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clients import run_client
from stack import Gateway, Stack

CHECKS = 12
MB = 1_000_000
# (client, app): each client against the MLflow of its own version, by every kind; SageMaker's
# tracking servers are as old as 2.16.
CELLS = [
    ("new", "research"),
    ("new", "legacy-new"),
    ("new", "sandbox"),
    ("310", "research-310"),
    ("310", "legacy"),
    ("310", "sandbox-310"),
    ("216", "legacy"),
]
CROSSED = [
    ("310", "research"),
    ("310", "sandbox"),
    ("310", "legacy-new"),
    ("216", "legacy-new"),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    cells = CELLS + (CROSSED if metafunc.config.getoption("--long") else [])
    metafunc.parametrize(("client", "app"), cells, ids=["-on-".join(cell) for cell in cells])
    metafunc.parametrize("mount", ["root", "apps"])


def test_everything_a_notebook_does(
    stack: Stack,
    gateway_with_default: Callable[[str], Gateway],
    long: bool,
    client: str,
    app: str,
    mount: str,
) -> None:
    gateway = gateway_with_default(app) if mount == "root" else stack.gateway
    wanted = next(item for item in stack.apps if item.name == app)
    uri = gateway.tracking_uri("" if mount == "root" else app)
    # 3.10's own server needs time quadratic in the size of a body.
    largest = 1000 * MB if long and wanted.mlflow == "new" and client == "new" else 20 * MB

    before = stack.standin.counts()
    outcome = run_client(client, uri, server=wanted.mlflow, largest=largest)
    after = stack.standin.counts()

    assert not outcome.problems, "\n".join(
        [f"{name}:\n{text}" for name, text in outcome.problems.items()] + [outcome.errors]
    )
    assert outcome.checks == CHECKS
    assert after["refused"] == before["refused"], stack.standin.refusals()[-3:]
    received = after["received"] - before["received"]
    assert after["signed"] - before["signed"] == received
    assert (received > 500) == wanted.signed
