"""The file with the credentials: one JSON object, one entry per gateway.

It is replaced as a whole, so a reader needs no lock. Whoever changes an entry holds the file's lock
from reading to writing; whoever renews one holds that gateway's lock around it, network included.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import StoreError
from .locking import held

VERSION = 1
LARGEST = 1 << 20
WRITE_SECONDS = 10.0
RENEWAL_SECONDS = 60.0
POSIX = os.name == "posix"


@dataclass(frozen=True)
class Credential:
    """A token and what renews it. Times are those of the wall clock, in seconds."""

    access_token: str
    obtained_at: float
    expires_at: float
    refresh_token: str | None = None


def default_path() -> Path:
    try:
        return _default_path()
    except RuntimeError as error:
        raise NoHome("you have no home folder here: name a file in SIGNET_CREDENTIALS") from error


def _default_path() -> Path:
    if given := os.environ.get("SIGNET_CREDENTIALS"):
        return Path(given).expanduser()
    if sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA") or Path.home() / "AppData/Roaming")
    elif sys.platform == "darwin":
        folder = Path.home() / "Library/Application Support"
    else:
        configured = Path(os.environ.get("XDG_CONFIG_HOME") or "")
        # As the XDG specification has it: a relative path is ignored.
        folder = configured if configured.is_absolute() else Path.home() / ".config"
    return folder / "signet" / "credentials.json"


class Store:
    def __init__(self, path: Path | None = None) -> None:
        self._given = path

    @property
    def path(self) -> Path:
        return self._given or default_path()

    # ---- reading ----

    def get(self, base: str) -> Credential | None:
        entry = self._load()["gateways"].get(base)
        return None if entry is None else self._credential(base, entry)

    def all(self) -> dict[str, Credential | None]:
        """By gateway; None for an entry that is damaged."""
        found: dict[str, Credential | None] = {}
        for base, entry in sorted(self._load()["gateways"].items()):
            found[base] = None
            with suppress(StoreError):
                found[base] = self._credential(base, entry)
        return found

    def _credential(self, base: str, entry: Any) -> Credential:
        try:
            refresh_token = entry.get("refresh_token")
            made = Credential(
                str(entry["access_token"]),
                float(entry["obtained_at"]),
                float(entry["expires_at"]),
                None if refresh_token is None else str(refresh_token),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"{self.path}: the entry of {base} is damaged; run `signet-login {base}`"
            ) from error
        return made

    def _load(self) -> dict[str, Any]:
        text = self._read()
        if text is None:
            return {"version": VERSION, "gateways": {}}
        try:
            content = json.loads(text)
            whole = isinstance(content["gateways"], dict) and isinstance(content["version"], int)
        except (ValueError, KeyError, TypeError, RecursionError):
            whole = False
        if not whole:
            raise Damaged(
                f"{self.path} is damaged. It is left as it is; `signet-login URL` keeps it aside "
                "and begins a new one"
            )
        if content["version"] != VERSION:
            raise StoreError(
                f"{self.path} was written by a newer signet-mlflow: update this one with "
                "`pip install -U signet-mlflow`"
            )
        return dict(content)

    def _read(self) -> str | None:
        try:
            path = self.path
        except NoHome:  # A container, perhaps, whose AWS role is all that it needs.
            return None
        # Not blocked by what may lie there instead of a file.
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = _patiently(lambda: os.open(path, flags))
            try:
                _check_private(path, os.fstat(descriptor))
                data = _read_all(descriptor)
            finally:
                os.close(descriptor)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if isinstance(error, PermissionError) and not os.access(path.parent, os.X_OK):
                return None  # Somebody else's home: nothing there can be ours.
            raise StoreError(f"cannot read {path}: {error.strerror}") from error
        if len(data) > LARGEST:
            raise Damaged(f"{path} is larger than any file with credentials")
        return data.decode("utf-8", errors="replace")

    # ---- writing ----

    def check_usable(self) -> None:
        """Raises what would keep `put` from working, except damage, which it mends."""
        self._make_folder()
        with suppress(Damaged):
            self._load()

    def put(self, base: str, credential: Credential) -> Path | None:
        """Returns where a damaged file was put aside, if it had to be."""
        with self._changing():
            aside = None
            try:
                content = self._load()
            except Damaged:
                aside = self._set_aside()
                content = {"version": VERSION, "gateways": {}}
            known = content["gateways"].get(base)
            kept = known if isinstance(known, dict) else {}
            content["gateways"][base] = {**kept, **asdict(credential)}
            self._write(content)
        return aside

    def remove(self, base: str) -> bool:
        if self._read() is None:
            return False
        with self._changing():
            content = self._load()
            if content["gateways"].pop(base, None) is None:
                return False
            self._write(content)
        return True

    def renewing(self, base: str) -> AbstractContextManager[None]:
        """Held around a renewal, a sign-in or a sign-out, so that none undoes the other."""
        self._make_folder()
        name = hashlib.sha256(base.encode()).hexdigest()[:16]
        return held(self._beside(f".{name}.lock"), seconds=RENEWAL_SECONDS)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._make_folder()
        with held(self._beside(".lock"), seconds=WRITE_SECONDS):
            yield

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    def _make_folder(self) -> None:
        folder = self.path.parent
        try:
            missing = [step for step in (folder, *folder.parents) if not step.exists()]
            for step in reversed(missing):
                step.mkdir(mode=0o700, exist_ok=True)
            # A folder that was only pointed to, such as /tmp, is not ours to close.
            ours = not missing and POSIX and self.path == default_path()
            if ours and not os.environ.get("SIGNET_CREDENTIALS"):
                found = folder.stat()
                if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
                    folder.chmod(0o700)
        except OSError as error:
            raise StoreError(f"cannot make the folder {folder}: {error.strerror}") from error

    def _set_aside(self) -> Path:
        path = self.path
        stamp = time.strftime("%Y%m%dT%H%M%S")
        names = (
            self._beside(f".damaged-{stamp}{end}") for end in ("", *map("-{}".format, range(99)))
        )
        aside = next(name for name in names if not name.exists())
        _patiently(lambda: path.rename(aside))
        return aside

    def _write(self, content: dict[str, Any]) -> None:
        # Through a link, if somebody keeps the file elsewhere: the link itself stays.
        path = Path(os.path.realpath(self.path))
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            fresh = Path(name)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(content, file, indent=2, sort_keys=True)
                    file.write("\n")
                    file.flush()
                    os.fsync(file.fileno())
                _patiently(lambda: fresh.replace(path))
            except BaseException:
                with suppress(OSError):
                    fresh.unlink()
                raise
            _sync_folder(path.parent)
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror}") from error


class Damaged(StoreError):
    """Not JSON, or not of the shape that is written here."""


class NoHome(StoreError):
    pass


def _check_private(path: Path, found: os.stat_result) -> None:
    if not POSIX:
        return  # %APPDATA% is the person's own by its access list.
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{path} is not an ordinary file")
    if found.st_uid != os.geteuid():
        raise StoreError(f"{path} belongs to somebody else; its tokens are not used")
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise StoreError(
            f"{path} is open to others (mode {mode:04o}); its tokens are not used. "
            f"If nobody else has read it: chmod 600 '{path}'"
        )


def _read_all(descriptor: int) -> bytes:
    data = b""
    while len(data) <= LARGEST and (piece := os.read(descriptor, 65536)):
        data += piece
    return data


def _patiently(work: Any) -> Any:
    """On Windows a file that another process has open at this moment cannot be replaced."""
    for _ in range(0 if POSIX else 40):
        try:
            return work()
        except PermissionError:
            time.sleep(0.05)
    return work()


def _sync_folder(folder: Path) -> None:
    if not POSIX:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # Some network file systems cannot.
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
