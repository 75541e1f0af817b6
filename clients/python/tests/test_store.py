"""The file with the credentials: whose it is, what survives, who waits."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from conftest import SOURCES
from signet_mlflow import store as store_module
from signet_mlflow.errors import StoreError
from signet_mlflow.locking import held
from signet_mlflow.store import Credential, Store, default_path

A, B = "https://a.example", "https://b.example:8443"
POSIX = pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX matter")


def credential(name: str = "x") -> Credential:
    return Credential(f"sgn_{name}", 1000.0, 4600.0, f"again-{name}")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(store_module.sys, "platform", "linux")
    assert default_path() == tmp_path / ".config/signet/credentials.json"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert default_path() == tmp_path / "xdg/signet/credentials.json"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert default_path() == tmp_path / ".config/signet/credentials.json"
    monkeypatch.setattr(store_module.sys, "platform", "darwin")
    assert default_path() == tmp_path / "Library/Application Support/signet/credentials.json"
    monkeypatch.setattr(store_module.sys, "platform", "win32")
    monkeypatch.setenv("APPDATA", str(tmp_path / "Roaming"))
    assert default_path() == tmp_path / "Roaming/signet/credentials.json"
    monkeypatch.setenv("SIGNET_CREDENTIALS", str(tmp_path / "own.json"))
    assert default_path() == tmp_path / "own.json"


@POSIX
def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = Store()
        store.put(A, credential())
        with store.renewing(A):
            pass
    finally:
        os.umask(before)
    path = tmp_path / ".config/signet/credentials.json"
    assert mode(path.parent) == 0o700
    assert {mode(each) for each in path.parent.iterdir()} == {0o600}
    assert len(list(path.parent.iterdir())) == 3


@POSIX
def test_our_own_folder_is_closed_again(tmp_path: Path) -> None:
    folder = tmp_path / ".config/signet"
    folder.mkdir(parents=True, mode=0o755)
    Store().put(A, credential())
    assert mode(folder) == 0o700


@POSIX
def test_a_folder_that_is_pointed_to_is_left_alone(store: Store, file: Path) -> None:
    file.parent.mkdir(mode=0o755)
    store.put(A, credential())
    assert mode(file.parent) == 0o755
    assert mode(file) == 0o600


@POSIX
@pytest.mark.parametrize("open_to", [0o644, 0o640, 0o620, 0o604])
def test_a_file_that_others_can_read_is_not_used(store: Store, file: Path, open_to: int) -> None:
    store.put(A, credential())
    before = file.read_bytes()
    file.chmod(open_to)
    for work in (lambda: store.get(A), lambda: store.put(B, credential()), store.all):
        with pytest.raises(StoreError, match=rf"open to others \(mode {open_to:04o}\).*chmod 600"):
            work()
    assert file.read_bytes() == before
    file.chmod(0o600)
    assert store.get(A) == credential()


@POSIX
def test_not_a_file(store: Store, file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(StoreError, match="not an ordinary file"):
        store.get(A)
    file.rmdir()
    os.mkfifo(file, 0o600)
    with pytest.raises(StoreError, match="not an ordinary file"):
        store.get(A)


@POSIX
def test_no_home_is_no_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    with monkeypatch.context() as changed:
        changed.setattr(Path, "home", homeless)
        assert Store().get(A) is None
        with pytest.raises(StoreError, match="no home folder"):
            Store().put(A, credential())
    monkeypatch.setenv("HOME", "/dev/null")
    assert Store().get(A) is None
    with pytest.raises(StoreError, match="cannot make the folder"):
        Store().put(A, credential())


def test_other_gateways_are_left_as_they_are(store: Store, file: Path) -> None:
    store.put(A, credential("a"))
    content = json.loads(file.read_text())
    content["gateways"][A]["later_version"] = {"kept": True}
    content["gateways"]["https://c.example"] = "of some other shape"
    content["note"] = "kept too"
    file.write_text(json.dumps(content))
    store.put(B, credential("b"))
    store.put(A, credential("a2"))
    assert store.remove(B)
    assert not store.remove(B)
    after = json.loads(file.read_text())
    assert after["note"] == "kept too"
    assert set(after["gateways"]) == {A, "https://c.example"}
    assert after["gateways"][A]["later_version"] == {"kept": True}
    assert after["gateways"]["https://c.example"] == "of some other shape"
    assert store.get(A) == credential("a2")
    assert store.all() == {A: credential("a2"), "https://c.example": None}
    with pytest.raises(StoreError, match=re.escape("signet-login https://c.example")):
        store.get("https://c.example")


DAMAGED = [b"", b"{", b"\xff\xfe", b"[]", b'"x"', b"{}", b'{"version": 1, "gateways": []}',
           b"[" * 100_000, b" " * (2 << 20)]  # fmt: skip


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_kept_aside(store: Store, file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    file.chmod(0o600)
    for work in (lambda: store.get(A), lambda: store.remove(A)):
        with pytest.raises(StoreError):
            work()
    assert file.read_bytes() == content
    aside = store.put(A, credential())
    assert aside is not None
    assert aside.read_bytes() == content
    assert store.get(A) == credential()
    assert store.put(B, credential()) is None
    file.write_bytes(content)
    second = store.put(A, credential())
    assert second not in (None, aside)
    assert aside.read_bytes() == content


def test_a_newer_version_is_not_touched(store: Store, file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"version": 2, "gateways": {}}')
    file.chmod(0o600)
    with pytest.raises(StoreError, match="pip install -U"):
        store.put(A, credential())
    assert file.read_text() == '{"version": 2, "gateways": {}}'


def test_a_failed_write_leaves_the_old_file(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(A, credential())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module.os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        store.put(B, credential())
    assert list(store.all()) == [A]
    assert not [path for path in file.parent.iterdir() if path.name.startswith(".")]


@POSIX
def test_a_link_stays_a_link(store: Store, file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    elsewhere = tmp_path / "elsewhere.json"
    file.symlink_to(elsewhere)
    store.put(A, credential())
    assert file.is_symlink()
    assert mode(elsewhere) == 0o600
    assert store.get(A) == credential()


def test_many_writers_lose_nothing(store: Store) -> None:
    def write(number: int) -> None:
        for step in range(5):
            store.put(f"https://{number}.example", credential(f"{number}-{step}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.all() == {f"https://{n}.example": credential(f"{n}-4") for n in range(12)}


HOLDER = """
import sys, time
from pathlib import Path
from signet_mlflow.locking import held
with held(Path(sys.argv[1]), seconds=5):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_lock_is_waited_for_and_no_longer_than_said(tmp_path: Path) -> None:
    child = holder(tmp_path / "lock")
    try:
        started = time.monotonic()
        with pytest.raises(StoreError, match="another process has held"):
            with held(tmp_path / "lock", seconds=0.3):
                pass
        assert 0.3 <= time.monotonic() - started < 5
    finally:
        child.kill()
        child.wait()


def test_a_dead_process_holds_no_lock(tmp_path: Path) -> None:
    child = holder(tmp_path / "lock")
    if os.name == "posix":
        child.send_signal(signal.SIGKILL)
    else:
        child.kill()
    child.wait()
    assert (tmp_path / "lock").exists()
    started = time.monotonic()
    with held(tmp_path / "lock", seconds=5):
        assert time.monotonic() - started < 1


def test_a_lock_keeps_threads_apart(tmp_path: Path) -> None:
    inside = 0

    def enter() -> None:
        nonlocal inside
        for _ in range(20):
            with held(tmp_path / "lock", seconds=30):
                inside += 1
                assert inside == 1
                time.sleep(0.0005)
                inside -= 1

    failures: list[BaseException] = []

    def work() -> None:
        try:
            enter()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
