"""People sign in with a browser: from wherever they were going, with MLflow's own UI, until their
session ends one way or another."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, expect

from browser import chromium
from idp import ADA, ED, IdpControl
from programs import VENVS, environment
from stack import Gateway, Stack
from visitor import REFRESH_SECONDS, Visitor, access_log, visiting

SEARCH = "/apps/research/ajax-api/2.0/mlflow/experiments/search?max_results=1"
VERSIONS = {"research": "new", "sandbox": "310"}
LOOK = "import mlflow; print(len(mlflow.search_experiments()), 'experiments')"
LONG = pytest.mark.long
EXCUSED = (
    # MLflow asks whether the name of a new experiment is free.
    re.compile(r"status of 404 .*/experiments/get-by-name\?"),
    # The portal then asks to sign in again.
    re.compile(r"status of 403 .*/signet/api/v1/(tokens|device/grants)\]"),
    re.compile(r"ResizeObserver loop completed"),
    # Of a page that names no icon, as /health.
    re.compile(r"status of 403 .*/favicon\.ico\]"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def run(ids_of_people: dict[str, dict[str, Any]]) -> str:
    """The route of a run of research in MLflow."""
    seeded = ids_of_people["research"]
    return f"/experiments/{seeded['experiment']}/runs/{seeded['runs'][0]}"


@pytest.fixture
def control(people_stack: Stack) -> IdpControl:
    assert people_stack.providers is not None
    found = people_stack.providers.control["corp"]
    found.reset_counts()
    return found


@pytest.fixture
def visit(
    people_stack: Stack,
    browser: Browser,
    gateway_of: Callable[[str], Gateway],
    out: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Visitor]:
    """A new browser at the gateway that the test's parameter or marker names, or at corp."""
    assert people_stack.providers is not None
    marker = request.node.get_closest_marker("gateway")
    gateway = gateway_of(marker.args[0] if marker else "corp")
    known = tuple(people_stack.providers.urls.values())

    pictures = out / "screenshots/sign-in"
    failed = request.session.testsfailed
    with visiting(browser, gateway, pictures, known, EXCUSED) as visitor:
        yield visitor
        if request.session.testsfailed > failed:
            visitor.page.screenshot(path=pictures / f"failed-{request.node.originalname}.png")


def test_one_click_signs_in(visit: Visitor, control: IdpControl) -> None:
    visit.open("/")
    visit.asks_who()
    visit.choose(ADA)
    visit.is_at("/app")
    visit.is_in_bar(ADA)
    visit.see("Research")
    visit.see("Sandbox")
    visit.picture("list")
    visit.page.get_by_role("button", name="Account of").click()
    visit.see(ADA.email)
    visit.picture("person")
    assert control.counts()["token_authorization_code"] == 1


@pytest.mark.parametrize(
    ("link", "lands"),
    [
        ("/app/research{run}", "/app/research{run}"),
        ("/#{run}", "/app/research{run}"),
        pytest.param("/app/research#{run}", "/app/research{run}", marks=LONG),
        pytest.param(
            "/app/research{run}/model-metrics", "/app/research{run}/model-metrics", marks=LONG
        ),
        pytest.param(
            "/app/sandbox#/models/visited-model", "/app/sandbox/models/visited-model", marks=LONG
        ),
    ],
)
def test_a_link_into_the_portal_is_kept(visit: Visitor, run: str, link: str, lands: str) -> None:
    visit.sign_in(ADA, link.format(run=run))
    visit.shows("visited-model" if "model/" in lands or "/models/" in lands else "visited run 1")
    visit.is_at(lands.format(run=run))
    visit.is_in_bar(ADA)


@pytest.mark.parametrize("mount", ["/apps/research/", pytest.param("/mlflow-ui/", marks=LONG)])
def test_a_link_to_mlflow_itself_is_kept(visit: Visitor, run: str, mount: str) -> None:
    visit.sign_in(ADA, f"{mount}#{run}/model-metrics")
    visit.see("visited run 1")
    visit.is_at(f"{mount}#{run}/model-metrics")


