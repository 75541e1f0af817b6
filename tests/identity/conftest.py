"""A scriptable provider, an origin that records, and a gateway that knows people by tokens."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parent.parent
sys.path += [str(TESTS / name) for name in ("chaos", "idp", "journeys")]

from own_tokens import browser_of  # noqa: E402
from sign_in_rig import Rig  # noqa: E402
from web_browser import WebBrowser  # noqa: E402

from hostile_provider import HostileProvider  # noqa: E402
from programs import ROOT, VENVS  # noqa: E402
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
        folder = test_folder / f"signet-{len(made)}"
        # Tokens of an earlier run would still be good.
        shutil.rmtree(folder, ignore_errors=True)
        made.append(Signet(folder, apps, **options))
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


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel of clients/python, which sees the packages of mlflow's."""
    folder = tmp_path_factory.mktemp("client")
    # From a copy: a build leaves folders behind.
    shutil.copytree(
        ROOT / "clients/python",
        folder / "sources",
        ignore=shutil.ignore_patterns("build", "*.egg-info", "tests"),
    )
    theirs = VENVS / "mlflow-new"
    for command in (
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, folder / "sources"],
        [theirs / "bin/python", "-m", "venv", folder / "installed"],
    ):
        subprocess.run(command, check=True)
    made = folder / "installed"
    (wheel,) = folder.glob("*.whl")
    install = ["-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel]
    subprocess.run([made / "bin/python", *install], check=True)
    (packages,) = made.glob("lib/python3*/site-packages")
    (mlflows,) = theirs.glob("lib/python3*/site-packages")
    (packages / "mlflow.pth").write_text(f"{mlflows}\n")
    return made


@pytest.fixture
def admin(signet: Signet, provider: HostileProvider) -> WebBrowser:
    return browser_of(signet, provider, "ada", "ml-platform")


@pytest.fixture
def editor(signet: Signet, provider: HostileProvider) -> WebBrowser:
    return browser_of(signet, provider, "ed", "team-a")
