"""Work per core and latency, in interleaved rounds."""

import json
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from harness import upload
from harness.machine import LOAD, TICK_MICROSECONDS, busy_ticks
from harness.proxies import LARGE, LOAD_CORE, POST, PROXY_CORE, SMALL, Bench, Proxy

UPLOAD_BYTES = 5 << 30
UPLOAD_RATE = 100e6  # a second

CASES = {"GET 1 KB": SMALL, "GET 100 KB": LARGE, "POST 1 KB": POST}

# See bench/load.cpp: the p99 of a typical 100 ms, and the one over all requests.
LATENCY_FIGURES = ("p99_window_us", "p99_us")

POST_SCRIPT = """wrk.method = "POST"
wrk.body = string.rep("x", 1024)
wrk.headers["Content-Type"] = "application/json"
"""


class Void(Exception):
    """A run that does not count."""


def wrk(
    bench: Bench, proxy: Proxy, case: str, seconds: float, connections: int = 64
) -> tuple[int, float]:
    """Requests done, and core 0's busy microseconds per request."""
    command = [
        "taskset",
        "-c",
        str(LOAD_CORE),
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds:.0f}s",
    ]
    if case.startswith("POST"):
        script = bench.folder / "post.lua"
        script.write_text(POST_SCRIPT)
        command += ["-s", str(script)]
    for header in proxy.headers:
        command += ["-H", header]
    before = busy_ticks(PROXY_CORE)
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{proxy.port}{proxy.prefix}{CASES[case]}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 30,
    ).stdout
    busy = busy_ticks(PROXY_CORE) - before
    if "Non-2xx" in done or "Socket errors" in done:
        raise Void(f"{proxy.name}, {case}: {done}")
    match = re.search(r"(\d+) requests in", done)
    requests = int(match.group(1)) if match else 0
    return requests, busy * TICK_MICROSECONDS / max(requests, 1)


def interval(ratios: list[float]) -> dict[str, float]:
    """Median and its 95 % interval, by bootstrap with a fixed seed."""
    draw = random.Random(1)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(2000))
    return {
        "median": statistics.median(ratios),
        "low": medians[50],
        "high": medians[1949],
    }


def compare_work(bench: Bench, rounds: int, seconds: float) -> dict[str, object]:
    results: dict[str, object] = {}
    for case in CASES:
        cost: dict[str, list[float]] = {name: [] for name in bench.proxies}
        for proxy in bench.proxies.values():
            wrk(bench, proxy, case, 1)  # warm: connections, caches, the derived key
        done = 0
        while done < rounds:
            bench.sign_in_again()
            try:
                names = list(bench.proxies)
                if done % 2:
                    names.reverse()
                once = {name: wrk(bench, bench.proxies[name], case, seconds)[1] for name in names}
            except Void as void:
                print(f"void: {void}", file=sys.stderr)
                continue
            done += 1
            for name, microseconds in once.items():
                cost[name].append(microseconds)
            print(
                f"{case} round {done}/{rounds}: "
                + ", ".join(f"{name} {once[name]:.1f} µs" for name in bench.proxies),
                file=sys.stderr,
            )
        results[case] = {
            name: {
                "microseconds": statistics.median(cost[name]),
                "work_per_core": interval(
                    [b / c for b, c in zip(cost[bench.proxies[name].base], cost[name], strict=True)]
                ),
            }
            for name in bench.proxies
        }
    return results


def load(proxy: Proxy, connections: int, rate: float, seconds: float) -> dict[str, float]:
    done = subprocess.run(
        [
            "taskset", "-c", str(LOAD_CORE), str(LOAD),
            "--port", str(proxy.port), "--path", proxy.prefix + SMALL,
            "--connections", str(connections), "--rate", str(rate), "--seconds", str(seconds),
            *(f"--header={header}" for header in proxy.headers),
        ],
        capture_output=True, text=True, check=True, timeout=seconds + 30,
    )  # fmt: skip
    answer: dict[str, float] = json.loads(done.stdout)
    if answer["bad"]:
        raise Void(f"{proxy.name}: {answer}")
    return answer


@contextmanager
def uploading(proxy: Proxy) -> Iterator[None]:
    """While a 5 GB body goes through the proxy, at a rate that leaves room for others."""
    command = ["taskset", "-c", str(LOAD_CORE), sys.executable, upload.__file__, "send"]
    words = [str(proxy.port), proxy.sink, str(UPLOAD_BYTES), str(UPLOAD_RATE), *proxy.headers]
    sender = subprocess.Popen([*command, *words], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)  # past what fits in memory
        yield
        if sender.poll() is not None:
            raise Void(f"{proxy.name}: the upload ended too early")
    finally:
        sender.kill()
        sender.wait()


def compare_latency(bench: Bench, rounds: int, seconds: float) -> dict[str, object]:
    names = [name for name in bench.proxies if name != "haproxy"]
    saturation = min(load(bench.proxies[name], 64, 0, seconds)["rps"] for name in names)
    shapes = {"open loop, 50 %": (64, saturation / 2, False)} | {
        f"closed loop, {n}": (n, 0.0, False) for n in (1, 8, 64)
    }
    shapes["open loop, 50 %, while 5 GB go up"] = (64, saturation / 2, True)
    results: dict[str, object] = {}
    for shape, (connections, rate, beside_upload) in shapes.items():
        figures: dict[str, dict[str, list[float]]] = {
            figure: {name: [] for name in names} for figure in LATENCY_FIGURES
        }
        for turn in range(rounds):
            bench.sign_in_again()
            order = names if turn % 2 == 0 else names[::-1]
            for name in order:
                proxy = bench.proxies[name]
                with uploading(proxy) if beside_upload else nullcontext():
                    once = load(proxy, connections, rate, seconds)
                for figure in LATENCY_FIGURES:
                    figures[figure][name].append(once[figure])
        typical = figures[LATENCY_FIGURES[0]]
        print(
            f"{shape}: { ({n: round(statistics.median(v), 1) for n, v in typical.items()}) }",
            file=sys.stderr,
        )
        results[shape] = {
            name: {
                figure: {
                    "median": statistics.median(values[name]),
                    "ratio": interval(
                        [
                            a / b
                            for a, b in zip(
                                values[name], values[bench.proxies[name].base], strict=True
                            )
                        ]
                    ),
                }
                for figure, values in figures.items()
            }
            for name in names
        }
    return results
