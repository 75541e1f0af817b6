// The control port: what tests ask of the provider, never Signet.

import { createServer } from "node:http";
import { json } from "node:stream/consumers";

function routesOf(idp) {
  return {
    "GET /health": () => ({ status: "healthy" }),
    "GET /counts": () => idp.counts,
    "DELETE /counts": () => idp.counts.reset(),
    "POST /sign-out": ({ person }) => idp.signOut(person),
    "POST /keys": ({ forget }) => idp.rotateKeys(forget),
    "POST /people": (person) => {
      idp.people.set(person.id, { ...idp.people.get(person.id), ...person });
    },
    "POST /down": () => idp.down(),
    "POST /up": () => idp.up(),
    "POST /faults": (fault) => idp.faults.add(fault),
    "DELETE /faults": () => idp.faults.clear(),
  };
}

export function serveControl(idp, port) {
  const routes = routesOf(idp);
  const server = createServer(async (request, response) => {
    const send = (status, body) =>
      response
        .writeHead(status, { "Content-Type": "application/json" })
        .end(JSON.stringify(body ?? {}));
    const route = routes[`${request.method} ${request.url}`];
    if (!route) return send(404, { message: "no such control" });
    try {
      send(200, await route(request.method === "POST" ? await json(request) : {}));
    } catch (error) {
      send(500, { message: error.message });
    }
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
}
