"""One stack for all journeys: both MLflow servers behind every kind of app. And one where people
sign in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from apps import App
from sign_in import SignIn
from stack import Gateway, Stack

pytest.register_assert_rewrite("visitor")

from visitor import REFRESH_SECONDS  # noqa: E402

APPS = (
    App("research", "sagemaker-app", "new", title="Research", default=True),
    App("research-310", "sagemaker-app", "310"),
    App("legacy", "sagemaker-tracking-server", "310", title="Legacy"),
    App("legacy-new", "sagemaker-tracking-server", "new"),
    App("sandbox", "mlflow", "new", title="Sandbox"),
    App("sandbox-310", "mlflow", "310"),
)
APPS_OF_PEOPLE = (
    App("research", "sagemaker-app", "new", title="Research", default=True),
    App("sandbox", "mlflow", "310", title="Sandbox"),
)
# How the gateways of these names let people sign in: providers, and settings of sessions.
SIGN_IN = {
    "corp": (("corp",), {}),
    "two": (("corp", "partner"), {}),
    "short": (("corp",), {"idle": "6s"}),
    "renews": (("corp",), {"refresh": f"{REFRESH_SECONDS}s"}),
}


# Files that one worker runs, so that there is one stack for all of them; another runs the rest.
TOGETHER = {
    "browsers": ("test_browser", "test_portal", "test_uploads"),
    "people": ("test_sign_in_journey", "test_who_may"),
}


class ByStack(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0]).stem
        return next((name for name, files in TOGETHER.items() if file in files), "programs")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByStack:
    return ByStack(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        skip = pytest.mark.skip(reason="with --long")
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def own_name(worker_id: str) -> Callable[[str], str]:
    """own_name("journeys"): of a folder, where several workers run one of this worker's own."""
    return lambda name: name if worker_id == "master" else f"{name}-{worker_id}"


@pytest.fixture(scope="session")
def stack(out: Path, own_name: Callable[[str], str]) -> Iterator[Stack]:
    folder = out / own_name("journeys")
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


@pytest.fixture(scope="session")
def people_stack(out: Path, own_name: Callable[[str], str]) -> Iterator[Stack]:
    folder = out / own_name("people")
    shutil.rmtree(folder, ignore_errors=True)
    wanted = SignIn(("corp", "partner"), gateways=len(SIGN_IN))
    with Stack(folder, apps=APPS_OF_PEOPLE, gateway=False, sign_in=wanted) as running:
        yield running


@pytest.fixture(scope="session")
def ids_of_people(people_stack: Stack) -> dict[str, dict[str, Any]]:
    """What seed.py has logged to each app."""
    from test_browser import seed

    return {app.name: seed(app.mlflow, people_stack.mlflow[app.mlflow]) for app in APPS_OF_PEOPLE}


@pytest.fixture(scope="session")
def gateway_of(people_stack: Stack) -> Callable[[str], Gateway]:
    """gateway_of("short"): see SIGN_IN. "corp" is the one that a provider tells of sign-outs."""
    providers = people_stack.providers
    assert providers is not None
    made: dict[str, Gateway] = {}

    def find(name: str) -> Gateway:
        if name not in made:
            # The first gateway is the one that is told.
            if name != "corp":
                find("corp")
            names, session = SIGN_IN[name]
            identity = providers.identity(*names, **session)
            made[name] = people_stack.start_gateway(config={"identity": identity})
        return made[name]

    return find
