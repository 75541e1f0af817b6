"""What a request costs, in figures that a busy machine cannot move: instructions under callgrind,
system calls, allocations. Each figure is the difference of a long and a short run, divided by the
difference of their requests, so that starting and stopping do not count."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ports import free_ports

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "bench/harness"))
import people  # noqa: E402

BUDGET = json.loads((HERE / "budget.json").read_text())
SIGNET = Path(os.environ.get("SIGNET_BIN", ROOT / "build/release/signet"))
LOAD = ROOT / "build/release/bench_load"

BODY = b"x" * 1024
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1024\r\n\r\n" + BODY
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL"
PATH = "/api/2.0/mlflow/runs/search"
CASES = {
    "plain get": ("GET", "/apps/plain/api/2.0/mlflow/runs/get"),
    "signed get": ("GET", "/apps/signed/api/2.0/mlflow/runs/get"),
    "signed post": ("POST", "/apps/signed" + PATH),
}
# The plain one again, of somebody in five groups, with three rules.
KNOWN_CASES = {"get with a session": "session", "get with a token": "token"}


class Origin(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 512


class Answerer(socketserver.BaseRequestHandler):
    """Answers every request with 1 KB, as fast as Python can."""

    def handle(self) -> None:
        data = b""
        while piece := self.request.recv(65536):
            data += piece
            while (end := data.find(b"\r\n\r\n")) >= 0:
                length = re.search(rb"content-length: (\d+)", data[:end])
                whole = end + 4 + (int(length.group(1)) if length else 0)
                if len(data) < whole:
                    break
                data = data[whole:]
                self.request.sendall(ANSWER)


@pytest.fixture(scope="module")
def origin() -> Iterator[int]:
    with Origin(("127.0.0.1", 0), Answerer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the gateway does not answer"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    process, url = people.start_provider()
    yield url
    process.terminate()
    process.wait(60)


@contextmanager
def gateway(
    folder: Path,
    origin: int,
    prefix: list[str],
    binary: Path = SIGNET,
    issuer: str = "",
    **environment: str,
) -> Iterator[int]:
    port, admin = free_ports(2)
    config = folder / "signet.yaml"
    config.write_text(
        f"""
apps:
  - {{name: plain, kind: mlflow, endpoint: "http://127.0.0.1:{origin}"}}
  - {{name: signed, kind: sagemaker-app, arn: "{ARN}", endpoint: "http://127.0.0.1:{origin}"}}
listen: [{{address: "127.0.0.1:{port}"}}]
admin: {{address: "127.0.0.1:{admin}"}}
workers: 1
state: {{sqlite: "{folder}/state/state.db"}}
spool: {{directory: "{folder}/spool"}}
limits: {{connections: 512, exchanges: 512}}
log: {{access: "{folder}/access.log", level: warning}}
"""
        + (people.identity_config(issuer) if issuer else "")
    )
    keys = {
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLEEXAMPLE00",
        "AWS_SECRET_ACCESS_KEY": "s" * 40,
        "AWS_SESSION_TOKEN": "t" * 900,
        "SIGNET_SESSION_KEY": "k" * 64,
    }
    with (folder / "gateway.log").open("ab") as log:
        process = subprocess.Popen(
            [*prefix, str(binary), "serve", "--config", str(config)],
            env=os.environ | keys | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for_port(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 0


def ask(port: int, case: str, times: int) -> None:
    """One after the other, on one connection."""
    method, path = CASES.get(case, CASES["plain get"])
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: cost\r\nAccept: */*\r\n"
    )
    if means := KNOWN_CASES.get(case):
        for line in getattr(people.sign_in(port), means):
            head += f"{line}\r\n"
    if method == "POST":
        head += "Content-Type: application/json\r\nContent-Length: 1024\r\n"
    request = head.encode() + b"\r\n" + (BODY if method == "POST" else b"")
    with socket.create_connection(("127.0.0.1", port), 60) as sock:
        for _ in range(times):
            sock.sendall(request)
            data = b""
            while not data.endswith(BODY) or b"\r\n\r\n" not in data:
                piece = sock.recv(65536)
                assert piece, data[:300]
                data += piece
            assert data.startswith(b"HTTP/1.1 200"), data[:300]


@pytest.fixture(scope="module")
def stripped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """valgrind 3.19 cannot read clang 19's debug information."""
    to = tmp_path_factory.mktemp("binary") / "signet"
    subprocess.run(["strip", "-g", "-o", to, SIGNET], check=True)
    return to


