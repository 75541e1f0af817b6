"""The portal around MLflow: the list, an app in its frame, and addresses that can be shared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from browser import Watched, chromium
from stack import Stack
from test_browser import seed, unexplained

SECONDS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def ids(stack: Stack) -> dict[str, Any]:
    return seed("new", stack.mlflow["new"])


@pytest.fixture
def portal(stack: Stack, browser: Browser) -> Iterator[Watched]:
    """A page that must not complain, nor ask anybody but Signet."""
    watched = Watched(browser, stack.url + "/")
    yield watched
    watched.settle()
    watched.close()
    assert watched.outside() == []
    assert watched.record.breaches == []
    assert watched.record.page_errors == []
    assert unexplained(watched.record.console_errors) == []


def shows(watched: Watched, text: str) -> None:
    """In MLflow's frame."""
    inside = watched.page.frame_locator("iframe").get_by_text(text)
    inside.locator("visible=true").first.wait_for()


def test_the_list_of_apps(stack: Stack, portal: Watched, out: Path) -> None:
    answer = portal.page.goto(stack.url + "/")
    assert answer is not None and answer.ok
    expect(portal.page).to_have_url(stack.url + "/app", timeout=SECONDS)
    for app in stack.apps:
        portal.see(app.title or app.name)
    pictures = out / "screenshots/portal"
    pictures.mkdir(parents=True, exist_ok=True)
    portal.page.screenshot(path=pictures / "list.png")


@pytest.mark.parametrize("app", ["research", "sandbox"])
def test_an_app_fills_its_frame(
    stack: Stack, portal: Watched, ids: dict[str, Any], out: Path, app: str
) -> None:
    portal.page.goto(f"{stack.url}/app/{app}")
    # Which experiments are the recent ones depends on the tests before.
    shows(portal, "Recent Experiments")
    source = portal.page.locator("iframe").get_attribute("src") or ""
    assert f"/apps/{app}/" in source
    box = portal.page.locator("iframe").bounding_box()
    assert box is not None and box["width"] > 1000 and box["height"] > 600, box
    portal.page.screenshot(path=out / f"screenshots/portal/{app}.png")


def test_a_deep_link_opens_its_page_and_survives_a_reload(
    stack: Stack, portal: Watched, ids: dict[str, Any]
) -> None:
    experiment, run = ids["experiment"], ids["runs"][1]
    address = f"{stack.url}/app/research/experiments/{experiment}/runs/{run}"
    portal.page.goto(address)
    shows(portal, "visited run 2")
    expect(portal.page).to_have_url(re.compile(re.escape(address)), timeout=SECONDS)
    portal.page.reload()
    shows(portal, "visited run 2")
    expect(portal.page).to_have_url(re.compile(re.escape(address)), timeout=SECONDS)


def test_steps_inside_mlflow_show_in_the_address(
    stack: Stack, portal: Watched, ids: dict[str, Any]
) -> None:
    experiment, run = ids["experiment"], ids["runs"][0]
    portal.page.goto(f"{stack.url}/app/research/experiments/{experiment}/runs")
    shows(portal, "visited run 1")
    portal.page.frame_locator("iframe").get_by_text("visited run 1").first.click()
    inside = re.compile(rf"/app/research/experiments/{experiment}/runs/{run}")
    expect(portal.page).to_have_url(inside, timeout=SECONDS)
    shows(portal, "depth")
    portal.page.go_back()
    shows(portal, "visited run 3")
    expect(portal.page).not_to_have_url(inside, timeout=SECONDS)
    portal.page.go_forward()
    expect(portal.page).to_have_url(inside, timeout=SECONDS)
    shows(portal, "depth")


def test_a_link_that_mlflow_printed_opens_in_the_portal(
    stack: Stack, portal: Watched, ids: dict[str, Any]
) -> None:
    experiment, run = ids["experiment"], ids["runs"][2]
    page = f"/experiments/{experiment}/runs/{run}"
    portal.page.goto(f"{stack.url}/#{page}")
    shows(portal, "visited run 3")
    address = re.compile(re.escape(f"{stack.url}/app/research{page}"))
    expect(portal.page).to_have_url(address, timeout=SECONDS)
