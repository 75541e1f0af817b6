"""One stack for all journeys: both MLflow servers behind every kind of app."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps import App
from stack import Gateway, Stack

APPS = (
    App("research", "sagemaker-app", "new", title="Research", default=True),
    App("research-310", "sagemaker-app", "310"),
    App("legacy", "sagemaker-tracking-server", "310", title="Legacy"),
    App("legacy-new", "sagemaker-tracking-server", "new"),
    App("sandbox", "mlflow", "new", title="Sandbox"),
    App("sandbox-310", "mlflow", "310"),
)


@pytest.fixture(scope="session")
def stack(out: Path) -> Iterator[Stack]:
    folder = out / "journeys"
    shutil.rmtree(folder, ignore_errors=True)
    with Stack(folder, apps=APPS) as running:
        yield running


@pytest.fixture(scope="session")
def gateway_with_default(stack: Stack) -> Callable[[str], Gateway]:
    """gateway_with_default("legacy"): a Signet whose root is that app."""
    made: dict[str, Gateway] = {"research": stack.gateway}

    def find(name: str) -> Gateway:
        if name not in made:
            made[name] = stack.start_gateway(default=name)
        return made[name]

    return find
