"""The origin and the proxies, each a process that is started once and pinned."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from harness import people
from harness.machine import SIGNET

PROXY_CORE = 0
LOAD_CORE = 1
ORIGIN_PORT = 9300
SINK_PORT = 9301
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL"

# Routes of the endpoint table whose answers the origin serves in the two sizes.
SMALL = "/api/2.0/mlflow/runs/get"
LARGE = "/api/2.0/mlflow/experiments/get"
POST = "/api/2.0/mlflow/runs/search"
UPLOAD = "/api/2.0/mlflow-artifacts/artifacts/1/large.bin"


@dataclass(frozen=True)
class Proxy:
    name: str
    port: int
    prefix: str
    sink: str  # the path that leads to the sink
    process: subprocess.Popen[bytes]
    headers: tuple[str, ...] = ()  # of every request
    base: str = "nginx"  # who is asked the same, and compared with


def origin_config(folder: Path) -> str:
    return f"""
worker_processes 1; daemon off; pid {folder}/origin.pid; error_log {folder}/origin.err;
events {{ worker_connections 8192; }}
http {{
  # The signed head is larger than nginx's first buffer: a second one would slow the origin only.
  client_header_buffer_size 8k;
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300s; sendfile on;
  open_file_cache max=100; default_type application/json; client_max_body_size 0;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{ORIGIN_PORT} backlog=8192; root {folder}/www;
    location = {POST} {{ return 200 '{{"runs": []}}'; }}
  }}
}}
"""


# What a signature adds to a head. The origin, which shares a core with the load, has that to read:
# this baseline tells its time from the gateway's.
SIGNED_HEAD = {
    "X-Amz-Security-Token": "t" * 900,
    "X-Amz-Date": "20260101T000000Z",
    "X-Amz-Content-Sha256": "0" * 64,
    "X-Sm-Mlflow-App-Arn": ARN,
    "Authorization": "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLEEXAMPLE00/20260101/eu-west-1/"
    "sagemaker/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;"
    "x-amz-security-token;x-sm-mlflow-app-arn, Signature=" + "0" * 64,
}
LONG_HEAD = "nginx, head as long as signed"


def nginx_config(folder: Path, port: int) -> str:
    # `Connection ""` must stand where the other proxy_set_header stand: otherwise nginx opens a
    # connection per request. The buffers hold 100 KB, so that nothing goes to a file.
    long_head = "".join(f'proxy_set_header {k} "{v}"; ' for k, v in SIGNED_HEAD.items())
    return f"""