@LONG
def test_a_link_to_what_is_not_there_is_kept(visit: Visitor) -> None:
    visit.sign_in(ADA, "/app/research/experiments/7/runs/abc?x=y")
    visit.is_at("/app/research/experiments/7/runs/abc?x=y")
    visit.is_in_bar(ADA)
    # What it says of such a run is MLflow's own affair, and so are its errors.
    visit.settle()
    visit.record.console_errors.clear()


@pytest.mark.parametrize("app", ["research", pytest.param("sandbox", marks=LONG)])
def test_changes_in_the_ui_prove_where_they_come_from(
    visit: Visitor, ids_of_people: dict[str, dict[str, Any]], people_stack: Stack, app: str
) -> None:
    """Of both versions of MLflow. Whether each request has the token is looked at by `visiting`."""
    page = visit.page
    inside = page.frame_locator("iframe")
    dialog = inside.get_by_role("dialog")
    visit.sign_in(ADA, f"/app/{app}/experiments")
    visit.shows("Visited experiment")
    name = f"Made in the browser {time.time_ns()}"
    inside.get_by_role("button", name="Create", exact=True).click()
    inside.get_by_placeholder("Input an experiment name").fill(name)
    dialog.get_by_role("button", name="Create", exact=True).click()
    visit.shows(name)

    experiment, run_id = ids_of_people[app]["experiment"], ids_of_people[app]["runs"][1]
    visit.open(f"/app/{app}/experiments/{experiment}/runs/{run_id}")
    visit.shows("visited run 2")
    inside.get_by_role("button", name="Add tags").click()
    dialog.get_by_role("combobox").fill("team")
    page.keyboard.press("Enter")
    dialog.get_by_label("Value").fill("a + b")
    dialog.get_by_label("Add tag").click()
    dialog.get_by_role("button", name="Save tags").click()
    visit.shows("a + b")
    inside.get_by_role("button", name="Edit description").click()
    inside.locator("textarea:visible").first.fill("Described in the browser.")
    inside.get_by_role("button", name="Save", exact=True).click()
    visit.shows("Described in the browser.")
    inside.get_by_role("button", name="Open header dropdown menu").click()
    inside.get_by_role("menuitem", name="Rename").click()
    inside.get_by_test_id("rename-modal-input").fill("renamed run")
    dialog.get_by_role("button", name="Save").click()
    visit.shows("renamed run")
    visit.picture(f"changed-{app}")
    inside.get_by_role("button", name="Open header dropdown menu").click()
    inside.get_by_role("menuitem", name="Delete").click()
    with page.expect_response("**/runs/delete") as deleted:
        inside.get_by_role("button", name="Delete selected").click()
    assert deleted.value.status == 200
    visit.settle()

    sent = {one.path.rpartition("/mlflow/")[2] for one in visit.unsafe}
    assert sent >= {"experiments/create", "runs/set-tag", "runs/update", "runs/delete"}
    # Playwright does not see what a worker sends; the gateway does.
    refused = [
        (line["method"], line["path"])
        for line in access_log(visit.gateway.log)
        if line["refusal"] == "cross-site"
    ]
    assert refused == []
    directly = people_stack.mlflow[VERSIONS[app]] + "/api/2.0/mlflow/runs"
    found = requests.get(f"{directly}/get", params={"run_id": run_id}, timeout=60)
    back = found.json()["run"]
    assert (back["info"]["run_name"], back["info"]["lifecycle_stage"]) == ("renamed run", "deleted")
    assert {"key": "team", "value": "a + b"} in back["data"]["tags"]


