"""What the comparison needs of the machine, and what it was run on."""

import os
import platform
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIGNET = ROOT / "build/release/signet"
LOAD = ROOT / "build/release/bench_load"


def why_not() -> str | None:
    """A sentence when the comparison cannot run here."""
    for program in ("nginx", "haproxy", "wrk", "taskset"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            return f"{program} is missing: apt-get install nginx-light haproxy wrk util-linux"
    for built in (SIGNET, LOAD):
        if not built.exists():
            name = built.relative_to(ROOT)
            return f"{name} is missing: cmake --preset release && ninja -C build/release"
    if not (ROOT / ".venv/test/bin/python").exists():
        return ".venv/test is missing, which signs in for the comparison: ./test format makes it"
    if len(os.sched_getaffinity(0)) < 2:
        return "two cores are needed: one for the proxy, one for the load and the origin"
    return None


def describe() -> dict[str, str]:
    cpu = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    return {"cpu": cpu, "kernel": platform.release(), "cores": str(os.cpu_count())}


def busy_ticks(core: int) -> int:
    """Busy time of a core so far, in clock ticks: user, nice, system, irq, softirq."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            user, nice, system, _idle, _iowait, irq, softirq = map(int, line.split()[1:8])
            return user + nice + system + irq + softirq
    raise RuntimeError(f"no core {core}")


TICK_MICROSECONDS = 1_000_000 / os.sysconf("SC_CLK_TCK")
