"""MLflow's own UI in Chromium: through Signet it asks for, gets and shows what it does directly."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser

from browser import Watched, chromium, compare_runs, visit
from programs import VENVS, environment
from stack import Stack

HERE = Path(__file__).parent
KNOWN = json.loads((HERE / "ui_known.json").read_text())
# mount → (the app's name, version of its MLflow). Research is the default app.
MOUNTS = {
    "/mlflow-ui/": "new",
    "/apps/research/": "new",
    "/apps/legacy/": "310",
    "/apps/sandbox/": "new",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def pictures(out: Path) -> Path:
    return out / "screenshots"


def seed(version: str, uri: str) -> dict[str, Any]:
    done = subprocess.run(
        [VENVS / f"mlflow-{version}/bin/python", HERE / "seed.py", uri],
        env=environment(MLFLOW_DISABLE_TELEMETRY="true", GIT_PYTHON_REFRESH="quiet"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def ids(stack: Stack) -> dict[str, dict[str, Any]]:
    return {version: seed(version, uri) for version, uri in stack.mlflow.items()}


@pytest.fixture(scope="module")
def direct(
    stack: Stack, browser: Browser, ids: dict[str, dict[str, Any]], pictures: Path
) -> dict[str, Watched]:
    """The same visit straight at each MLflow: what all others are compared with."""
    visited = {}
    for version, url in stack.mlflow.items():
        watched = Watched(browser, url + "/")
        visit(watched, ids[version], version, pictures / "direct")
        compare_runs(watched, ids[version], pictures / f"direct/{version}-compare.png")
        watched.close()
        visited[version] = watched
    return visited


@pytest.mark.parametrize("version", ["new", "310"])
def test_what_fails_directly_is_the_known_list(direct: dict[str, Watched], version: str) -> None:
    failing = [
        [method, address, status]
        for (method, address), statuses in direct[version].record.answers.items()
        for status in statuses
        if status >= 400
    ]
    assert sorted(failing) == sorted(KNOWN["failing_directly"][version])


def unexplained(console_errors: list[str]) -> list[str]:
    """Console errors that are neither MLflow's own nor a failure that MLflow answers too."""
    excused = list(KNOWN["console_errors_of_mlflow"])
    excused += [item[1] for items in KNOWN["failing_directly"].values() for item in items]
    return [text for text in console_errors if not any(part in text for part in excused)]


def passing_trouble(error: str, through_signet: str, directly: str) -> bool:
    """Whether a GET that failed once is MLflow's own stumble (it removes the temporary copy of an
    artifact that a parallel request is reading, and says 404): asked again, the address answers 200
    here and there."""
    found = re.search(r"\[(http[^\]]+)\]", error)
    if "status of 404" not in error or found is None:
        return False
    address = found.group(1)
    if "get-artifact" not in address or not address.startswith(through_signet):
        return False
    again = [address, directly + address.removeprefix(through_signet)]
    return all(requests.get(url, timeout=60).status_code == 200 for url in again)


def gone(difference: str, through_signet: str, directly: str) -> bool:
    """The same for a difference of answers."""
    found = re.search(r"'GET', '([^']*get-artifact[^']*)'\) answered \{[^}]*404", difference)
    if found is None:
        return False
    error = f"status of 404 [{through_signet}{found.group(1)}]"
    return passing_trouble(error, through_signet, directly)


@pytest.mark.parametrize("mount", MOUNTS)
def test_visit(
    stack: Stack,
    browser: Browser,
    direct: dict[str, Watched],
    ids: dict[str, dict[str, Any]],
    pictures: Path,
    mount: str,
) -> None:
    version = MOUNTS[mount]
    before = stack.standin.counts()
    watched = Watched(browser, stack.url + mount)
    try:
        visit(watched, ids[version], version, pictures / mount.strip("/").replace("/", "-"))
    finally:
        watched.close()
    record, expected = watched.record, direct[version].record

    assert watched.outside() == []
    assert record.breaches == []
    assert record.page_errors == []
    direct_url = stack.mlflow[version] + "/"
    errors = unexplained(record.console_errors)
    assert [e for e in errors if not passing_trouble(e, stack.url + mount, direct_url)] == []
    found = differences(record.answers, expected.answers)
    assert [d for d in found if "GET" not in d or not gone(d, stack.url + mount, direct_url)] == []
    assert len(record.answers) > 60
    assert stack.standin.counts()["refused"] == before["refused"]


def differences(seen: dict, expected: dict) -> list[str]:
    """Statuses that a request has here but not there. A request that only one visit made (timing
    decides about a few) must not have failed."""
    ours = [tuple(item) for item in KNOWN["answered_by_signet"]]
    found = []
    for key, statuses in seen.items():
        if key in ours:
            continue
        wanted = expected.get(key)
        if wanted is None and max(statuses) >= 400:
            found.append(f"{key} answered {statuses}; the direct visit never asked for it")
        # A cached file may answer 200 in one visit and 304 in the other.
        elif wanted is not None and not {200, 304} >= statuses | wanted and not statuses <= wanted:
            found.append(f"{key} answered {statuses}, directly {wanted}")
    return found


def test_of_the_newest_only_the_plots_that_compare_runs_meet_the_policy(
    stack: Stack, browser: Browser, ids: dict[str, dict[str, Any]], pictures: Path
) -> None:
    watched = Watched(browser, stack.url + "/apps/research/")
    try:
        compare_runs(watched, ids["new"], pictures / "apps-research/new-compare.png")
        watched.see("WebGL is not supported")
        watched.see("Run details")
    finally:
        watched.close()
    # Plotly's WebGL drawings ask for eval each time; nothing else is ever asked for.
    asked = {breach.partition(" http")[0] for breach in watched.record.breaches}
    assert asked == {"script-src eval"}, watched.record.breaches
    assert watched.outside() == []


def test_scripts_of_an_html_artifact_do_not_run(
    stack: Stack, browser: Browser, ids: dict[str, dict[str, Any]]
) -> None:
    run = f"/experiments/{ids['new']['experiment']}/runs/{ids['new']['runs'][0]}"
    watched = Watched(browser, stack.url + "/apps/research/")
    try:
        watched.go(f"{run}/artifacts/active/page.html", "page.html")
        shown = watched.page.frame_locator("iframe[sandbox]").locator("h1")
        shown.wait_for()
        assert shown.inner_text() == "before"
    finally:
        watched.close()
