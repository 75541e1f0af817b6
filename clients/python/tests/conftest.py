"""The package from its sources, a folder for its file, gateways, and nobody's own settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CLIENT = Path(__file__).resolve().parent.parent
SOURCES = CLIENT / "src"
sys.path.insert(0, str(SOURCES))

from fake_gateway import FakeGateway  # noqa: E402
from signet_mlflow.store import Credential, Store  # noqa: E402

TAKEN_AWAY = ("AWS_", "MLFLOW_", "SIGNET_", "XDG_", "SSH_")
TAKEN_AWAY_WHOLE = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "BROWSER", "DISPLAY")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        proxy = name.lower().endswith("_proxy")
        if name.startswith(TAKEN_AWAY) or name in TAKEN_AWAY_WHOLE or proxy:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def start() -> Iterator[Callable[..., FakeGateway]]:
    made: list[FakeGateway] = []

    def begin(**options: object) -> FakeGateway:
        made.append(FakeGateway(**options))  # type: ignore[arg-type]
        return made[-1]

    yield begin
    for gateway in made:
        gateway.stop()
        assert gateway.broken == []


@pytest.fixture
def gateway(start: Callable[..., FakeGateway]) -> FakeGateway:
    return start()


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "kept" / "credentials.json"
    monkeypatch.setenv("SIGNET_CREDENTIALS", str(path))
    return path


@pytest.fixture
def store(file: Path) -> Store:
    return Store()


@pytest.fixture
def signed_in(store: Store) -> Callable[..., Credential]:
    """signed_in(gateway, age=…): as signet-login left it so many seconds ago."""

    def make(gateway: FakeGateway, age: float = 0.0) -> Credential:
        import time

        said = gateway.sign_in()
        then = time.time() - age
        credential = Credential(
            said["access_token"], then, then + said["expires_in"], said["refresh_token"]
        )
        store.put(gateway.url, credential)
        return credential

    return make
