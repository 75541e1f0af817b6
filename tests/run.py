"""Runs the steps of ./test one after another and says how many tests passed and failed.

The last line is `N passed, N failed`, over all steps; the exit code is 1 when any failed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from build_ahead import BuildAhead
from steps import LONG_ONLY, OUT, ROOT, STEPS, Context, Result, builds_of

SHOWN_LINES = 60


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./test", description="All checks and tests of Signet.")
    parser.add_argument("steps", nargs="*", metavar="STEP", help="only these (see --list)")
    parser.add_argument("--list", action="store_true", help="name the steps")
    parser.add_argument(
        "--long", action="store_true", help="ten minutes per fuzz target, gigabytes, all versions"
    )
    wanted = parser.parse_args()
    if unknown := [name for name in wanted.steps if name not in STEPS]:
        parser.error(f"no step {', '.join(unknown)}: there are {', '.join(STEPS)}")
    return wanted


def environment() -> dict[str, str]:
    path = f"{ROOT}/.venv/tools/node:{os.environ['PATH']}:/usr/sbin:/sbin"
    symbolizer = "external_symbolizer_path=/usr/bin/llvm-symbolizer-19"
    return os.environ | {
        "PATH": path,
        "ASAN_OPTIONS": f"detect_stack_use_after_return=1:strict_string_checks=1:{symbolizer}",
        "UBSAN_OPTIONS": f"print_stacktrace=1:{symbolizer}",
        "TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:{symbolizer}",
        "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
    }


def show_failure(result: Result, log: Path) -> None:
    for note in result.notes[:40]:
        print(f"        failed: {note}")
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    print(f"        --- the end of {log.relative_to(ROOT)} ---")
    for line in lines[-SHOWN_LINES:]:
        print(f"        {line[:400]}")


def main() -> int:
    wanted = arguments()
    if wanted.list:
        print("\n".join(STEPS))
        return 0
    logs = OUT / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    names = [name for name in STEPS if name in wanted.steps]
    if not names:
        names = [name for name in STEPS if wanted.long or name not in LONG_ONLY]
    ahead = BuildAhead(builds_of(names, wanted.long), environment(), logs / "build-ahead.log")
    total = Result()
    table: list[tuple[str, Result, float]] = []
    started = time.monotonic()
    for number, name in enumerate(names, 1):
        print(f"[{number:2}/{len(names)}] {name} …", flush=True)
        log = logs / f"{name}.log"
        log.unlink(missing_ok=True)
        begun = time.monotonic()
        result = STEPS[name](Context(wanted.long, log, environment(), ahead))
        seconds = time.monotonic() - begun
        print(
            f"        {result.passed} passed, {result.failed} failed, {seconds:.0f} s", flush=True
        )
        if result.failed:
            show_failure(result, log)
        else:
            for note in result.notes:
                print(f"        note: {note}")
        table.append((name, result, seconds))
        total += result
        if name == "build" and not result.failed:
            ahead.start()
    ahead.stop()
    print(f"\n{'step':14} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for name, result, seconds in table:
        counts = f"{result.passed:7} {result.failed:7} {result.skipped:8} {seconds:8.0f}"
        print(f"{name:14} {counts}")
    print(f"in {time.monotonic() - started:.0f} s")
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
