"""A real gateway between a raw client and recording origins, and the checks every row shares."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from child import Child
from ports import free_ports
from programs import environment, start_signet
from raw_client import Client, Response
from recording_origin import Arrived, RecordingOrigin, echo
from standin.keys import Key, Keys
from standin.sigv4 import Received, verify

REGION = "eu-west-1"
ARN = f"arn:aws:sagemaker:{REGION}:123456789012:mlflow-app/app-HOSTILEAAAAA"
ARN_HEADER = "x-sm-mlflow-app-arn"
ACCESS_KEY = "AKIAHOSTILETESTS0001"
SECRET_KEY = "secret-key-that-no-log-may-hold"
SESSION_TOKEN = "session-token-that-no-log-may-hold"
ORIGIN_PASSWORD = "Basic b3JpZ2luLXBhc3N3b3Jk"
OUR_SECRETS = (SECRET_KEY, SESSION_TOKEN, ORIGIN_PASSWORD.split()[1])
# What a test sends where people's secrets stand; rows may put it anywhere.
CLIENT_SECRET = "s3cr3t-of-a-client"

PLAIN, SIGNED, KEYED, OWN, DOWN = "plain", "signed", "keyed", "own", "down"
BOTH = (PLAIN, SIGNED)
OWN_HOST = "own.example.test"
EXTRA_HOST = "mlflow.internal:8443"
FRAME_ANCESTOR = "https://intranet.example.com"
BODY_LIMIT = 1 << 20
RUNS_CREATE = "/api/2.0/mlflow/runs/create"
EXPERIMENTS_GET = "/api/2.0/mlflow/experiments/get"


@dataclass(frozen=True)
class Hostile:
    """Bytes that must be refused. `{M}` is the app's mount, `{H}` the gateway's authority.
    `closes`: whether the connection must end (what follows is then never processed), must stay
    (what follows is answered), or may do either. `part_may_arrive`: an unsigned origin may have
    been sent the beginning of the request, never its end."""

    name: str
    raw: bytes
    status: int = 400
    refusal: str = "bad-request"
    closes: bool | None = True
    part_may_arrive: bool = False
    method: str = "GET"


@dataclass(frozen=True)
class Lawful:
    """Bytes that must arrive exactly once, as `method target` with `body`. `target` is what the
    origin sees; None: not checked. `pieces`: sent one by one with a pause between them."""

    name: str
    raw: bytes
    target: str | None = None
    method: str = "POST"
    body: bytes = b""
    closes: bool = False
    pieces: tuple[bytes, ...] = ()
    has: tuple[tuple[str, str], ...] = ()
    lacks: tuple[str, ...] = ()


def by_name(rows: Iterable[Any]) -> list[Any]:
    """For parametrize(ids=…); names are the rows' identity."""
    listed = list(rows)
    names = [row.name for row in listed]
    assert len(set(names)) == len(names), sorted(n for n in names if names.count(n) > 1)
    return listed


def name_of(row: Any) -> str:
    return str(getattr(row, "name", row))


def get(
    path: str = EXPERIMENTS_GET + "?experiment_id=1",
    *lines: bytes,
    version: str = "1.1",
    method: str = "GET",
    host: bytes = b"Host: {H}",
) -> bytes:
    head = [f"{method} {{M}}{path} HTTP/{version}".encode("latin-1"), host, *lines, b"", b""]
    return b"\r\n".join(head)


def post(
    *lines: bytes,
    body: bytes = b"",
    path: str = RUNS_CREATE,
    version: str = "1.1",
    method: str = "POST",
) -> bytes:
    return get(path, *lines, version=version, method=method) + body


