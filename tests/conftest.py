"""What all suites share: the local stack on the import path, and --long."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "local"))

import ports  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="gigabyte bodies, full matrices, minutes")


def pytest_configure() -> None:
    """Of several workers each has ports of its own, or two could choose the same one."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        number, count = int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        size = (ports.HIGHEST - ports.LOWEST) // count
        ports.LOWEST += number * size
        ports.HIGHEST = ports.LOWEST + size


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture(scope="session")
def out() -> Path:
    """tests/out/: logs and screenshots, kept after the run. On disk: spools may not be on a
    tmpfs."""
    folder = ROOT / "tests/out"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def test_folder(request: pytest.FixtureRequest, out: Path) -> Path:
    """A folder of this test's own under tests/out/."""
    name = f"{request.module.__name__}.{request.node.name}"
    folder = out / re.sub(r"[^A-Za-z0-9_.-]+", "_", name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
