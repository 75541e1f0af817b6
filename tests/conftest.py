"""What all suites share: the local stack on the import path, and --long."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "local"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="gigabyte bodies, full matrices, minutes")


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
    folder = out / re.sub(r"[^A-Za-z0-9_.-]+", "_", request.node.name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
