"""How each program of the stack is started."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apps import SERVICES, App
from child import Child

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venv"
MLFLOW_VERSIONS = {"new": "3.17.2", "310": "3.10.1"}


def environment(**extra: str) -> dict[str, str]:
    """A child's environment: nothing of the caller's AWS or MLflow settings gets in."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "ASAN_OPTIONS", "TSAN_OPTIONS")
    return {name: os.environ[name] for name in kept if name in os.environ} | extra


def start_mlflow(version: str, port: int, folder: Path, log: Path) -> Child:
    """A real MLflow server; readiness is GET /health."""
    data = folder / f"mlflow-{version}"
    data.mkdir(parents=True, exist_ok=True)
    return Child(
        f"MLflow {MLFLOW_VERSIONS[version]}",
        [
            VENVS / f"mlflow-{version}/bin/mlflow",
            "server",
            *("--host", "127.0.0.1"),
            *("--port", str(port)),
            *("--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{data}/mlflow.db"),
            *("--artifacts-destination", data / "artifacts"),
        ],
        log=log,
        env=environment(
            PATH=f"{VENVS}/mlflow-{version}/bin:{os.environ['PATH']}",
            MLFLOW_DISABLE_TELEMETRY="true",
            MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
            GIT_PYTHON_REFRESH="quiet",
        ),
        folder=data,
    )


def start_moto(port: int, log: Path) -> Child:
    """moto's STS and IAM; the stand-in creates the account and turns the signature check on."""
    return Child(
        "moto",
        [VENVS / "standin/bin/moto_server", "-H", "127.0.0.1", "-p", str(port)],
        log=log,
        env=environment(),
    )


def standin_settings(
    apps: tuple[App, ...], upstreams: Mapping[str, str], ports: Mapping[str, int], keepalive: float
) -> dict[str, Any]:
    signed = [app for app in apps if app.signed and not app.endpoint]
    planes = [
        {
            "service": service,
            "port": ports[kind],
            "apps": [
                {
                    "name": app.name,
                    "arn": app.arn,
                    "upstream": upstreams[app.mlflow],
                    "managed": app.managed,
                }
                for app in signed
                if app.kind == kind
            ],
        }
        for kind, service in SERVICES.items()
    ]
    roles = [
        {"name": app.role_name, "external_id": app.external_id}
        for app in apps
        if app.signed and app.role
    ]
    return {
        "moto": f"http://127.0.0.1:{ports['moto']}",
        "sts_port": ports["sts"],
        "control_port": ports["control"],
        "keepalive": keepalive,
        "roles": roles,
        "planes": planes,
    }


def start_standin(settings: Mapping[str, Any], folder: Path, log: Path) -> Child:
    """Readiness is GET /_standin/health on the control port."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "standin.json"
    config.write_text(json.dumps(settings, indent=2))
    return Child(
        "the AWS stand-in",
        [VENVS / "standin/bin/python", "-m", "standin", "--config", config],
        log=log,
        env=environment(PYTHONUNBUFFERED="1"),
        folder=ROOT / "local",
    )


def signet_binary() -> Path:
    return Path(os.environ.get("SIGNET_BIN", ROOT / "build/release/signet")).resolve()


def start_signet(config: Mapping[str, Any], file: Path, log: Path, env: Mapping[str, str]) -> Child:
    """Readiness is GET /readyz on the admin address."""
    import yaml  # here, so that ./run --help works before anything is installed

    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(dict(config), sort_keys=False))
    portal = ROOT / "portal/dist"
    command = [signet_binary(), "serve", "--config", file, "--portal", portal]
    return Child("signet", command, log=log, env=env, folder=ROOT)
