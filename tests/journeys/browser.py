"""A visit to MLflow's UI with Chromium, everything recorded."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    TimeoutError,
    sync_playwright,
)

# A busy machine draws slowly.
TEXT_SECONDS = 60.0
QUIET_SECONDS = 0.7
NOTE_BREACHES = """
document.addEventListener("securitypolicyviolation", (event) => {
  noteBreach(`${event.effectiveDirective} ${event.blockedURI} ${event.documentURI}`);
});
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "chromium is not installed"
    arguments = ["--disable-features=LocalNetworkAccessChecks"]
    if os.getuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Record:
    """What a page asked for and complained about."""

    answers: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    urls: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)
    # "directive blocked-uri document-uri" of every breach of a content security policy.
    breaches: list[str] = field(default_factory=list)


class Watched:
    """A page whose requests are recorded. Keys of `record.answers` are (method, address below
    `base`), so that visits at different mounts compare."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.base = base
        self.record = Record()
        self._context = browser.new_context(viewport={"width": 1400, "height": 900})
        self._context.expose_binding(
            "noteBreach", lambda source, breach: self.record.breaches.append(breach)
        )
        self._context.add_init_script(NOTE_BREACHES)
        self._open: set[Request] = set()
        self._last = time.monotonic()
        self.page: Page = self.new_tab()

    def new_tab(self) -> Page:
        """One more page of the same browser, recorded like the first."""
        page = self._context.new_page()
        page.set_default_timeout(TEXT_SECONDS * 1000)
        page.on("request", self._began)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)
        page.on("response", self._answered)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.record.page_errors.append(str(error)))
        return page

    def close(self) -> None:
        self._context.close()

    def _began(self, request: Request) -> None:
        self._last = time.monotonic()
        if request.url.startswith(("data:", "blob:", "about:")):
            return
        # Playwright never reports the end of a shared worker's script.
        if not request.url.endswith(".worker.js"):
            self._open.add(request)
        self.record.urls.append(request.url)

    def _ended(self, request: Request) -> None:
        self._last = time.monotonic()
        self._open.discard(request)

    def _answered(self, response: Response) -> None:
        if response.url.startswith(self.base):
            below = response.url[len(self.base) :]
            key = (response.request.method, below.partition("#")[0])
            self.record.answers[key].add(response.status)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.record.console_errors.append(f"{message.text} [{where}]")

    def go(self, fragment: str, text: str, *, reload: bool = False) -> None:
        """To a page of the UI; returns when `text` is to be seen and the network is quiet."""
        if reload:
            self.page.goto("about:blank")
        self.page.goto(f"{self.base}#{fragment}")
        self.see(text)
        self._last = time.monotonic()
        self.settle()

    def see(self, text: str) -> None:
        seen = self.page.get_by_text(text).locator("visible=true").first
        seen.wait_for()

    def settle(self) -> None:
        """Until nothing is on the way; pages that poll are left after 5 s."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            quiet = time.monotonic() - self._last
            if not self._open and quiet > QUIET_SECONDS:
                return
            self.page.wait_for_timeout(100)

    def outside(self) -> list[str]:
        """Requests that went elsewhere than below `base`."""
        return [url for url in self.record.urls if not url.startswith(self.base)]


def visit(watched: Watched, ids: dict, version: str, pictures: Path) -> None:
    """Experiments, runs, charts, artifacts, models, traces; one picture of each."""
    experiment, trace = ids["experiment"], ids["trace"]
    first = ids["runs"][0]
    run = f"/experiments/{experiment}/runs/{first}"
    views = [
        ("experiments", "/experiments", "Visited experiment", False),
        ("runs", f"/experiments/{experiment}/runs", "visited run 1", False),
        ("charts", f"/experiments/{experiment}/runs?compareRunsMode=CHART", "accuracy", False),
        ("run", run, "depth", False),
        ("metrics", f"{run}/model-metrics", "loss", False),
        ("artifacts", f"{run}/artifacts", "report.html", False),
        ("text", f"{run}/artifacts/notes", "read me.txt", True),
        ("picture", f"{run}/artifacts/picture.png", "picture.png", True),
        ("html", f"{run}/artifacts/report.html", "report.html", True),
        ("traces", f"/experiments/{experiment}/traces", "what is this?", False),
        (
            "trace",
            f"/experiments/{experiment}/traces?selectedEvaluationId={trace}",
            "Inputs",
            True,
        ),
        ("models", "/models", "visited-model", False),
        ("model", "/models/visited-model", "champion", False),
        ("version", "/models/visited-model/versions/1", "Version 1", False),
        ("logged-models", f"/experiments/{experiment}/models", "echo", False),
        ("logged-model", f"/experiments/{experiment}/models/{ids['model']}", "echo", False),
    ]
    pictures.mkdir(parents=True, exist_ok=True)
    for name, fragment, text, reload in views:
        try:
            watched.go(fragment, text, reload=reload)
        except TimeoutError as error:
            watched.page.screenshot(path=pictures / f"{version}-{name}-failed.png")
            raise AssertionError(f"{name}: {text!r} did not appear; {watched.record}") from error
        if name == "text":
            watched.page.get_by_text("read me.txt").first.click()
            watched.see("The notes of this run.")
            watched.settle()
        watched.page.screenshot(path=pictures / f"{version}-{name}.png")


def compare_runs(watched: Watched, ids: dict, picture: Path) -> None:
    """The page with the parallel-coordinates plot."""
    first, second = ids["runs"][:2]
    runs, experiments = json.dumps([first, second]), json.dumps([ids["experiment"]])
    watched.go(f"/compare-runs?runs={runs}&experiments={experiments}", "Comparing 2 Runs")
    watched.page.screenshot(path=picture)
