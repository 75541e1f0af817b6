"""python -m standin --config FILE: runs STS front, data planes and control port until SIGTERM.

FILE is JSON: {"moto", "sts_port", "control_port", "keepalive", "roles": [{name, external_id}],
"planes": [{"service", "port", "apps": [{name, arn, upstream, managed}]}]}.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web

from .account import Role, create_account
from .control import control_routes
from .counts import Counts
from .faults import Faults
from .keys import Keys
from .plane import App, Plane
from .sts import Sts

HEAD_BYTES = 128 << 10


Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def listen(handler: Handler, port: int, keepalive: float) -> None:
    # No router and no decompression: target and body must be judged as they were sent.
    server = web.Server(
        handler,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=keepalive,
        max_line_size=HEAD_BYTES,
        max_field_size=HEAD_BYTES,
    )
    runner = web.ServerRunner(server, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()


async def listen_control(routes: list[web.RouteDef], port: int) -> None:
    control = web.Application()
    control.add_routes(routes)
    runner = web.AppRunner(control, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()


async def serve(settings: dict) -> None:
    keys, counts, faults = Keys(), Counts(), Faults()
    roles = [Role(**role) for role in settings["roles"]]
    user = await asyncio.to_thread(create_account, settings["moto"], roles)
    keys.add(user)
    # uvicorn closes idle connections after 5 s: ours are dropped well before.
    connector = TCPConnector(limit=0, keepalive_timeout=2)
    async with ClientSession(
        connector=connector,
        auto_decompress=False,
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=None, sock_connect=10, sock_read=600),
        max_line_size=HEAD_BYTES,
        max_field_size=HEAD_BYTES,
    ) as session:
        names = [role.name for role in roles]
        sts = Sts(settings["moto"], names, keys, counts, faults)
        sts.use(session)
        await listen(sts.handle, settings["sts_port"], settings["keepalive"])
        for wanted in settings["planes"]:
            apps = [App(**app) for app in wanted["apps"]]
            plane = Plane(wanted["service"], apps, keys, counts, faults)
            plane.use(session)
            await listen(plane.handle, wanted["port"], settings["keepalive"])
        await listen_control(control_routes(user, keys, counts, faults), settings["control_port"])
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="standin")
    parser.add_argument("--config", type=Path, required=True)
    settings = json.loads(parser.parse_args().config.read_text())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
