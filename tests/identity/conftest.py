"""A scriptable provider, an origin that records, and a gateway that knows people by tokens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parent.parent
sys.path += [str(TESTS / name) for name in ("chaos", "idp", "journeys")]

from sign_in_rig import Rig  # noqa: E402

from hostile_provider import HostileProvider  # noqa: E402
from scripted_origin import Origin  # noqa: E402
from signet_process import Signet  # noqa: E402


@pytest.fixture
def origin() -> Iterator[Origin]:
    made = Origin()
    yield made
    made.refuse()


@pytest.fixture
def provider() -> Iterator[HostileProvider]:
    with HostileProvider() as made:
        yield made


@pytest.fixture
def start(test_folder: Path) -> Iterator[Callable[..., Signet]]:
    """start(apps, config=…): a gateway that is ended in good order."""
    made: list[Signet] = []

    def begin(apps: list[dict[str, Any]], **options: Any) -> Signet:
        made.append(Signet(test_folder / f"signet-{len(made)}", apps, **options))
        return made[-1]

    yield begin
    try:
        for signet in made:
            signet.stop()
    finally:
        for signet in made:
            signet.child.stop()


@pytest.fixture(scope="module")
def shared_rig(request: pytest.FixtureRequest, out: Path) -> Iterator[Rig]:
    with Rig.begun(out / request.module.__name__) as made:
        yield made


@pytest.fixture
def rig(shared_rig: Rig) -> Rig:
    """One gateway for all tests of a module; its providers do well at the begin of each."""
    shared_rig.does_well_again()
    return shared_rig