@pytest.mark.gateway("short")
@pytest.mark.parametrize(
    ("place", "remembered"),
    [
        ("/app/research{}", False),
        pytest.param("/app/research{}", True, marks=LONG),
        pytest.param("/apps/research/#{}", False, marks=LONG),
        pytest.param("/apps/research/#{}", True, marks=LONG),
    ],
)
def test_a_session_that_ends_under_mlflow_leads_back_to_its_page(
    visit: Visitor, control: IdpControl, run: str, place: str, remembered: bool
) -> None:
    visit.sign_in(ADA, place.format(run))
    framed = place.startswith("/app/")
    inside = visit.page.frame_locator("iframe") if framed else visit.page
    shows = visit.shows if framed else visit.see
    shows("visited run 1")
    visit.settle()
    visit.forget_sign_in()
    if not remembered:
        control.sign_out("ada")
    visit.page.wait_for_timeout(7500)
    inside.get_by_role("tab", name="Artifacts").click()
    if not remembered:
        visit.asks_who()
        visit.picture("ended-under-mlflow")
        visit.choose(ADA)
    shows("report.html")
    visit.is_at(place.format(f"{run}/artifacts"))


@LONG
@pytest.mark.gateway("short")
def test_a_session_that_ends_under_the_portal_leads_back(visit: Visitor) -> None:
    visit.sign_in(ED)
    visit.is_in_bar(ED)
    visit.forget_sign_in()
    visit.page.wait_for_timeout(7500)
    visit.open("/app/tokens")
    visit.page.get_by_role("heading", name="My tokens").wait_for()
    visit.is_at("/app/tokens")
    visit.is_in_bar(ED)


def test_sign_out_ends_the_providers_session_too(
    visit: Visitor, control: IdpControl, run: str
) -> None:
    visit.sign_in(ADA, f"/app/research{run}")
    visit.shows("visited run 1")
    visit.settle()
    visit.sign_out()
    visit.page.get_by_role("heading", name="You are signed out").wait_for()
    visit.is_at("/app/signed-out")
    visit.picture("signed-out")
    assert control.counts()["sign_outs"] == 1
    assert visit.status("/signet/api/v1/me") == 401
    assert visit.status(SEARCH) == 401
    visit.page.get_by_role("button", name="Sign in").or_(
        visit.page.get_by_role("link", name="Sign in")
    ).click()
    # The provider has forgotten who it was.
    visit.asks_who()
    visit.choose(ED)
    visit.is_in_bar(ED)


def test_a_sign_out_at_the_provider_ends_the_session(
    visit: Visitor, control: IdpControl, run: str
) -> None:
    visit.sign_in(ADA, f"/app/research{run}")
    visit.shows("visited run 1")
    visit.settle()
    began = time.monotonic()
    done = control.sign_out("ada")
    assert done["told"] >= 1 and done["failed"] == 0
    while visit.status(SEARCH) != 401:
        assert time.monotonic() - began < 5
    assert time.monotonic() - began < 5
    visit.asks_who()
    visit.choose(ADA)
    visit.shows("visited run 1")
    visit.is_at(f"/app/research{run}")


@pytest.mark.gateway("two")
def test_two_providers_are_offered(visit: Visitor, run: str) -> None:
    visit.open(f"/app/research{run}")
    visit.page.get_by_role("heading", name="Sign in to").wait_for()
    expect(visit.page.get_by_text("Continue with Company login")).to_be_visible()
    visit.picture("chooser")
    visit.page.get_by_text("Continue with Partner login").click()
    visit.see("partner asks who you are")
    visit.choose(ADA)
    visit.shows("visited run 1")
    visit.is_at(f"/app/research{run}")
    visit.is_in_bar(ADA)


def test_a_used_callback_says_so_and_can_be_tried_again(visit: Visitor, run: str) -> None:
    callbacks: list[str] = []
    visit.page.on(
        "request",
        lambda request: callbacks.append(request.url) if "/callback/" in request.url else None,
    )
    visit.sign_in(ADA, f"/app/research{run}")
    visit.shows("visited run 1")
    visit.page.goto(callbacks[0])
    visit.see("The sign-in took too long, or it was used already.")
    visit.picture("expired")
    visit.page.get_by_text("Try again").click()
    visit.is_at("/app")
    visit.is_in_bar(ADA)


