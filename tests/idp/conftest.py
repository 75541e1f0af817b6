"""One local identity provider for the suite, one of another company, the application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from application import Application
from idp import IdpControl, IdpSettings, start_idp
from ports import free_ports
from running_idp import RunningIdp, clients


@pytest.fixture(scope="session")
def application() -> Iterator[Application]:
    made = Application()
    yield made
    made.close()


@pytest.fixture(scope="session")
def start_provider(out: Path, application: Application) -> Iterator[Any]:
    """start_provider(name="corp", refresh_always=True, …)"""
    children = []

    def start(name: str, **settings: Any) -> RunningIdp:
        port, control_port = free_ports(2)
        folder = out / "idp"
        made = IdpSettings(port, control_port, clients(application), name, **settings)
        children.append(start_idp(made, folder, folder / f"{name}.log"))
        return RunningIdp(made, IdpControl(made.control_url))

    yield start
    for child in children:
        child.stop()


@pytest.fixture(scope="session")
def shared_idp(start_provider: Any) -> RunningIdp:
    return start_provider("corp")


@pytest.fixture(scope="session")
def other_idp(start_provider: Any) -> RunningIdp:
    """Another company's, with refresh tokens for every sign-in."""
    return start_provider("partner", refresh_always=True, lifetimes={"IdToken": 77})


@pytest.fixture
def idp(shared_idp: RunningIdp, application: Application) -> Iterator[RunningIdp]:
    application.forget()
    shared_idp.control.reset_counts()
    yield shared_idp
    shared_idp.control.clear_faults()
    shared_idp.control.up()
