"""An administrator, an editor, a reader and somebody without any rule: what each may on two apps,
for every row of the endpoint table, with the real client, and in MLflow's own UI."""

from __future__ import annotations

import csv
import http.client
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

HERE = Path(__file__).parent
sys.path += [str(HERE.parent / name) for name in ("chaos", "idp")]

from browser import chromium, visit  # noqa: E402
from hostile_provider import HostileProvider  # noqa: E402
from idp import ADA, ED, NORA, PEOPLE, RITA, Person  # noqa: E402
from minting import mint  # noqa: E402
from programs import VENVS, environment  # noqa: E402
from scripted_origin import Origin  # noqa: E402
from sign_in import access  # noqa: E402
from signet_process import Signet, plain_app  # noqa: E402
from stack import Gateway, Stack  # noqa: E402
from test_browser import KNOWN  # noqa: E402
from visitor import SECONDS, Visitor, visiting  # noqa: E402
from waiting import until  # noqa: E402
from wire import ask  # noqa: E402

TABLE = HERE.parents[1] / "src/access/mlflow-endpoints.csv"
PREFIXES = {"api+ajax": ("/api", "/ajax-api"), "api": ("/api",), "ajax": ("/ajax-api",)}
NEEDS = {"read": "READ", "use": "USE", "write": "EDIT", "delete": "MANAGE"}
ORDER = ("NO_PERMISSIONS", "READ", "USE", "EDIT", "MANAGE")
ADMINS = ("admin", "admin-read")
# The rules of ./run: who has what on the default app, and on the other.
HAS = {
    ADA.id: ("MANAGE", "MANAGE"),
    ED.id: ("EDIT", "NO_PERMISSIONS"),
    RITA.id: ("READ", "READ"),
    NORA.id: ("NO_PERMISSIONS", "NO_PERMISSIONS"),
}
EXCUSED = (
    # Which requests are refused each test looks at by itself.
    re.compile(r"status of 403 "),
    re.compile(r"ResizeObserver loop completed"),
)
VERSIONS = {"research": "new", "sandbox": "310"}


def refusal(person: Person, app: str, is_default: bool, kind: str, operation: str) -> str:
    """What the person is told, or nothing when they may."""
    has = HAS[person.id][0 if is_default else 1]
    if kind == "public" or person is ADA:
        return ""
    if kind in ADMINS:
        return f"{operation} is for administrators."
    needs = NEEDS[kind]
    if ORDER.index(has) >= ORDER.index(needs):
        return ""
    have = "no permission" if has == "NO_PERMISSIONS" else has
    return f"You have {have} on app {app}; {operation} takes {needs}."


# ---- every row of the table ----


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    operation: str
    kind: str
    denied: bool


def rows() -> list[Row]:
    with TABLE.open(newline="") as file:
        table = list(csv.DictReader(file))
    found = []
    for row in table:
        path = re.sub(r"<path:\w+>|\{\w+:path\}", "a/b.txt", row["path"])
        path = re.sub(r"\{[\w.]+\}", "x1", path)
        denied = bool(re.search(r"\b[Dd]eny( this spelling)?$", row["notes"]))
        found += [
            Row(row["method"], prefix + path, row["operation"], row["access"], denied)
            for prefix in PREFIXES.get(row["prefixes"], ("",))
        ]
    return found


@pytest.fixture(scope="module")
def issuer() -> Iterator[HostileProvider]:
    with HostileProvider() as made:
        yield made


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    made = Origin()
    yield made
    made.refuse()


@pytest.fixture(scope="module")
def signet(out: Path, origin: Origin, issuer: HostileProvider) -> Iterator[Signet]:
    bearer = {"issuer": issuer.url, "audience": "signet", "claims": {"person": "email"}}
    made = Signet(
        out / "who_may",
        [plain_app(origin.url), plain_app(origin.url, "other")],
        config={
            "identity": {"bearer": [bearer]},
            "access": access("plain"),
        },
    )
    yield made
    made.stop()
    made.child.stop()


def token(issuer: HostileProvider, person: Person) -> str:
    now = 1_000_000_000
    claims = {
        "iss": issuer.url,
        "aud": "signet",
        "sub": person.id,
        "email": person.email,
        "email_verified": True,
        "groups": list(person.groups),
        "iat": now,
        "exp": 4_000_000_000,
    }
    return mint(claims, issuer.keys[0])


