"""The wheel, built and installed next to the real mlflow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import CLIENT
from fake_gateway import FakeGateway
from signet_mlflow.store import Credential
from signet_mlflow.version import VERSION

MLFLOW = CLIENT.parent.parent / ".venv/mlflow-new"
SEARCH = """
import mlflow
print([each.name for each in mlflow.search_experiments()])
"""


def run(*words: object, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # From a copy: a build leaves folders behind, and may find those of an earlier one.
    sources = folder / "sources"
    shutil.copytree(CLIENT, sources, ignore=shutil.ignore_patterns("build", "*.egg-info", "tests"))
    words = ["-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, sources]
    built = run(sys.executable, *words)
    assert built.returncode == 0, built.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that sees, and does not touch, the packages of mlflow's."""
    if not (MLFLOW / ".stamp").exists():
        pytest.skip(".venv/mlflow-new is not there; ./test makes it")
    folder = tmp_path_factory.mktemp("installed")
    python = folder / "bin/python"
    assert run(MLFLOW / "bin/python", "-m", "venv", folder).returncode == 0
    done = run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel)
    assert done.returncode == 0, done.stderr
    (packages,) = folder.glob("lib/python3*/site-packages")
    (theirs,) = MLFLOW.glob("lib/python3*/site-packages")
    (packages / "mlflow.pth").write_text(f"{theirs}\n")
    return folder


def test_what_is_in_the_wheel(wheel: Path) -> None:
    assert wheel.name == f"signet_mlflow-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = f"signet_mlflow-{VERSION}.dist-info"
        metadata = archive.read(f"{info}/METADATA").decode()
        entries = archive.read(f"{info}/entry_points.txt").decode()
    assert "signet_mlflow/py.typed" in names
    assert f"{info}/licenses/LICENSE" in names
    assert all(name.startswith(("signet_mlflow/", info)) for name in names)
    requires = [line for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    assert requires == [
        "Requires-Dist: requests>=2.25",
        'Requires-Dist: botocore>=1.29; extra == "aws"',
    ]
    assert "Requires-Python: >=3.9" in metadata
    assert "[mlflow.request_auth_provider]\nsignet = signet_mlflow.plugin:" in entries


def test_the_command(installed: Path, gateway: FakeGateway, file: Path) -> None:
    gateway.interval = 0.1
    command = installed / "bin/signet-login"
    assert run(command, "--version").stdout == f"signet-login {VERSION}\n"
    assert run(command, gateway.url).returncode == 0
    assert run(command, "--list").stdout.startswith(f"{gateway.url}\tsigned in")
    assert file.exists()


def search(installed: Path, gateway: FakeGateway, **env: str) -> subprocess.CompletedProcess[str]:
    return run(
        installed / "bin/python",
        "-c",
        SEARCH,
        MLFLOW_TRACKING_URI=gateway.url,
        MLFLOW_TRACKING_AUTH="signet",
        MLFLOW_DISABLE_TELEMETRY="true",
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
        **env,
    )


def test_mlflow_sends_the_token(
    installed: Path, gateway: FakeGateway, signed_in: Callable[..., Credential]
) -> None:
    token = signed_in(gateway).access_token
    done = search(installed, gateway)
    assert done.stdout == "['canned']\n", done.stderr
    asked = gateway.asked("/api/2.0/mlflow/experiments/search")
    assert {each.headers["authorization"] for each in asked} == {f"Bearer {token}"}
    assert asked[0].headers["user-agent"].startswith("mlflow-python-client/")


def test_mlflow_renews(
    installed: Path, gateway: FakeGateway, signed_in: Callable[..., Credential]
) -> None:
    signed_in(gateway, age=4000)
    assert search(installed, gateway).stdout == "['canned']\n"
    assert gateway.renewals == 1


def test_mlflow_shows_what_to_do(
    installed: Path, gateway: FakeGateway, signed_in: Callable[..., Credential]
) -> None:
    done = search(installed, gateway)
    assert f"you are not signed in to {gateway.url}: run `signet-login" in done.stderr
    signed_in(gateway, age=4000)
    gateway.refreshable.clear()
    done = search(installed, gateway)
    assert f"has ended: run `signet-login {gateway.url}`" in done.stderr
    assert done.returncode == 1


def test_a_workload_with_a_role(installed: Path, gateway: FakeGateway, file: Path) -> None:
    from botocore.credentials import Credentials

    gateway.aws_keys["AKIDEXAMPLE"] = Credentials("AKIDEXAMPLE", "secret", "token")
    import botocore

    # botocore and what it needs are in the environment of the tests.
    done = search(
        installed,
        gateway,
        PYTHONPATH=str(Path(botocore.__file__).parent.parent),
        AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
        AWS_SECRET_ACCESS_KEY="secret",
        AWS_SESSION_TOKEN="token",
        AWS_REGION="eu-west-1",
    )
    assert done.stdout == "['canned']\n", done.stderr
    assert len(gateway.asked("/signet/api/v1/tokens/aws")) == 1
    assert not file.exists()
