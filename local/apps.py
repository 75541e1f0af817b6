"""The apps of the local stack and how Signet's configuration names them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["sagemaker-app", "sagemaker-tracking-server", "mlflow"]

REGION = "eu-west-1"
ACCOUNT = "123456789012"
SERVICES = {"sagemaker-app": "sagemaker", "sagemaker-tracking-server": "sagemaker-mlflow"}


@dataclass(frozen=True)
class App:
    """`mlflow` names the server behind it ("new" or "310"); `endpoint` replaces that server and
    the stand-in, for tests that bring an origin of their own. `extra` goes into the app's
    configuration as it is."""

    name: str
    kind: Kind
    mlflow: str = "new"
    title: str = ""
    default: bool = False
    role: bool = True
    managed: bool = False
    endpoint: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def signed(self) -> bool:
        return self.kind != "mlflow"

    @property
    def arn(self) -> str:
        if self.kind == "sagemaker-app":
            letters = "".join(char for char in self.name.upper() if char.isalnum())
            return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-app/app-{letters:A<12.12}"
        return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/{self.name}"

    @property
    def role_name(self) -> str:
        return f"mlflow-{self.name}"

    @property
    def external_id(self) -> str:
        return f"signet-{self.name}"


RESEARCH = App("research", "sagemaker-app", title="Research", default=True)
LEGACY = App("legacy", "sagemaker-tracking-server", mlflow="310", title="Legacy")
SANDBOX = App("sandbox", "mlflow", title="Sandbox")
DEFAULT_APPS = (RESEARCH, LEGACY, SANDBOX)


def configured(app: App, endpoint: str) -> dict[str, Any]:
    """The app's entry in Signet's configuration."""
    entry: dict[str, Any] = {"name": app.name, "kind": app.kind}
    if app.title:
        entry["title"] = app.title
    if app.default:
        entry["default"] = True
    if app.signed:
        entry["arn"] = app.arn
    entry["endpoint"] = endpoint
    if app.signed and app.role:
        entry["role_arn"] = f"arn:aws:iam::{ACCOUNT}:role/{app.role_name}"
        entry["external_id"] = app.external_id
    return entry | app.extra