class Caller:
    """Asks over one connection."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = headers

    def ask(self, method: str, path: str) -> tuple[int, str, dict[str, Any]]:
        """Status, refusal, and the body where it is JSON."""
        body = b"{}" if method in ("POST", "PUT", "PATCH") else None
        headers = self._headers | ({"Content-Type": "application/json"} if body else {})
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        try:
            said = json.loads(text)
        except ValueError:
            said = {}
        return answer.status, answer.headers.get("x-signet-refusal", ""), said


def test_the_table_has_all_classes() -> None:
    kinds = Counter(row.kind for row in rows())
    assert set(kinds) == {*NEEDS, *ADMINS, "public"}
    assert sum(kinds.values()) > 500


@pytest.mark.parametrize("app", ["plain", "other"])
@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.id)
def test_every_row_for_everybody(
    signet: Signet, origin: Origin, issuer: HostileProvider, person: Person, app: str
) -> None:
    headers = {"Authorization": f"Bearer {token(issuer, person)}"}
    version = f"/apps/{app}/version"
    until("known", lambda: ask(signet.port, version, headers=headers).status == 200)
    caller = Caller(signet.port, headers)
    wrong = []
    outcomes: Counter[tuple[str, bool]] = Counter()
    for row in rows():
        before = len(origin.requests)
        status, why, said = caller.ask(row.method, f"/apps/{app}{row.path}")
        reached = len(origin.requests) - before
        seen = (status, why, said.get("error_code"), said.get("message"))
        if row.denied:
            right = seen[:3] == (403, "unknown-route", "PERMISSION_DENIED") and not reached
        elif message := refusal(person, app, app == "plain", row.kind, row.operation):
            right = seen == (403, "forbidden", "PERMISSION_DENIED", message) and not reached
            outcomes[row.kind, False] += 1
        else:
            # Some are answered by Signet itself.
            right = status == 200 and reached <= 1
            outcomes[row.kind, True] += 1
        if not right:
            wrong.append((row, seen, reached))
    assert wrong == []
    assert outcomes.total() > 500
    assert all(allowed == (outcomes[kind, False] == 0) for kind, allowed in outcomes)


@pytest.mark.parametrize("app", ["plain", "other"])
def test_nobody_known_gets_nothing(signet: Signet, origin: Origin, app: str) -> None:
    caller = Caller(signet.port, {})
    before = len(origin.requests)
    for row in rows():
        status, why, _ = caller.ask(row.method, f"/apps/{app}{row.path}")
        wanted = (403, "unknown-route") if row.denied else (401, "unauthenticated")
        assert (status, why) == wanted, row
    assert len(origin.requests) == before


# ---- with the client ----


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def visitor(
    people_stack: Stack,
    browser: Browser,
    gateway_of: Callable[[str], Gateway],
    out: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Visitor]:
    assert people_stack.providers is not None
    known = tuple(people_stack.providers.urls.values())
    pictures = out / "screenshots/who-may"
    failed = request.session.testsfailed

    with visiting(browser, gateway_of("corp"), pictures, known, EXCUSED) as made:
        yield made
        if request.session.testsfailed > failed:
            made.page.screenshot(path=pictures / f"failed-{request.node.originalname}.png")


def make_token(visitor: Visitor, person: Person) -> str:
    """Through the API, with a sign-in that is fresh."""
    visitor.sign_in(person, "/signet/sign-in?provider=corp&fresh=1&return=/app/signed-out")
    made = visitor.page.evaluate(
        """async (title) => {
          const found = /mlflow-request-header-X-Signet-Csrf=([^;]+)/.exec(document.cookie);
          const answer = await fetch("/signet/api/v1/tokens", {
            method: "POST",
            headers: { "content-type": "application/json", "X-Signet-Csrf": found[1] },
            body: JSON.stringify({ title, lifetime_days: 1 }),
          });
          return answer.json();
        }""",
        f"of {person.id}",
    )
    return made["secret"]


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.id)
def test_the_client(
    visitor: Visitor, ids_of_people: dict[str, dict[str, Any]], person: Person
) -> None:
    secret = make_token(visitor, person)
    for index, app in enumerate(VERSIONS):
        seeded = ids_of_people[app]
        done = subprocess.run(
            [
                VENVS / "mlflow-new/bin/python",
                HERE / "who_may_client.py",
                visitor.gateway.tracking_uri(app),
                *(seeded["experiment"], seeded["runs"][0], "visited-model"),
            ],
            env=environment(
                MLFLOW_TRACKING_TOKEN=secret,
                MLFLOW_DISABLE_TELEMETRY="true",
                MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
                GIT_PYTHON_REFRESH="quiet",
                PYTHONWARNINGS="ignore",
            ),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert Counter(line["class"] for line in lines) == {
            "read": 10,
            "write": 9,
            "delete": 3,
            "admin": 1,
        }, done.stderr
        has = HAS[person.id][index]
        for number, line in enumerate(lines):
            kind, problem = line["class"], line["problem"]
            what = (app, number, line)
            if person is ADA or (kind in NEEDS and ORDER.index(has) >= ORDER.index(NEEDS[kind])):
                assert problem == "", what
            elif kind == "admin":
                assert "PERMISSION_DENIED: listWebhooks is for administrators." in problem, what
            elif has == "NO_PERMISSIONS":
                # Some begin with a look.
                said = rf"You have no permission on app {app}; \w+ takes ({NEEDS[kind]}|READ)\."
                assert "PERMISSION_DENIED" in problem and re.search(said, problem), what
            else:
                said = rf"You have {has} on app {app}; \w+ takes {NEEDS[kind]}\."
                assert "PERMISSION_DENIED" in problem and re.search(said, problem), what


# ---- in the UI ----


def forbidden(visitor: Visitor, app: str) -> list[list[str]]:
    """Requests that were refused: method and address below the app's mount, without its query."""
    found = {
        (method, address.removeprefix(f"apps/{app}/").partition("?")[0])
        for (method, address), statuses in visitor.record.answers.items()
        if 403 in statuses
    }
    return sorted([method, address] for method, address in found)