def test_a_denied_sign_in_says_so(visit: Visitor, people_stack: Stack) -> None:
    assert people_stack.providers is not None
    visit.open("/app")
    visit.asks_who()
    sent = next(url for url in visit.record.urls if "state=" in url)
    state = parse_qs(urlsplit(sent).query)["state"][0]
    issuer = quote(people_stack.providers.urls["corp"], safe="")
    visit.open(f"/signet/callback/corp?error=access_denied&state={state}&iss={issuer}")
    visit.see("The sign-in was cancelled, or it was denied there.")
    visit.picture("denied")


@LONG
def test_a_second_tab_needs_no_sign_in(visit: Visitor, control: IdpControl, run: str) -> None:
    visit.sign_in(ADA, "/app")
    second = visit.new_tab()
    second.goto(f"{visit.gateway.url}/app/research{run}")
    visit.shows("visited run 1", second)
    visit.is_in_bar(ADA, second)
    assert control.counts()["token_authorization_code"] == 1
    visit.sign_out(second)
    second.get_by_role("heading", name="You are signed out").wait_for()
    # The first finds out with its next step.
    visit.page.get_by_role("button", name="Account of").click()
    visit.page.get_by_role("menuitem", name="My tokens").click()
    visit.asks_who()
    visit.choose(ED)
    visit.is_at("/app/tokens")
    visit.is_in_bar(ED)


@LONG
def test_two_tabs_may_sign_in_at_once(visit: Visitor, run: str) -> None:
    visit.open(f"/app/research{run}")
    visit.asks_who()
    second = visit.new_tab()
    second.goto(f"{visit.gateway.url}/app/tokens")
    visit.asks_who(second)
    visit.choose(ADA)
    visit.shows("visited run 1")
    visit.choose(ADA, second)
    visit.is_at("/app/tokens", second)
    visit.is_in_bar(ADA, second)
    # The first goes on with the session of the second.
    visit.page.frame_locator("iframe").get_by_role("tab", name="Artifacts").click()
    visit.shows("report.html")


def test_mlflow_goes_on_after_a_new_sign_in_in_another_tab(
    visit: Visitor, ids_of_people: dict[str, dict[str, Any]]
) -> None:
    experiment = ids_of_people["research"]["experiment"]
    runs = f"/experiments/{experiment}/runs"
    visit.sign_in(ADA, f"/app/research{runs}")
    visit.shows("visited run 1")
    visit.settle()
    second = visit.new_tab()
    second.goto(visit.gateway.url + "/app")
    visit.sign_out(second)
    second.get_by_role("heading", name="You are signed out").wait_for()
    second.goto(visit.gateway.url + "/app")
    visit.choose(ADA, second)
    visit.is_in_bar(ADA, second)
    visit.page.frame_locator("iframe").get_by_text("visited run 3").first.click()
    visit.shows("depth")
    visit.picture("after-a-new-sign-in")


@pytest.mark.gateway("renews")
def test_forty_requests_at_once_renew_once(visit: Visitor, control: IdpControl, run: str) -> None:
    began = time.monotonic()
    visit.sign_in(ADA, f"/app/research{run}")
    visit.shows("visited run 1")
    visit.settle()
    # A page that asks for nothing by itself, until the session is due.
    visit.open("/health")
    visit.page.wait_for_timeout((REFRESH_SECONDS + 0.5) * 1000)
    # A slow page has renewed already, but not more often than it was due.
    before = control.counts().get("token_refresh_token", 0)
    assert before <= (time.monotonic() - began) / REFRESH_SECONDS
    statuses = visit.page.evaluate(
        """async (path) => {
          const send = (_, i) => new Promise((done, failed) => {
            const request = new XMLHttpRequest();
            request.open("GET", `${path}&page_token=&n=${i}`);
            request.onload = () => done(request.status);
            request.onerror = failed;
            request.send();
          });
          return Promise.all(Array.from({ length: 40 }, send));
        }""",
        SEARCH,
    )
    assert statuses == [200] * 40
    assert control.counts()["token_refresh_token"] == before + 1
    assert control.counts()["token_authorization_code"] == 1
    visit.open(f"/app/research{run}")
    visit.shows("visited run 1")
    visit.is_in_bar(ADA)
    assert control.counts().get("token_errors", 0) == 0


