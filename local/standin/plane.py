"""A SageMaker MLflow data plane: checks the signature of every request, then passes it to MLflow.

Facts in the reference notes: service names, ARN headers and the shape of AWS's refusals differ
between MLflow Apps and tracking servers; neither serves artifacts itself ("managed").
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import yarl
from aiohttp import ClientError, ClientSession, web

from .counts import Counts
from .faults import Faults
from .keys import Keys
from .sigv4 import Received, Refusal, target_path, verify
from .spool import Spool

log = logging.getLogger("standin.plane")

ARN_HEADERS = {
    "sagemaker": "x-sm-mlflow-app-arn",
    "sagemaker-mlflow": "x-mlflow-sm-tracking-server-arn",
}
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
NOT_FORWARDED = HOP_BY_HOP | {
    "authorization",
    "content-length",
    "expect",
    "host",
    "origin",
    *ARN_HEADERS.values(),
}
NO_ARTIFACTS = (
    "Endpoint disabled due to the mlflow server running in `--no-serve-artifacts` mode. To enable "
    "artifacts server functionality, run `mlflow server` with `--serve-artifacts`"
)


@dataclass(frozen=True)
class App:
    name: str
    arn: str
    upstream: str
    managed: bool = False

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]


class Plane:
    """One listener: `service` decides the credential scope and the ARN header."""

    def __init__(
        self, service: str, apps: list[App], keys: Keys, counts: Counts, faults: Faults
    ) -> None:
        self._service = service
        self._arn_header = ARN_HEADERS[service]
        self._apps = {app.arn: app for app in apps}
        self._keys = keys
        self._counts = counts
        self._faults = faults
        self._session: ClientSession | None = None

    def use(self, session: ClientSession) -> None:
        self._session = session

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        arns = request.headers.getall(self._arn_header, [])
        app = self._apps.get(arns[0]) if len(arns) == 1 else None
        name = app.name if app else "?"
        self._counts.received[name] += 1
        headers = [(key, value) for key, value in request.headers.items()]
        self._counts.requests.append(
            {"app": name, "method": request.method, "target": request.raw_path, "headers": headers}
        )
        spool = Spool()
        try:
            await spool.fill(request.content)
            received = Received(request.method, request.raw_path, headers, spool.sha256)
            return await self._judge(request, received, app, spool)
        except Refusal as refusal:
            return self._refuse(request, refusal, name)
        finally:
            spool.close()

    async def _judge(
        self, request: web.BaseRequest, received: Received, app: App | None, spool: Spool
    ) -> web.StreamResponse:
        if app is None:
            if not received.values("authorization"):
                raise Refusal(
                    "unsigned",
                    "MissingAuthenticationTokenException",
                    "Missing Authentication Token",
                )
            raise Refusal(
                "unknown-arn", "AccessDeniedException", f"No {self._arn_header} of this account"
            )
        verify(
            received,
            self._keys,
            service=self._service,
            region=app.region,
            must_sign=[self._arn_header],
            now=datetime.now(UTC),
        )
        if (broken := await self._misbehave(request, app, received)) is not None:
            return broken
        self._counts.signed[app.name] += 1
        managed = app.managed or self._faults.plane.managed
        if managed and "/mlflow-artifacts/" in target_path(received.target):
            return web.Response(status=503, text=NO_ARTIFACTS)
        return await self._forward(request, app, received, spool)

    def _refuse(self, request: web.BaseRequest, refusal: Refusal, app: str) -> web.Response:
        self._counts.refused[refusal.reason] += 1
        self._counts.refusals.append(
            {
                "app": app,
                "method": request.method,
                "target": request.raw_path,
                "reason": refusal.reason,
                "message": refusal.message,
                "detail": refusal.detail,
            }
        )
        log.warning(
            "refused %s %s (%s): %s %s\n%s",
            request.method,
            request.raw_path,
            app,
            refusal.reason,
            refusal.message,
            refusal.detail,
        )
        return aws_error(403, refusal.error_type, refusal.message)

    async def _misbehave(
        self, request: web.BaseRequest, app: App, received: Received
    ) -> web.StreamResponse | None:
        mode = self._faults.take_plane(app.name, received.target)
        if mode in ("delay", "hang"):
            await asyncio.sleep(self._faults.plane.seconds if mode == "delay" else 3600)
            return None
        if mode == "refuse":
            message = f"User is not authorized to perform: sagemaker:CallMlflowAppApi on {app.arn}"
            return aws_error(403, "AccessDeniedException", message)
        if mode == "expired":
            message = "The security token included in the request is expired"
            return aws_error(403, "ExpiredTokenException", message)
        if mode == "throttle":
            return aws_error(503, "ThrottlingException", "Rate exceeded")
        if mode == "500":
            return aws_error(500, "InternalServerException", "Internal failure")
        if mode in ("close", "garbage", "close-mid-body"):
            transport = request.transport
            assert transport is not None
            if mode == "garbage":
                transport.write(b"\x00\xffthis is not HTTP\r\n\r\n")
            if mode == "close-mid-body":
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                transport.write(head + b'Content-Length: 1000\r\n\r\n{"half":')
            transport.close()
            return web.Response(status=500)
        return None

    async def _forward(
        self, request: web.BaseRequest, app: App, received: Received, spool: Spool
    ) -> web.StreamResponse:
        assert self._session is not None
        headers = [
            (name, value)
            for name, value in received.headers
            if name.lower() not in NOT_FORWARDED and not name.lower().startswith("x-amz-")
        ]
        body = None
        if spool.size:
            headers.append(("Content-Length", str(spool.size)))
            body = spool.pieces()
        elif request.method in ("POST", "PUT", "PATCH", "DELETE"):
            body = b""
        try:
            async with self._session.request(
                request.method,
                yarl.URL(app.upstream + received.target, encoded=True),
                headers=headers,
                data=body,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            ) as answer:
                return await relay(request, answer)
        except ClientError as error:
            log.warning("MLflow at %s: %s", app.upstream, error)
            return aws_error(502, "InternalServerException", "MLflow cannot be reached")


async def relay(request: web.BaseRequest, answer: object) -> web.StreamResponse:
    """Streams MLflow's answer back, its length or its chunking kept."""
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for name, value in answer.headers.items():
        if name.lower() not in HOP_BY_HOP:
            response.headers.add(name, value)
    has_body = request.method != "HEAD" and answer.status not in (204, 304)
    if has_body and "Content-Length" not in response.headers:
        response.enable_chunked_encoding()
    await response.prepare(request)
    if has_body:
        async for piece in answer.content.iter_chunked(1 << 17):
            await response.write(piece)
    await response.write_eof()
    return response


def aws_error(status: int, error_type: str, message: str) -> web.Response:
    return web.json_response(
        {"message": message}, status=status, headers={"x-amzn-ErrorType": error_type}
    )
