"""Starts the local stack for a person: ./run builds, then calls this."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path

from child import ChildDied
from programs import ROOT, VENVS, environment
from sign_in import SignIn, who_may
from stack import Stack

STARTED = time.monotonic()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Builds Signet and runs it on this machine: real MLflow servers, a stand-in "
        "for AWS that checks every signature, an identity provider, and Signet in front. Ctrl-C "
        "ends all of it.",
    )
    parser.add_argument("--port", type=int, default=8080, help="Signet's port (8080; 0: any free)")
    parser.add_argument(
        "--without-aws",
        action="store_true",
        help="no stand-in: Signet talks straight to the MLflow servers, nothing is signed",
    )
    parser.add_argument(
        "--without-sign-in",
        action="store_true",
        help="no identity provider: everybody may do everything, scripts need no token",
    )
    parser.add_argument(
        "--data", type=Path, default=ROOT / ".state", help="where data is kept (.state)"
    )
    parser.add_argument("--sample", action="store_true", help="log a few sample runs to look at")
    return parser.parse_args()


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:4.0f} s] {text}", flush=True)


def log_samples(stack: Stack) -> None:
    say("logging sample runs")
    # Signet would ask for a token, so they go straight to the MLflow server of the default app.
    address = stack.mlflow["new"] if stack.providers else stack.url
    subprocess.run(
        [VENVS / "mlflow-new/bin/python", ROOT / "local/sample.py", address],
        env=environment(
            MLFLOW_DISABLE_TELEMETRY="true",
            GIT_PYTHON_REFRESH="quiet",
            # The addresses that it would print are not Signet's.
            MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true" if stack.providers else "false",
        ),
        check=True,
    )


def people(stack: Stack) -> str:
    """Who can sign in, and what for."""
    default = next(app.name for app in stack.apps if app.default)
    lines = [
        f"    {person.name:13} {', '.join(person.groups) or 'no group':19} {may}"
        for person, may in who_may(default)
    ]
    return "\n".join(["  Sign in as one of these, by one click:", *lines, "", ""])


def announce(stack: Stack) -> None:
    example = next(app.name for app in stack.apps if not app.default)
    token = f"""
                    export MLFLOW_TRACKING_TOKEN=sgn_…    # make one at {stack.url}/app/tokens"""
    print(
        f"""
  Signet is ready:  {stack.url}/app

{people(stack) if stack.providers else ""}\
  for scripts:      export MLFLOW_TRACKING_URI={stack.url}
                    export MLFLOW_TRACKING_URI={stack.url}/apps/{example}\
{token if stack.providers else ""}
  metrics:          {stack.gateway.admin}/metrics
  logs and data:    {stack.folder}

  Ctrl-C ends it.
""",
        flush=True,
    )


def end(number: int, _: object) -> None:
    # A second signal must not break the clean-up that the first one began.
    for later in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(later, signal.SIG_IGN)
    raise SystemExit(0 if number == signal.SIGINT else 128 + number)


def main() -> int:
    wanted = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    stack = Stack(
        wanted.data,
        aws=not wanted.without_aws,
        port=wanted.port,
        sign_in=None if wanted.without_sign_in else SignIn(),
        progress=say,
    )
    try:
        with stack:
            if wanted.sample:
                log_samples(stack)
            announce(stack)
            stack.watch()
    except (ChildDied, FileNotFoundError, subprocess.CalledProcessError) as error:
        print(f"./run: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