class Rig:
    """`origins`: PLAIN and SIGNED have one each; KEYED (an origin with its own sign-in) and OWN
    (an app with a host of its own) share PLAIN's; DOWN has none."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        plain, signed = RecordingOrigin(), RecordingOrigin()
        self.origins = {PLAIN: plain, SIGNED: signed, KEYED: plain, OWN: plain}
        port, admin, self._nobody = free_ports(3)
        self.address = ("127.0.0.1", port)
        self.authority = f"127.0.0.1:{port}"
        self.admin = f"http://127.0.0.1:{admin}"
        self.own_authority = f"{OWN_HOST}:{port}"
        self._log = folder / "signet.log"
        self._numbers = itertools.count(1)
        self._never: set[str] = set()
        self._keys = Keys()
        self._keys.add(Key(ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, None, None))
        document = self._configuration(folder, port, admin)
        aws = environment(
            AWS_ACCESS_KEY_ID=ACCESS_KEY,
            AWS_SECRET_ACCESS_KEY=SECRET_KEY,
            AWS_SESSION_TOKEN=SESSION_TOKEN,
            AWS_EC2_METADATA_DISABLED="true",
        )
        self.child: Child = start_signet(document, folder / "signet.yaml", self._log, aws)
        try:
            self.child.wait_ready(f"{self.admin}/readyz", 30)
        except BaseException:
            self.stop()
            raise

    def _configuration(self, folder: Path, port: int, admin: int) -> dict[str, Any]:
        url = {name: f"http://127.0.0.1:{origin.port}" for name, origin in self.origins.items()}
        (folder / "spool").mkdir()
        return {
            "public_url": f"http://127.0.0.1:{port}",
            "hosts": [EXTRA_HOST],
            "listen": [{"address": f"127.0.0.1:{port}"}],
            "admin": {"address": f"127.0.0.1:{admin}"},
            "embedding": {"frame_ancestors": [FRAME_ANCESTOR]},
            "apps": [
                {"name": PLAIN, "kind": "mlflow", "endpoint": url[PLAIN], "default": True},
                {"name": SIGNED, "kind": "sagemaker-app", "arn": ARN, "endpoint": url[SIGNED]},
                {
                    "name": KEYED,
                    "kind": "mlflow",
                    "endpoint": url[KEYED],
                    "authorization": ORIGIN_PASSWORD,
                },
                {
                    "name": OWN,
                    "kind": "mlflow",
                    "endpoint": url[OWN],
                    "public_url": f"http://{self.own_authority}",
                },
                {"name": DOWN, "kind": "mlflow", "endpoint": f"http://127.0.0.1:{self._nobody}"},
            ],
            "state": {"sqlite": str(folder / "state.db")},
            "spool": {"directory": str(folder / "spool"), "bytes": "1GiB"},
            "log": {"level": "info"},
            "limits": {"connections": 1000, "body_bytes": f"{BODY_LIMIT // 1024}KiB"},
            "timeouts": {
                "header": "4s",
                "body_stall": "3s",
                "origin_connect": "2s",
                "origin_response": "4s",
                "origin_stall": "2s",
                "idle": "20s",
                "drain": "1s",
            },
        }

    def stop(self) -> int | None:
        code = self.child.stop(15)
        for origin in self.origins.values():
            origin.stop()
        return code

    # ---- sending ----

    def mount(self, app: str) -> str:
        return f"/apps/{app}"

    def fill_in(self, raw: bytes, app: str) -> bytes:
        filled = raw.replace(b"{M}", self.mount(app).encode())
        return filled.replace(b"{H}", self.authority.encode())

    def connect(self, seconds: float = 10.0) -> Client:
        return Client(self.address, seconds)

    def send(self, app: str, raw: bytes, method: str = "GET") -> Response:
        """One request on a connection of its own."""
        with self.connect() as client:
            client.send(self.fill_in(raw, app))
            response = client.read_response(method)
            assert response is not None, "no answer"
            return response

    def ask(self, app: str, path: str, *lines: str, method: str = "GET") -> Response:
        return self.send(app, get(path, *[x.encode() for x in lines], method=method), method)

    def follower(self, app: str) -> tuple[bytes, str]:
        """A lawful request unlike any other, and the target the origin must see."""
        target = f"{EXPERIMENTS_GET}?experiment_id=follower-{next(self._numbers)}"
        return self.fill_in(get(target), app), target

    # ---- checks ----

    def check_answered(self, response: Response | None, target: str) -> None:
        assert response is not None, f"no answer to {target}"
        assert response.status == 200, (response.status, response.body)
        assert json.loads(response.body)["target"] == target, "an answer meant for another request"

    def never(self, target: str) -> None:
        """From now on, and looked at when the module ends: this must not reach any origin."""
        self._never.add(target)

    def check_next(self, app: str) -> None:
        """A new connection's request is answered rightly and arrives once."""
        origin = self.origins[app]
        mark = origin.mark()
        raw, target = self.follower(app)
        with self.connect() as client:
            client.send(raw)
            self.check_answered(client.read_response(), target)
        assert [request.target for request in origin.since(mark)] == [target]

    def check_refused(
        self, app: str, row: Hostile, pieces: Sequence[bytes] = (), pause: float = 0.0
    ) -> Response:
        """The row is refused as it says, nothing of it reaches the origin, and what comes after it
        fares as `closes` says."""
        origin = self.origins[app]
        mark, unfinished = origin.mark(), len(origin.unfinished())
        follower, target = self.follower(app)
        sent = [self.fill_in(piece, app) for piece in pieces or (row.raw,)]
        with self.connect() as client:
            client.send_all([*sent[:-1], sent[-1] + follower], pause)
            response = client.read_response(row.method)
            assert response is not None, "closed without an answer"
            assert (response.status, response.refusal) == (row.status, row.refusal), response
            assert response.interim == []
            stays = not response.closes
            assert row.closes is None or stays != row.closes, response.fields
            if stays:
                self.check_answered(client.read_response(), target)
                client.finish()
            else:
                self.never(target)
            assert client.rest() == b"", "more came after the last answer"
        self.check_next(app)
        arrived = [request.target for request in origin.since(mark)]
        assert arrived[: 1 if stays else 0] == ([target] if stays else [])
        assert len(arrived) == (2 if stays else 1), arrived
        if not row.part_may_arrive or app == SIGNED:
            settled = origin.wait(lambda: len(origin.unfinished()) == unfinished)
            assert settled, origin.unfinished()
        self.check_message(response, row.method)
        return response

    def check_message(self, response: Response, method: str = "GET") -> None:
        """A refusal is in MLflow's own shape and names its request."""
        if method != "HEAD":
            said = json.loads(response.body)
            assert set(said) == {"error_code", "message"}, said
        assert response.value("x-request-id")
        assert response.value("cache-control") == "no-store"
        assert response.value("x-content-type-options") == "nosniff"

    def check_lawful(
        self, app: str, row: Lawful, pieces: Iterable[bytes] = (), pause: float = 0.0
    ) -> Arrived:
        """The row arrives exactly once and byte-true; so does a request pipelined behind it."""
        origin = self.origins[app]
        mark = origin.mark()
        follower, target = self.follower(app)
        sent = [self.fill_in(piece, app) for piece in pieces or row.pieces or (row.raw,)]
        with self.connect() as client:
            client.send_all(sent, pause)
            if not row.closes:
                client.send(follower)
            response = client.read_response(row.method)
            assert response is not None
            assert response.status == 200, (response.status, response.body)
            if row.method != "HEAD":
                told = json.loads(response.body)
                assert told["sha256"] == hashlib.sha256(row.body).hexdigest()
            assert response.closes == row.closes
            if not row.closes:
                self.check_answered(client.read_response(), target)
                client.finish()
            assert client.rest() == b""
        arrived = origin.since(mark)
        assert len(arrived) == (1 if row.closes else 2), [request.target for request in arrived]
        request = arrived[0]
        assert (request.method, request.body) == (row.method, row.body)
        if row.target is not None:
            assert request.target == row.target
        for name, value in row.has:
            assert request.values(name) == [value], request.head
        for text in row.lacks:
            assert text.lower().encode("latin-1") not in request.head.lower(), request.head
        if app == SIGNED:
            self.check_signature(request)
        return request

    def check_signature(self, request: Arrived) -> None:
        """botocore recomputes the signature; the ARN header, every x-amz-* and the body take
        part."""
        received = Received(
            request.method,
            request.target,
            request.fields,
            hashlib.sha256(request.body).hexdigest(),
        )
        verify(
            received,
            self._keys,
            service="sagemaker",
            region=REGION,
            must_sign=[ARN_HEADER, "x-amz-content-sha256"],
            now=datetime.now(UTC),
        )
        assert request.value(ARN_HEADER) == ARN

    def check_all(self) -> None:
        """What must hold for everything that the module sent."""
        for name in BOTH:
            origin = self.origins[name]
            assert origin.violations() == [], name
            seen = origin.everything()
            for target in self._never:
                assert target.encode() + b" " not in seen, f"{name}: {target} was processed"
            for request in origin.since(0):
                assert "smuggled" not in request.target
                assert CLIENT_SECRET.encode() not in request.head, request.head
        for request in self.origins[SIGNED].since(0):
            self.check_signature(request)
        assert self.child.exit_code is None, self.child.tail()
        self.check_logs_keep_secrets()

    # ---- logs ----

    def log_text(self) -> str:
        return self._log.read_text(errors="replace")

    def check_logs_keep_secrets(self) -> None:
        text = self.log_text()
        for secret in (*OUR_SECRETS, CLIENT_SECRET):
            assert secret not in text, f"{secret} is in the log"

    def log_lines(self, request_id: str, count: int = 1, seconds: float = 5.0) -> list[Any]:
        """The lines about one request; waits until at least `count` are written."""
        until = time.monotonic() + seconds
        while True:
            lines = [json.loads(x) for x in self.log_text().splitlines() if request_id in x]
            if len(lines) >= count:
                return lines
            assert time.monotonic() < until, f"{len(lines)} log lines of {request_id}: {lines}"
            time.sleep(0.02)

    # ---- origins ----

    def scripted(
        self,
        app: str,
        script: Callable[..., Any] | None = None,
        on_head: Callable[..., Any] | None = None,
    ) -> _Scripted:
        """with rig.scripted(app, script): the origin answers by `script` meanwhile."""
        return _Scripted(self.origins[app], script, on_head)


class _Scripted:
    def __init__(
        self,
        origin: RecordingOrigin,
        script: Callable[..., Any] | None,
        on_head: Callable[..., Any] | None,
    ) -> None:
        self._origin, self._script, self._on_head = origin, script, on_head

    def __enter__(self) -> RecordingOrigin:
        self._origin.script = self._script or echo
        self._origin.on_head = self._on_head
        return self._origin

    def __exit__(self, *_: object) -> None:
        self._origin.script = echo
        self._origin.on_head = None