worker_processes 1; daemon off; pid {folder}/proxy.pid; error_log {folder}/proxy.err;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300s; client_max_body_size 0;
  client_body_temp_path {folder}/pb; proxy_temp_path {folder}/pp;
  fastcgi_temp_path {folder}/pf; uwsgi_temp_path {folder}/pu; scgi_temp_path {folder}/ps;
  upstream origin {{
    server 127.0.0.1:{ORIGIN_PORT}; keepalive 512; keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location / {{
      proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_max_temp_file_size 0; proxy_buffers 8 64k; proxy_buffer_size 16k;
      proxy_busy_buffers_size 128k;
    }}
    location /sink/ {{
      proxy_pass http://127.0.0.1:{SINK_PORT}; proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
  server {{
    listen 127.0.0.1:{port + 1} backlog=8192;
    location / {{
      proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
      {long_head}
      proxy_max_temp_file_size 0; proxy_buffers 8 64k; proxy_buffer_size 16k;
      proxy_busy_buffers_size 128k;
    }}
    location /sink/ {{
      proxy_pass http://127.0.0.1:{SINK_PORT}; proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"""


def haproxy_config(port: int) -> str:
    return f"""
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  http-reuse always
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  server o 127.0.0.1:{ORIGIN_PORT} pool-max-conn 512
"""


def signet_config(folder: Path, port: int, name: str = "signet") -> str:
    return f"""
apps:
  - {{name: plain, kind: mlflow, endpoint: "http://127.0.0.1:{ORIGIN_PORT}"}}
  - {{name: signed, kind: sagemaker-app, arn: "{ARN}", endpoint: "http://127.0.0.1:{ORIGIN_PORT}"}}
  - {{name: plain-sink, kind: mlflow, endpoint: "http://127.0.0.1:{SINK_PORT}"}}
  - {{name: signed-sink, kind: sagemaker-app, arn: "{ARN}", endpoint: "http://127.0.0.1:{SINK_PORT}"}}
listen: [{{address: "127.0.0.1:{port}"}}]
admin: {{address: "127.0.0.1:{port + 1}"}}
workers: 1
state: {{sqlite: "{folder}/{name}/state.db"}}
spool: {{directory: "{folder}/{name}-spool", bytes: 20GiB}}
limits: {{connections: 4096, body_bytes: 6GiB}}
timeouts: {{idle: 5m, drain: 1s}}
log: {{access: "{folder}/{name}.log", audit: "{folder}/{name}-audit.log", level: warning}}
"""


class Bench:
    """Starts everything; ends everything."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="bench", dir=Path(__file__).parents[2] / "build"
        )
        self.folder = Path(self._folder.name)
        self.processes: list[subprocess.Popen[bytes] | subprocess.Popen[str]] = []
        self.proxies: dict[str, Proxy] = {}

    def __enter__(self) -> "Bench":
        # The folder is read by nginx's worker, which runs as another user.
        self.folder.chmod(0o755)
        for path, size in ((SMALL, 1024), (LARGE, 100 * 1024)):
            file = self.folder / "www" / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"x" * size)
        self._start(
            LOAD_CORE,
            ["nginx", "-c", self._write("origin.conf", origin_config(self.folder))],
            ORIGIN_PORT,
        )
        here = Path(__file__).parents[1]
        self._start(
            LOAD_CORE,
            [sys.executable, str(here / "harness/upload.py"), "sink", str(SINK_PORT)],
            SINK_PORT,
        )
        nginx = self._start(
            PROXY_CORE,
            ["nginx", "-c", self._write("proxy.conf", nginx_config(self.folder, 9310))],
            9310,
        )
        self.proxies["nginx"] = Proxy("nginx", 9310, "", "/sink/large.bin", nginx)
        self.proxies[LONG_HEAD] = Proxy(LONG_HEAD, 9311, "", "/sink/large.bin", nginx)
        haproxy = self._start(
            PROXY_CORE,
            ["haproxy", "-db", "-f", self._write("haproxy.cfg", haproxy_config(9320))],
            9320,
        )
        self.proxies["haproxy"] = Proxy("haproxy", 9320, "", "", haproxy)
        signet = self._start(
            PROXY_CORE,
            [
                str(SIGNET),
                "serve",
                "--config",
                self._write("signet.yaml", signet_config(self.folder, 9330)),
            ],
            9330,
        )
        for kind in ("plain", "signed"):
            mount, sink = f"/apps/{kind}", f"/apps/{kind}-sink{UPLOAD}"
            self.proxies[f"signet {kind}"] = Proxy(f"signet {kind}", 9330, mount, sink, signet)
        self._start_with_people()
        return self

    def _start_with_people(self) -> None:
        """Signet with sign-in, rules and signing on: once by a session, once by a token."""
        provider, issuer = people.start_provider()
        self.processes.append(provider)
        config = signet_config(self.folder, 9340, "people") + people.identity_config(issuer)
        command = [str(SIGNET), "serve", "--config", self._write("people.yaml", config)]
        self.with_people = self._start(PROXY_CORE, command, 9340)
        self.sign_in_again()

    def sign_in_again(self) -> None:
        """A session's cookie is made anew once a minute, and browsers take the new one: requests
        that went on with an old one would each be given another."""
        credentials = people.sign_in(9340)
        mount, sink = "/apps/signed", f"/apps/signed-sink{UPLOAD}"
        nginx = self.proxies["nginx"]
        for means, headers in (("session", credentials.session), ("token", credentials.token)):
            base = f"nginx, asked with a {means}"
            self.proxies[base] = replace(nginx, name=base, headers=headers)
            name = f"signet signed, {means}"
            self.proxies[name] = Proxy(
                name, 9340, mount, sink, self.with_people, headers, base=base
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in reversed(self.processes):
            process.send_signal(signal.SIGINT if process.args[-1] != "-db" else signal.SIGTERM)  # type: ignore[index]
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
        self._folder.cleanup()

    def _write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def _start(self, core: int, command: list[str], port: int) -> subprocess.Popen[bytes]:
        environment = dict(os.environ, PATH=f"{os.environ['PATH']}:/usr/sbin")
        # Temporary credentials, as a role gives them: the token makes the signature longer.
        environment |= {
            "AWS_ACCESS_KEY_ID": "ASIAEXAMPLEEXAMPLE00",
            "AWS_SECRET_ACCESS_KEY": "secret" * 6,
            "AWS_SESSION_TOKEN": "t" * 900,
        }
        with (self.folder / "output.log").open("ab") as output:
            process = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                stdout=output,
                stderr=output,
                env=environment,
            )
        self.processes.append(process)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return process
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{command[0]} does not answer: see {self.folder}/output.log")
