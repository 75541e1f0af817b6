"""One gateway with its origins per module; at its end, what must hold for all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rig import Rig


@pytest.fixture(scope="module")
def rig(request: pytest.FixtureRequest, out: Path) -> Iterator[Rig]:
    running = Rig(out / "hostile" / request.module.__name__)
    try:
        yield running
        running.check_all()
    finally:
        code = running.stop()
    assert code == 0, running.child.tail()
