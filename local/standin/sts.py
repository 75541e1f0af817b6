"""STS: moto answers and checks signatures; this front learns the keys and misbehaves on demand.

moto checks signature, key and trust policy but takes roles that do not exist, any session name
and any duration, so the front knows the roles and holds calls to the limits of the AWS model:
RoleSessionName of 2 to 64 word characters or +=,.@-, DurationSeconds 900 to 43200.
"""

from __future__ import annotations

import asyncio
import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from aiohttp import ClientSession, web

from .counts import Counts
from .faults import Faults
from .keys import Key, Keys

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


class Sts:
    def __init__(
        self, moto: str, roles: list[str], keys: Keys, counts: Counts, faults: Faults
    ) -> None:
        self._moto = moto
        self._roles = roles
        self._keys = keys
        self._counts = counts
        self._faults = faults
        self._session: ClientSession | None = None

    def use(self, session: ClientSession) -> None:
        self._session = session

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        action = form.get("Action", "?")
        self._counts.sts[action] += 1
        if (broken := await self._misbehave(request)) is not None:
            return broken
        if action == "AssumeRole" and (wrong := model_violation(form)):
            return sts_error(400, "ValidationError", wrong)
        if action == "AssumeRole" and form["RoleArn"].rpartition("/")[2] not in self._roles:
            self._counts.sts["refused"] += 1
            return sts_error(403, "AccessDenied", "Not authorized to perform sts:AssumeRole")
        status, answer = await self._ask_moto(request, body)
        if action == "AssumeRole" and status == 200:
            answer = self._learn(answer)
            self._counts.sts["issued"] += 1
        elif status != 200:
            self._counts.sts["refused"] += 1
        return web.Response(status=status, body=answer, content_type="text/xml")

    async def _ask_moto(self, request: web.BaseRequest, body: bytes) -> tuple[int, bytes]:
        # Host stays what the caller signed: moto rebuilds the signature from it.
        assert self._session is not None
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in ("connection", "content-length", "transfer-encoding")
        }
        url = self._moto + "/"
        async with self._session.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.read()

    def _learn(self, xml: bytes) -> bytes:
        ElementTree.register_namespace("", NAMESPACE)
        root = ElementTree.fromstring(xml)
        credentials = root.find(f".//{{{NAMESPACE}}}Credentials")
        assert credentials is not None
        values = {item.tag.rpartition("}")[2]: item for item in credentials}
        expires = datetime.fromisoformat(values["Expiration"].text or "")
        if self._faults.sts.expires_in:
            expires = datetime.now(UTC) + timedelta(seconds=self._faults.sts.expires_in)
            values["Expiration"].text = expires.strftime("%Y-%m-%dT%H:%M:%SZ")
        arn = root.findtext(f".//{{{NAMESPACE}}}AssumedRoleUser/{{{NAMESPACE}}}Arn")
        self._keys.add(
            Key(
                access_key=values["AccessKeyId"].text or "",
                secret_key=values["SecretAccessKey"].text or "",
                token=values["SessionToken"].text,
                expires=expires,
                role=arn,
            )
        )
        return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

    async def _misbehave(self, request: web.BaseRequest) -> web.StreamResponse | None:
        mode = self._faults.take_sts()
        if mode in ("delay", "hang"):
            await asyncio.sleep(self._faults.sts.seconds if mode == "delay" else 3600)
            return None
        if mode == "500":
            return sts_error(500, "InternalFailure", "Something went wrong")
        if mode == "503":
            return web.Response(status=503, text="Service Unavailable")
        if mode == "throttle":
            return sts_error(400, "Throttling", "Rate exceeded")
        if mode == "denied":
            return sts_error(403, "AccessDenied", "Not authorized to perform sts:AssumeRole")
        if mode == "garbage":
            return web.Response(
                body=b"<AssumeRoleResponse><Cred\x00entials>", content_type="text/xml"
            )
        if mode == "huge":
            return web.Response(body=b"<A>" + b"x" * (8 << 20) + b"</A>", content_type="text/xml")
        if mode == "close":
            assert request.transport is not None
            request.transport.close()
            return web.Response(status=500)
        return None


def model_violation(form: dict[str, str]) -> str:
    """What AWS's service model would refuse in an AssumeRole call, or nothing."""
    if not 20 <= len(form.get("RoleArn", "")) <= 2048:
        return "RoleArn must have 20 to 2048 characters"
    if not SESSION_NAME.fullmatch(form.get("RoleSessionName", "")):
        return r"RoleSessionName must match [\w+=,.@-]{2,64}"
    duration = form.get("DurationSeconds", "3600")
    if not (duration.isdigit() and 900 <= int(duration) <= 43200):
        return "DurationSeconds must be between 900 and 43200"
    return ""


def sts_error(status: int, code: str, message: str) -> web.Response:
    kind = "Sender" if status < 500 else "Receiver"
    body = (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>{kind}</Type><Code>{code}</Code>'
        f"<Message>{message}</Message></Error><RequestId>standin</RequestId></ErrorResponse>"
    )
    return web.Response(status=status, text=body, content_type="text/xml")