def client(uri: str, token: str) -> tuple[str, str]:
    done = subprocess.run(
        [VENVS / "mlflow-new/bin/python", "-c", LOOK],
        env=environment(
            MLFLOW_TRACKING_URI=uri, MLFLOW_TRACKING_TOKEN=token, MLFLOW_DISABLE_TELEMETRY="true"
        ),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    return done.stdout, done.stderr


def test_a_token_is_made_used_and_revoked(visit: Visitor) -> None:
    page = visit.page
    visit.sign_in(ED, "/app/tokens")
    page.get_by_text("No tokens yet").wait_for()
    visit.picture("no-tokens")
    page.get_by_role("button", name="Make token").click()
    page.get_by_placeholder("Nightly training").fill("Notebook")
    visit.picture("token-form")
    page.get_by_role("dialog").get_by_role("button", name="Make token").click()
    # The provider did not say when it last asked who somebody is.
    page.get_by_text("Please sign in again").wait_for()
    visit.picture("sign-in-again")
    page.get_by_text("Sign in again", exact=True).click()
    visit.choose(ED)
    page.get_by_role("dialog").get_by_role("button", name="Make token").click()
    page.get_by_text("“Notebook” is made").wait_for()
    secret = page.get_by_text(re.compile(r"^sgn_[0-9A-Za-z]{49}$")).first.inner_text()
    visit.picture("token-made")
    out, errors = client(visit.gateway.url, secret)
    assert out.endswith("experiments\n"), errors
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Close for good").click()
    page.get_by_role("button", name="Revoke Notebook").wait_for()
    visit.picture("tokens")
    page.get_by_role("button", name="Revoke Notebook").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    page.get_by_text("Revoked").first.wait_for()
    out, errors = client(visit.gateway.url, secret)
    assert out == "" and "UNAUTHENTICATED" in errors, errors
    assert secret not in visit.gateway.log.read_text()


def test_a_device_is_signed_in(visit: Visitor) -> None:
    api = f"{visit.gateway.url}/signet/api/v1/device"
    codes = requests.post(f"{api}/authorize", data={"client_id": "signet-cli"}, timeout=60).json()
    asked = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": codes["device_code"],
        "client_id": "signet-cli",
    }
    where = codes["verification_uri_complete"].removeprefix(visit.gateway.url)
    visit.sign_in(ED, where)
    visit.see(codes["user_code"])
    visit.is_in_bar(ED)
    visit.picture("device")
    visit.page.get_by_role("button", name="Approve").click()
    visit.page.get_by_text("Sign in again", exact=True).click()
    visit.choose(ED)
    visit.page.get_by_role("button", name="Approve").click()
    visit.see("You can close this page and go back to your")
    visit.picture("device-approved")
    time.sleep(codes["interval"])
    tokens = requests.post(f"{api}/token", data=asked, timeout=60).json()
    out, errors = client(visit.gateway.url, tokens["access_token"])
    assert out.endswith("experiments\n"), errors


@LONG
def test_nothing_secret_is_logged(visit: Visitor, run: str) -> None:
    visit.sign_in(ADA, f"/app/research{run}")
    visit.shows("visited run 1")
    cookies = {cookie["name"]: cookie["value"] for cookie in visit.page.context.cookies()}
    assert "signet" in cookies
    time.sleep(1)
    log = visit.gateway.log.read_text()
    for value in cookies.values():
        assert value not in log
    assert "code=" not in log and "state=" not in log and "local-secret" not in log
    assert json.loads(log.splitlines()[-1])
