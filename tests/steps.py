"""The steps of ./test: what each runs and how its results are counted."""

from __future__ import annotations

import json
import os
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from build_ahead import BuildAhead

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests/out"
TEST_PYTHON = ROOT / ".venv/test/bin/python"
# How many tests that need no machine of their own run at once.
JOBS = int(os.environ.get("SIGNET_JOBS", os.cpu_count() or 2))
# The same of tests that wait as long as they work: for the gateway's deadlines, for programs.
WAITING_JOBS = JOBS + 1
# Rooms whose objects are handed from one thread to another.
THREADED = ("runtime", "watch", "origin", "front", "gateway", "identity", "state")
# The programs that tests/vectors runs.
DRIVERS = ("signing_driver", "jws_driver", "aws_proof_driver", "load_balancer_driver")
CLANG_TIDY_FILES = 24
FUZZ_SECONDS = 12
FUZZ_LONG_SECONDS = 600


@dataclass
class Result:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: list[str] = field(default_factory=list)

    def __add__(self, other: Result) -> Result:
        total = Result()
        total += self
        total += other
        return total

    def __iadd__(self, other: Result) -> Result:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.notes += other.notes
        return self


@dataclass(frozen=True)
class Context:
    long: bool
    log: Path
    environment: dict[str, str]
    ahead: BuildAhead | None = None

    def run(
        self, command: Iterable[object], *, seconds: float, folder: Path = ROOT, **env: str
    ) -> int:
        """Runs with the output going to the step's log. 124 when it took longer than `seconds`."""
        words = [str(word) for word in command]
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(words)}\n")
            log.flush()
            try:
                return subprocess.run(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=self.environment | env,
                    timeout=seconds,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                log.write(f"stopped after {seconds:.0f} s\n")
                return 124


Step = Callable[[Context], Result]


def one(code: int, note: str = "") -> Result:
    """A command that counts as a single test."""
    if code == 0:
        return Result(passed=1)
    return Result(failed=1, notes=[note or f"ended with {code}"])


# ---- sources ----


def sources(*suffixes: str, under: Iterable[str] = ("src", "tests", "bench")) -> list[str]:
    command = ["git", "ls-files", "-co", "--exclude-standard", "--", *under]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [
        name for name in listed.splitlines() if name.endswith(suffixes) and (ROOT / name).exists()
    ]


def check_format(context: Context) -> Result:
    files = sources(".h", ".cpp")
    result = one(context.run(["clang-format-19", "-n", "-Werror", *files], seconds=120), "C++")
    ruff = ROOT / ".venv/test/bin/ruff"
    result += one(context.run([ruff, "format", "--check", "."], seconds=60), "Python format")
    result += one(context.run([ruff, "check", "."], seconds=60), "Python lint")
    return result


def check_rooms(context: Context) -> Result:
    return one(context.run([TEST_PYTHON, "tests/rooms.py"], seconds=60))


def changed_sources() -> list[str]:
    """C++ sources that differ from where this branch began, or else from ten commits ago."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    head = git("rev-parse", "HEAD")
    base = os.environ.get("SIGNET_BASE") or git("merge-base", "HEAD", "origin/main")
    if not base or base == head:
        base = git("rev-parse", "HEAD~10") or git("rev-list", "--max-parents=0", "HEAD")
    changed = set(git("diff", "--name-only", base, "--", "src").splitlines())
    return [name for name in sources(".cpp", under=("src",)) if name in changed]


def clang_tidy(context: Context) -> Result:
    if context.ahead:
        context.ahead.leave("asan")
    configured = context.run(["cmake", "--preset", "asan"], seconds=120)
    if configured:
        return one(configured, "cmake")
    files = sources(".cpp", under=("src",)) if context.long else changed_sources()
    left_out = 0 if context.long else max(len(files) - CLANG_TIDY_FILES, 0)
    if left_out:
        files = files[:CLANG_TIDY_FILES]

    def check(name: str) -> Result:
        log = context.log.with_name(f"tidy-{name.replace('/', '_')}.log")
        log.unlink(missing_ok=True)
        own = Context(context.long, log, context.environment)
        code = own.run(["clang-tidy-19", "-quiet", "-p", "build/asan", name], seconds=300)
        if code:
            with context.log.open("a") as all_logs:
                all_logs.write(log.read_text())
        return one(code, name)

    result = in_pool(check, files)
    if left_out:
        result.notes.append(f"{left_out} more changed files are looked at by --long only")
    return result


def in_pool(work: Callable[[str], Result], items: Iterable[str]) -> Result:
    total = Result()
    with ThreadPoolExecutor(JOBS) as pool:
        for result in pool.map(work, items):
            total += result
    return total


# ---- C++ ----


def build(context: Context, preset: str, *targets: str) -> int:
    if context.ahead:
        context.ahead.leave(preset)
    # Every time: a build made before the presets changed would keep the old settings.
    if code := context.run(["cmake", "--preset", preset], seconds=120):
        return code
    return context.run(["ninja", "-C", f"build/{preset}", *targets], seconds=3600)


def test_programs(rooms: Iterable[str]) -> list[str]:
    return [f"{room}_test" for room in rooms]


def tsan_rooms(long: bool) -> list[str]:
    return [room for room in rooms_with_tests() if long or room in THREADED]


def rooms_with_tests() -> list[str]:
    return sorted({path.parent.name for path in (ROOT / "src").glob("*/*_test.cpp")})


def run_unit_tests(context: Context, preset: str, rooms: Iterable[str]) -> Result:
    if code := build(context, preset, *test_programs(rooms)):
        return one(code, f"the {preset} build failed")

    def run(room: str) -> Result:
        report = context.log.with_name(f"{context.log.stem}-{room}.json")
        log = report.with_suffix(".log")
        for old in (report, log):
            old.unlink(missing_ok=True)
        own = Context(context.long, log, context.environment)
        program = ROOT / f"build/{preset}/{room}_test"
        command = [program, f"--gtest_output=json:{report}", "--gtest_brief=1"]
        result = read_gtest(report, own.run(command, seconds=900))
        if result.failed:
            with context.log.open("a") as all_logs:
                all_logs.write(log.read_text(errors="replace")[-20000:])
        result.notes = [f"{room}: {note}" for note in result.notes]
        return result

    return in_pool(run, rooms)


def read_gtest(report: Path, code: int) -> Result:
    result = Result()
    if report.exists():
        for suite in json.loads(report.read_text())["testsuites"]:
            for test in suite["testsuite"]:
                name = f"{suite['name']}.{test['name']}"
                if test.get("failures"):
                    result += Result(failed=1, notes=[name])
                elif test.get("result") == "SKIPPED":
                    result.skipped += 1
                elif test.get("status") == "RUN":
                    result.passed += 1
    if code and not result.failed:
        result += Result(failed=1, notes=[f"ended with {code}"])
    return result


def build_release(context: Context) -> Result:
    return one(build(context, "release", "signet", *DRIVERS), "the release build failed")


def build_asan(context: Context) -> Result:
    return one(build(context, "asan", "signet"), "the asan build failed")


def unit_release(context: Context) -> Result:
    return run_unit_tests(context, "release", rooms_with_tests())


def unit_asan(context: Context) -> Result:
    return run_unit_tests(context, "asan", rooms_with_tests())


def unit_tsan(context: Context) -> Result:
    return run_unit_tests(context, "tsan", tsan_rooms(context.long))


def fuzz(context: Context) -> Result:
    targets = sorted(path.stem for path in (ROOT / "tests/fuzz").glob("*_fuzz.cpp"))
    if code := build(context, "fuzz", "fuzz"):
        return one(code, "the fuzz build failed")
    seconds = FUZZ_LONG_SECONDS if context.long else FUZZ_SECONDS

    def run(target: str) -> Result:
        found = OUT / "fuzz" / target
        found.mkdir(parents=True, exist_ok=True)
        seeds = ROOT / "tests/fuzz/corpus" / target
        log = found / "log"
        log.unlink(missing_ok=True)
        own = Context(context.long, log, context.environment)
        corpus = ROOT / ".cache/fuzz" / target
        corpus.mkdir(parents=True, exist_ok=True)
        options = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=4096"]
        options += [f"-artifact_prefix={found}/", "-print_final_stats=1"]
        folders = [corpus, *([seeds] if seeds.is_dir() else [])]
        command = [ROOT / "build/fuzz" / target, *options, *folders]
        code = own.run(command, seconds=seconds + 300)
        if code:
            with context.log.open("a") as all_logs:
                all_logs.write(log.read_text(errors="replace")[-20000:])
        return one(code, f"{target}: see tests/out/fuzz/{target}/")

    return in_pool(run, targets)


# ---- Python and the portal ----


def run_pytest(
    context: Context,
    suite: str,
    *,
    seconds: float,
    under: str = "tests",
    jobs: int = 1,
    **env: str,
) -> Result:
    """With several `jobs` each runs whole files, so that what a file's tests share is made once."""
    report = context.log.with_suffix(".xml")
    report.unlink(missing_ok=True)
    command = [TEST_PYTHON, "-m", "pytest", "-q", f"{under}/{suite}", f"--junitxml={report}"]
    if jobs > 1:
        command += ["-n", str(jobs), "--dist", "loadfile"]
    if context.long:
        command.append("--long")
    limit = seconds * (10 if context.long else 1)
    code = context.run(command, seconds=limit, **env)
    return read_junit(report, code)


def read_junit(report: Path, code: int) -> Result:
    result = Result()
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                name = f"{case.get('classname')}.{case.get('name')}"
                result += Result(failed=1, notes=[name])
            elif case.find("skipped") is not None:
                result.skipped += 1
            else:
                result.passed += 1
    if code and not result.failed:
        result += Result(failed=1, notes=[f"pytest ended with {code}"])
    return result


def vectors(context: Context) -> Result:
    result = run_pytest(context, "vectors", seconds=600, SIGNET_BUILD=str(ROOT / "build/release"))
    if context.long:
        if code := build(context, "asan", "signet", *DRIVERS):
            return result + one(code, "the asan build failed")
        build_folder = str(ROOT / "build/asan")
        result += run_pytest(context, "vectors", seconds=1200, SIGNET_BUILD=build_folder)
    return result


def identity(context: Context) -> Result:
    binary = str(ROOT / "build/asan/signet")
    return run_pytest(context, "identity", seconds=1800, jobs=WAITING_JOBS, SIGNET_BIN=binary)


def idp(context: Context) -> Result:
    return run_pytest(context, "idp", seconds=300)


def client(context: Context) -> Result:
    # A package of its own, which knows no --long.
    context = replace(context, long=False)
    return run_pytest(context, "tests", seconds=300, under="clients/python")


def hostile(context: Context) -> Result:
    binary = str(ROOT / "build/asan/signet")
    return run_pytest(context, "hostile", seconds=900, jobs=JOBS, SIGNET_BIN=binary)


def chaos(context: Context) -> Result:
    result = run_pytest(context, "chaos", seconds=900)
    for preset in ("asan", "tsan") if context.long else ():
        if code := build(context, preset, "signet"):
            result += one(code, f"the {preset} build failed")
            continue
        binary = ROOT / f"build/{preset}/signet"
        result += run_pytest(context, "chaos", seconds=900, SIGNET_BIN=str(binary))
    return result


def cost(context: Context) -> Result:
    if code := build(context, "release", "signet", "bench_load"):
        return one(code, "the release build failed")
    return run_pytest(context, "cost", seconds=600)


def journeys(context: Context) -> Result:
    # Its files are in three groups, each with servers of its own: see its conftest.py.
    jobs = min(WAITING_JOBS, 3)
    result = run_pytest(context, "journeys", seconds=1800, jobs=jobs)
    if context.long:
        # What takes long is the amount of data; the sanitizers' run is about the paths.
        if code := build(context, "asan", "signet"):
            return result + one(code, "the asan build failed")
        binary = str(ROOT / "build/asan/signet")
        result += run_pytest(
            replace(context, long=False), "journeys", seconds=3600, jobs=jobs, SIGNET_BIN=binary
        )
    return result


def npm(context: Context, *words: str, seconds: float = 300) -> int:
    return context.run(["npm", "run", "--silent", *words], seconds=seconds, folder=ROOT / "portal")


def portal_lint(context: Context) -> Result:
    result = one(npm(context, "lint"), "biome")
    biome = [ROOT / "portal/node_modules/.bin/biome", "check", "--error-on-warnings"]
    result += one(context.run(biome, seconds=60, folder=ROOT / "local/idp"), "biome, local/idp")
    result += one(npm(context, "typecheck"), "types")
    return result


def portal_unit(context: Context) -> Result:
    report = context.log.with_suffix(".json")
    report.unlink(missing_ok=True)
    words = ["test", "--", "--reporter=default", "--reporter=json", f"--outputFile.json={report}"]
    code = npm(context, *words)
    result = Result()
    if report.exists():
        for file in json.loads(report.read_text())["testResults"]:
            for test in file["assertionResults"]:
                good = test["status"] == "passed"
                notes = [] if good else [test["fullName"]]
                result += Result(passed=int(good), failed=int(not good), notes=notes)
    if code and not result.failed:
        result += Result(failed=1, notes=[f"ended with {code}"])
    return result


def portal_e2e(context: Context) -> Result:
    report = context.log.with_suffix(".xml")
    report.unlink(missing_ok=True)
    command = ["npx", "playwright", "test", "--reporter=list,junit"]
    code = context.run(
        command, seconds=600, folder=ROOT / "portal", PLAYWRIGHT_JUNIT_OUTPUT_FILE=str(report)
    )
    return read_junit(report, code)


# Run by --long, or when named: the sanitizers' builds run the same tests.
LONG_ONLY = ("unit",)

STEPS: dict[str, Step] = {
    "format": check_format,
    "rooms": check_rooms,
    "portal-lint": portal_lint,
    "build": build_release,
    "portal-unit": portal_unit,
    "idp": idp,
    "client": client,
    "vectors": vectors,
    "unit": unit_release,
    "chaos": chaos,
    "cost": cost,
    "journeys": journeys,
    "portal-e2e": portal_e2e,
    "build-asan": build_asan,
    "hostile": hostile,
    "identity": identity,
    "unit-asan": unit_asan,
    "unit-tsan": unit_tsan,
    "fuzz": fuzz,
    "tidy": clang_tidy,
}


def builds_of(names: Iterable[str], long: bool) -> list[tuple[str, list[str]]]:
    """What the steps build after the first, in that order: a preset and its targets."""
    wanted = set(names)
    asan = ["signet"] if wanted & {"build-asan", "hostile", "identity"} else []
    if "unit-asan" in wanted:
        asan += test_programs(rooms_with_tests())
    tsan = test_programs(tsan_rooms(long)) if "unit-tsan" in wanted else []
    fuzz_targets = ["fuzz"] if "fuzz" in wanted else []
    plan = [("asan", asan), ("tsan", tsan), ("fuzz", fuzz_targets)]
    return [(preset, targets) for preset, targets in plan if targets]