def instructions(
    folder: Path, origin: int, binary: Path, case: str, times: int, issuer: str
) -> int:
    out = folder / f"callgrind.{times}"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
    with gateway(folder, origin, command, binary, issuer) as port:
        ask(port, case, times)
    found = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
    assert found, out
    return int(found.group(1))


@pytest.mark.parametrize("case", [*CASES, *KNOWN_CASES])
def test_instructions(
    case: str, test_folder: Path, origin: int, stripped: Path, request: pytest.FixtureRequest
) -> None:
    short, long = 300, 1500
    provider = request.getfixturevalue("issuer") if case in KNOWN_CASES else ""
    few = instructions(test_folder, origin, stripped, case, short, provider)
    many = instructions(test_folder, origin, stripped, case, long, provider)
    each = (many - few) / (long - short)
    budget = BUDGET["instructions"][case]
    print(f"{case}: {each:.0f} instructions, budget {budget}")
    most = budget * (1 + BUDGET["tolerance"])
    least = budget * (1 - BUDGET["tolerance"])
    assert each <= most, f"{case} costs {each:.0f} instructions, the budget is {budget}"
    assert each >= least, f"{case} costs only {each:.0f}: lower the budget of {budget}"


def load(port: int, path: str, seconds: float, connections: int = 64) -> int:
    command = [LOAD, "--port", str(port), "--path", path, "--connections", str(connections)]
    done = subprocess.run(
        [*map(str, command), "--seconds", str(seconds)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answer = json.loads(done.stdout)
    assert answer["bad"] == 0, answer
    return int(answer["requests"])


def system_calls(folder: Path, origin: int) -> float:
    sums, requests = [], []
    for seconds in (1, 4):
        out = folder / "strace.txt"
        with gateway(folder, origin, ["strace", "-c", "-o", str(out)]) as port:
            requests.append(load(port, CASES["signed get"][1], seconds, 256))
        total = re.search(r"^100\.00 +\S+ +\S* +(\d+)", out.read_text(), re.MULTILINE)
        assert total, out.read_text()
        sums.append(int(total.group(1)))
    return (sums[1] - sums[0]) / (requests[1] - requests[0])


def test_system_calls(test_folder: Path, origin: int) -> None:
    """On the main thread, which is the only loop's. On a busy machine fewer of the connections
    become ready together, so that each wait serves fewer: that only adds, and the least counts."""
    found: list[float] = []
    while len(found) < 3 and min(found, default=9.0) > BUDGET["system calls"]:
        found.append(system_calls(test_folder, origin))
    print(f"{min(found):.2f} system calls a request")
    assert min(found) <= BUDGET["system calls"], found


def test_allocations(test_folder: Path, origin: int) -> None:
    library = test_folder / "count_allocations.so"
    source = HERE / "count_allocations.cpp"
    compiler = shutil.which("clang++-19") or "clang++-19"
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-fuse-ld=lld", "-o", library, source], check=True
    )
    sums, requests = [], []
    for seconds in (1, 3):
        out = test_folder / "allocations.txt"
        with gateway(
            test_folder, origin, [], LD_PRELOAD=str(library), COUNT_ALLOCATIONS=str(out)
        ) as port:
            requests.append(load(port, CASES["signed get"][1], seconds))
        sums.append(int(out.read_text()))
    each = (sums[1] - sums[0]) / (requests[1] - requests[0])
    print(f"{each:.3f} allocations a request")
    assert each <= BUDGET["allocations"]