def complaints(visitor: Visitor) -> set[str]:
    """What MLflow's page shows as an error."""
    found = visitor.page.locator("[role=alert]:visible, .du-bois-light-notification-notice:visible")
    return {text.strip() for text in found.all_inner_texts()} - {""}


@pytest.mark.parametrize("app", ["research", pytest.param("sandbox", marks=pytest.mark.long)])
def test_a_reader_sees_everything_whole(
    visitor: Visitor,
    ids_of_people: dict[str, dict[str, Any]],
    out: Path,
    app: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = VERSIONS[app]
    shown: set[str] = set()
    settle = visitor.settle

    def settle_and_look() -> None:
        settle()
        shown.update(complaints(visitor))

    visitor.sign_in(RITA)
    visitor.is_in_bar(RITA)
    visitor.base = f"{visitor.gateway.url}/apps/{app}/"
    monkeypatch.setattr(visitor, "settle", settle_and_look)
    try:
        visit(visitor, ids_of_people[app], version, out / f"screenshots/who-may/reader-{app}")
    finally:
        monkeypatch.undo()
        visitor.base = visitor.gateway.url + "/"
    known = KNOWN["shown_to_readers"]
    assert [text for text in shown if text.replace(app, "APP") not in known] == []
    assert forbidden(visitor, app) == KNOWN["forbidden_to_readers"][version]


def test_a_reader_is_told_why_not_to_change(
    visitor: Visitor, ids_of_people: dict[str, dict[str, Any]]
) -> None:
    experiment, run = ids_of_people["research"]["experiment"], ids_of_people["research"]["runs"][0]
    visitor.sign_in(RITA, f"/app/research/experiments/{experiment}/runs/{run}")
    visitor.shows("visited run 1")
    inside = visitor.page.frame_locator("iframe")
    inside.get_by_role("button", name="Open header dropdown menu").click()
    inside.get_by_role("menuitem", name="Rename").click()
    inside.get_by_test_id("rename-modal-input").fill("not mine")
    inside.get_by_role("dialog").get_by_role("button", name="Save").click()
    visitor.shows("You have READ on app research; updateRun takes EDIT.")
    visitor.picture("reader-renames")
    assert ["POST", "ajax-api/2.0/mlflow/runs/update"] in forbidden(visitor, "research")


def test_an_editor_changes_but_does_not_delete(
    visitor: Visitor, ids_of_people: dict[str, dict[str, Any]]
) -> None:
    experiment, run = ids_of_people["research"]["experiment"], ids_of_people["research"]["runs"][2]
    visitor.sign_in(ED, f"/app/research/experiments/{experiment}/runs/{run}")
    visitor.shows("visited run 3")
    inside = visitor.page.frame_locator("iframe")
    inside.get_by_role("button", name="Edit description").click()
    inside.locator("textarea:visible").first.fill("Described by an editor.")
    inside.get_by_role("button", name="Save", exact=True).click()
    visitor.shows("Described by an editor.")
    inside.get_by_role("button", name="Open header dropdown menu").click()
    inside.get_by_role("menuitem", name="Delete").click()
    inside.get_by_role("button", name="Delete selected").click()
    visitor.shows("You have EDIT on app research; deleteRun takes MANAGE.")
    visitor.picture("editor-deletes")


def test_who_has_nothing_on_an_app_does_not_see_it(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in(ED)
    visitor.is_in_bar(ED)
    visitor.see("Research")
    expect(page.get_by_text("Sandbox")).to_have_count(0)
    visitor.picture("editor-list")
    visitor.open("/app/sandbox")
    visitor.see("There is no app called “sandbox”")
    visitor.picture("editor-sandbox")
    visitor.open("/app")
    visitor.sign_out()
    page.get_by_role("heading", name="You are signed out").wait_for()
    visitor.sign_in(NORA)
    visitor.is_in_bar(NORA)
    expect(page.get_by_text("Research")).to_have_count(0, timeout=SECONDS)
    visitor.picture("nobody-list")
    visitor.open("/apps/research/")
    visitor.settle()
    visitor.picture("nobody-mlflow")
