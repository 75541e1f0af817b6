"""The control port of the stand-in: /_standin/… for the tests, never for Signet."""

from __future__ import annotations

from aiohttp import web

from .counts import Counts
from .faults import Faults
from .keys import Key, Keys


def control_routes(user: Key, keys: Keys, counts: Counts, faults: Faults) -> list[web.RouteDef]:
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "healthy"})

    async def credentials(_: web.Request) -> web.Response:
        return web.json_response({"access_key": user.access_key, "secret_key": user.secret_key})

    async def read_counts(_: web.Request) -> web.Response:
        return web.json_response(counts.as_json())

    async def reset_counts(_: web.Request) -> web.Response:
        counts.reset()
        return web.json_response({})

    async def refusals(_: web.Request) -> web.Response:
        return web.json_response(list(counts.refusals))

    async def requests(_: web.Request) -> web.Response:
        return web.json_response(list(counts.requests))

    async def set_faults(request: web.Request) -> web.Response:
        try:
            faults.update(await request.json())
        except (ValueError, TypeError) as error:
            return web.json_response({"message": str(error)}, status=400)
        return web.json_response({})

    async def clear_faults(_: web.Request) -> web.Response:
        faults.clear()
        return web.json_response({})

    async def forget_keys(_: web.Request) -> web.Response:
        return web.json_response({"forgotten": keys.forget_temporary()})

    return [
        web.get("/_standin/health", health),
        web.get("/_standin/credentials", credentials),
        web.get("/_standin/counts", read_counts),
        web.delete("/_standin/counts", reset_counts),
        web.get("/_standin/refusals", refusals),
        web.get("/_standin/requests", requests),
        web.post("/_standin/faults", set_faults),
        web.delete("/_standin/faults", clear_faults),
        web.delete("/_standin/keys", forget_keys),
    ]
