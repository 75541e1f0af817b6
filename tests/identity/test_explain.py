"""`signet explain` says what the gateway then does."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from test_bearer import ASKS, MAY, RULES, bearer, begin, claims

from hostile_provider import HostileProvider
from minting import mint
from programs import environment, signet_binary
from scripted_origin import Origin
from signet_process import Signet

Start = Callable[..., Signet]
CONFIG = {
    "apps": [
        {"name": name, "kind": "mlflow", "endpoint": "http://127.0.0.1:1"}
        for name in ("plain", "signed")
    ],
    "identity": {"bearer": [{"issuer": "https://login.example.com", "audience": "signet"}]},
    "access": RULES,
}


def explain(
    folder: Path, *words: str, document: dict | None = None
) -> subprocess.CompletedProcess[str]:
    file = folder / "signet.yaml"
    state = {"state": {"sqlite": str(folder / "s.db")}, "spool": {"directory": str(folder / "s")}}
    file.write_text(yaml.safe_dump((CONFIG if document is None else document) | state))
    command = [signet_binary(), "explain", "--config", file, *words]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["--person", "robot-1", "POST", "/apps/plain/api/2.0/mlflow/runs/create"],
            "deny: access.rules[0] (signet.yaml:6:5) gives READ, but createRun takes EDIT",
        ),
        (
            [
                "--person",
                "x",
                "--group",
                "team-a",
                "POST",
                "/apps/plain/api/2.0/mlflow/runs/create",
            ],
            "allow: access.rules[1] (signet.yaml:11:5) gives EDIT, and createRun takes EDIT",
        ),
        (
            ["--person", "ZOE@example.com", "GET", "/apps/signed/version?a=b"],
            "allow: ",
        ),
        (
            [
                "--person",
                "x",
                "--group",
                "interns",
                "--group",
                "team-a",
                "GET",
                "/apps/plain/version",
            ],
            "allow: ",
        ),
        (
            ["--person", "x", "GET", "/apps/signed/api/2.0/mlflow/experiments/get"],
            "deny: no rule gives anything on app signed, and getExperiment takes READ",
        ),
        (
            ["--person", "x", "--group", "ml-platform", "GET", "/api/2.0/mlflow/users/list"],
            "allow: an administrator by access.admins",
        ),
        (["--person", "x", "GET", "/api/2.0/mlflow/users/list"], "deny: "),
        (["--person", "x", "GET", "/apps/plain/nothing"], "deny: 403 "),
        (["--person", "x", "GET", "/apps/nobody/"], "deny: 404 "),
        (["--person", "x", "GET", "/app"], "the portal's files, for everybody"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_it_says(tmp_path: Path, words: list[str], expected: str) -> None:
    done = explain(tmp_path, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert expected in done.stdout.replace(f"{tmp_path}/", ""), done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["--person", "x", "GET", "/a/../b"],
        ["--person", "x", "GET", "no-slash"],
        ["--person", "x", "G T", "/version"],
        ["--person", "x", "GET", "/version\r\nA: b"],
        ["GET", "/version"],
        ["--person", "x", "GET"],
    ],
    ids=repr,
)
def test_wrong_use(tmp_path: Path, words: list[str]) -> None:
    done = explain(tmp_path, *words)
    assert done.returncode == 2
    assert done.stdout == "" and done.stderr


def test_a_bad_configuration(tmp_path: Path) -> None:
    done = explain(tmp_path, "--person", "x", "GET", "/version", document={"apps": 1})
    assert done.returncode == 2 and ":1:" in done.stderr


@pytest.mark.parametrize("who", MAY)
def test_it_agrees_with_the_gateway(
    start: Start, origin: Origin, provider: HostileProvider, tmp_path: Path, who: str
) -> None:
    groups, person, *_ = MAY[who]
    signet = begin(start, origin, provider)
    document = {key: signet.document[key] for key in ("apps", "identity", "access")}
    token = mint(claims(provider, groups=groups, sub=person), provider.keys[0])
    headers = bearer(token) | {"Content-Type": "application/json"}
    options = [word for group in groups for word in ("--group", group)]
    for app in ("plain", "signed"):
        for method, path, body in ASKS.values():
            answer = signet.ask(app, path, method, body, headers)
            words = ["--person", person, *options, method, f"/apps/{app}{path}"]
            said = explain(tmp_path, *words, document=document).stdout
            verdict = "allow" if answer.status == 200 else "deny"
            assert f"decision   {verdict}: " in said, (answer, said)
