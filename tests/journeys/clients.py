"""Runs client_checks.py in the venv of a mlflow version."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from programs import VENVS, environment

CHECKS = Path(__file__).with_name("client_checks.py")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Outcome:
    checks: int
    problems: dict[str, str]
    errors: str


def run_client(
    version: str,
    uri: str,
    *,
    server: str,
    largest: int,
    seconds: float = 600,
    env: Mapping[str, str] | None = None,
) -> Outcome:
    """All checks with client `version` against `uri`. No retries: a failure must be seen."""
    name = f"j{next(_numbers)}-{version}"
    done = subprocess.run(
        [VENVS / f"mlflow-{version}/bin/python", CHECKS, uri, server, name, str(largest)],
        env=environment(
            MLFLOW_DISABLE_TELEMETRY="true",
            MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
            GIT_PYTHON_REFRESH="quiet",
            PYTHONWARNINGS="ignore",
            **(env or {}),
        ),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    # The client prints links of its own between our lines.
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"check"')]
    problems = {line["check"]: line["problem"] for line in lines if line["problem"]}
    if done.returncode and not problems:
        problems["the program"] = f"ended with {done.returncode}"
    return Outcome(len(lines), problems, done.stderr[-4000:])
