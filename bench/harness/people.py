"""An identity provider and somebody who signs in there, for the comparison with sign-in on.

Runs as a program of the tests' Python, since it uses their provider and their browser:
    people.py provider        prints the issuer's address, and serves until it is ended
    people.py sign-in PORT    prints the session's cookies, the CSRF token and a token, as JSON
"""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv/test/bin/python"


@dataclass(frozen=True)
class Credentials:
    """As header fields. A session's requests that change something repeat its CSRF token."""

    session: tuple[str, ...]
    token: tuple[str, ...]


def identity_config(issuer: str) -> str:
    return f"""
identity:
  providers: [{{name: corp, issuer: "{issuer}", client_id: signet, client_secret: signet-secret}}]
access:
  admins: {{groups: [nobody-here]}}
  rules:
    - {{groups: [everyone], apps: ["*"], permission: READ}}
    - {{groups: [team-a], apps: ["*"], permission: EDIT}}
    - {{groups: [team-b], apps: [plain], permission: MANAGE}}
"""


def start_provider() -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [str(PYTHON), __file__, "provider"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def sign_in(port: int) -> Credentials:
    done = subprocess.run(
        [str(PYTHON), __file__, "sign-in", str(port)], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    return Credentials(
        (f"Cookie: {said['cookie']}", f"X-Signet-Csrf: {said['csrf']}"),
        (f"Authorization: Bearer {said['token']}",),
    )


def main(words: list[str]) -> None:
    sys.path += [str(ROOT / "tests" / name) for name in ("idp", "chaos", "identity", "journeys")]
    sys.path += [str(ROOT / "local"), str(ROOT / "tests")]
    if words[0] == "provider":
        from hostile_provider import HostileProvider

        with HostileProvider() as provider:
            provider.person["groups"] = [f"group-{i}" for i in range(4)] + ["team-a"]
            print(provider.url, flush=True)
            signal.sigwait([signal.SIGINT, signal.SIGTERM])
        return
    from web_browser import CSRF_COOKIE, WebBrowser

    browser = WebBrowser(int(words[1]))
    browser.sign_in()
    made = browser.fetch("/signet/api/v1/tokens", "POST", {"title": "bench"})
    assert made.status == 201, (made.status, made.body)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    said = {"cookie": cookies, "csrf": browser.cookies[CSRF_COOKIE], "token": made.json()["secret"]}
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])
