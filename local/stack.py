"""The whole thing on one machine: MLflow servers, the AWS stand-in, Signet. Used by ./run and by
tests/.

    with Stack(folder) as stack:
        requests.get(stack.url + "/apps/research/api/2.0/mlflow/experiments/search?max_results=1")
        stack.standin.counts()
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apps import DEFAULT_APPS, REGION, App, configured
from child import Child, ChildDied
from ports import free_ports, is_free
from programs import (
    MLFLOW_VERSIONS,
    environment,
    signet_binary,
    standin_settings,
    start_mlflow,
    start_moto,
    start_signet,
    start_standin,
)
from sign_in import Providers, SignIn, access
from standin_client import StandIn

MLFLOW_SECONDS = 180.0
QUICK_SECONDS = 60.0


def refuse_taken(port: int) -> None:
    if not is_free(port):
        raise ChildDied(f"port {port} is taken: choose another one with --port")


@dataclass(frozen=True)
class Gateway:
    """A running Signet. `url` and `admin` have no trailing slash."""

    url: str
    admin: str
    child: Child
    config: Path
    log: Path

    def tracking_uri(self, app: str = "") -> str:
        return f"{self.url}/apps/{app}" if app else self.url


class Stack:
    """Everything it starts listens on 127.0.0.1, on free ports unless `port` names Signet's.
    Data, logs and configuration are in `folder`. `aws=False` leaves the stand-in out: every app
    is then of kind mlflow. `config` is merged into Signet's configuration, `env` into its
    environment. `keepalive` is after how many idle seconds the stand-in closes a connection.
    With `sign_in` people sign in at identity providers, `providers`; without it everybody may do
    everything."""

    def __init__(
        self,
        folder: Path,
        *,
        apps: tuple[App, ...] = DEFAULT_APPS,
        aws: bool = True,
        gateway: bool = True,
        port: int = 0,
        admin_port: int = 0,
        config: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        keepalive: float = 5.0,
        sign_in: SignIn | None = None,
        progress: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.folder = folder.resolve()
        self.logs = self.folder / "logs"
        self.apps = apps if aws else tuple(replace(app, kind="mlflow") for app in apps)
        self.mlflow: dict[str, str] = {}
        self.planes: dict[str, str] = {}
        self.sts = ""
        self.standin = StandIn("")
        self.providers: Providers | None = None
        self.gateways: list[Gateway] = []
        self._children: list[Child] = []
        self._with_gateway = gateway
        self._port, self._admin_port = port, admin_port
        self._config, self._env = dict(config or {}), dict(env or {})
        self._keepalive = keepalive
        self._sign_in = sign_in
        # The providers know these, so a gateway must have one of them.
        self._known_ports: list[int] = []
        self._progress = progress

    @property
    def gateway(self) -> Gateway:
        return self.gateways[0]

    @property
    def url(self) -> str:
        return self.gateway.url

    def __enter__(self) -> Stack:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        if self._with_gateway and not signet_binary().exists():
            raise FileNotFoundError(f"{signet_binary()} is not built (or set SIGNET_BIN)")
        if self._with_gateway and self._port:
            refuse_taken(self._port)
        self.folder.mkdir(parents=True, exist_ok=True)
        versions = sorted({app.mlflow for app in self.apps if not app.endpoint})
        names = [*versions, "moto", "sts", "sagemaker-app", "sagemaker-tracking-server", "control"]
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}

        servers = [self._start_mlflow(version, ports[version]) for version in versions]
        self.mlflow = {version: urls[version] for version in versions}
        if any(app.signed for app in self.apps):
            self._start_aws(ports, urls)
        if self._sign_in:
            self._start_providers(self._sign_in)
        for version, server in zip(versions, servers, strict=True):
            server.wait_ready(f"{urls[version]}/health", MLFLOW_SECONDS)
            self._progress(f"{server.name} answers at {urls[version]}")
        if self._with_gateway:
            self.start_gateway(port=self._port, admin_port=self._admin_port)

    def _start_mlflow(self, version: str, port: int) -> Child:
        self._progress(f"starting MLflow {MLFLOW_VERSIONS[version]}")
        server = start_mlflow(version, port, self.folder, self.logs / f"mlflow-{version}.log")
        self._children.append(server)
        return server

    def _start_aws(self, ports: dict[str, int], urls: dict[str, str]) -> None:
        moto = start_moto(ports["moto"], self.logs / "moto.log")
        self._children.append(moto)
        moto.wait_ready(f"{urls['moto']}/moto-api/data.json", QUICK_SECONDS)
        settings = standin_settings(self.apps, self.mlflow, ports, self._keepalive)
        standin = start_standin(settings, self.folder, self.logs / "standin.log")
        self._children.append(standin)
        self.standin = StandIn(urls["control"])
        standin.wait_ready(f"{urls['control']}/_standin/health", QUICK_SECONDS)
        self.sts = urls["sts"]
        self.planes = {app.name: urls[app.kind] for app in self.apps if app.signed}
        self._progress(f"the AWS stand-in answers (control port at {urls['control']})")

    def _start_providers(self, wanted: SignIn) -> None:
        first = [self._port] if self._port else []
        self._known_ports = first + free_ports(wanted.gateways - len(first))
        gateways = [f"http://127.0.0.1:{port}" for port in self._known_ports]
        self.providers = Providers(wanted, gateways, self.folder, self.logs)
        self._children += self.providers.children
        for name, url in self.providers.urls.items():
            self._progress(f"the identity provider {name} answers at {url}")

    def endpoint(self, app: App) -> str:
        """Where Signet finds this app: its own endpoint, a data plane, or MLflow itself."""
        return app.endpoint or self.planes.get(app.name) or self.mlflow[app.mlflow]

    def start_gateway(
        self,
        *,
        apps: tuple[App, ...] | None = None,
        default: str = "",
        config: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        port: int = 0,
        admin_port: int = 0,
        wait: bool = True,
    ) -> Gateway:
        """One more Signet in front of the same servers, for another configuration. `default`
        names another default app. The first one is `self.gateway`. With sign-in the port is one
        that the identity providers know."""
        ports = free_ports(2)
        if self.providers:
            if not self._known_ports:
                raise ValueError("the identity providers know no more gateways: see SignIn")
            port = self._known_ports.pop(0)
        port, admin_port = port or ports[0], admin_port or ports[1]
        for wanted in (port, admin_port):
            refuse_taken(wanted)
        chosen = self.apps if apps is None else apps
        if default:
            chosen = tuple(replace(app, default=app.name == default) for app in chosen)
        folder = self.folder / f"signet-{len(self.gateways)}"
        document = self._configuration(chosen, port, admin_port, folder)
        document |= self._config | dict(config or {})
        (folder / "spool").mkdir(parents=True, exist_ok=True)
        file = folder / "signet.yaml"
        log = self.logs / f"{folder.name}.log"
        child = start_signet(document, file, log, self._environment() | dict(env or {}))
        self._children.append(child)
        url, admin = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{admin_port}"
        gateway = Gateway(url, admin, child, file, log)
        self.gateways.append(gateway)
        if wait:
            child.wait_ready(f"{admin}/readyz", QUICK_SECONDS)
            child.wait_ready(f"{url}/health", QUICK_SECONDS)
        return gateway

    def _configuration(
        self, apps: tuple[App, ...], port: int, admin_port: int, folder: Path
    ) -> dict[str, Any]:
        document: dict[str, Any] = {
            "public_url": f"http://127.0.0.1:{port}",
            "listen": [{"address": f"127.0.0.1:{port}"}],
            "admin": {"address": f"127.0.0.1:{admin_port}"},
            "apps": [configured(app, self.endpoint(app)) for app in apps],
            "state": {"sqlite": str(folder / "state.db")},
            "spool": {"directory": str(folder / "spool"), "bytes": "20GiB"},
            # A laptop's limit of open files may be below what the defaults want.
            "limits": {"connections": 2000},
        }
        if self.providers:
            default = next((app for app in apps if app.default), apps[0])
            document["identity"] = self.providers.identity()
            document["access"] = access(default.name)
        return document

    def _environment(self) -> dict[str, str]:
        """What `signet` needs to reach the stand-in, and nothing of the caller's own AWS."""
        if not self.sts:
            return environment(AWS_EC2_METADATA_DISABLED="true") | self._env
        user = self.standin.credentials()
        aws = environment(
            AWS_ACCESS_KEY_ID=user["access_key"],
            AWS_SECRET_ACCESS_KEY=user["secret_key"],
            AWS_REGION=REGION,
            AWS_ENDPOINT_URL_STS=self.sts,
            AWS_EC2_METADATA_DISABLED="true",
        )
        return aws | self._env

    def stop_gateway(self, gateway: Gateway, seconds: float = 40) -> int | None:
        code = gateway.child.stop(seconds)
        self._children.remove(gateway.child)
        return code

    def dead(self) -> Child | None:
        """A child that has ended by itself, if there is one."""
        return next((child for child in self._children if child.exit_code is not None), None)

    def watch(self) -> None:
        """Returns never; raises ChildDied when a child ends."""
        while (child := self.dead()) is None:
            time.sleep(0.5)
        raise ChildDied(f"{child.name} ended with {child.exit_code}:\n{child.tail()}")

    def stop(self) -> None:
        for child in reversed(self._children):
            child.terminate()
        for child in reversed(self._children):
            child.stop()
        self._children.clear()
