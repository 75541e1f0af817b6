"""Gateways, origins and an STS for one test or module; each gateway must come to rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_sts import FakeSts
from scripted_origin import Origin
from signet_process import Signet


@pytest.fixture
def origin() -> Iterator[Origin]:
    made = Origin()
    yield made
    made.refuse()


@pytest.fixture
def sts() -> Iterator[FakeSts]:
    made = FakeSts()
    yield made
    made.close()


@pytest.fixture
def start(test_folder: Path) -> Iterator[Callable[..., Signet]]:
    """start(apps, config=…, env=…): a gateway that must be at rest, or ended, at the test's end,
    then end in good order."""
    made: list[Signet] = []

    def begin(apps: list[dict[str, Any]], **options: Any) -> Signet:
        made.append(Signet(test_folder / f"signet-{len(made)}", apps, **options))
        return made[-1]

    yield begin
    try:
        for signet in made:
            if signet.child.exit_code is None:
                signet.comes_to_rest()
            signet.stop()
    finally:
        for signet in made:
            signet.child.stop()
