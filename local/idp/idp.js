// An OpenID Connect provider for one machine: people sign in with a click, tests misuse it.
// node main.js SETTINGS.json; local/idp.py writes the settings.

import { createServer } from "node:http";
import { Counts } from "./counts.js";
import { Faults } from "./faults.js";
import { interact } from "./interaction.js";
import { newKeys } from "./keys.js";
import { ASSETS, errorPage, PAGE_HEADERS } from "./pages.js";
import { ProviderMaker } from "./provider.js";
import { Store } from "./store.js";

export class Idp {
  people;
  counts = new Counts();
  faults = new Faults();
  #settings;
  #log;
  #store = new Store();
  #maker;
  #keys = [];
  #provider;
  #answer;
  #server;

  constructor(settings, log) {
    this.#settings = settings;
    this.#log = log;
    this.people = new Map(settings.people.map((person) => [person.id, person]));
    this.#maker = new ProviderMaker(settings, this.people, this.#store);
  }

  /** New keys sign from now on; the old ones stay published unless `forget`. */
  async rotateKeys(forget = false) {
    const keys = await newKeys(this.#settings.algorithms);
    this.#keys = forget ? keys : [...keys, ...this.#keys];
    this.#provider = this.#maker.make(this.#keys);
    this.counts.watch(this.#provider, this.#log);
    this.#answer = this.#provider.callback();
  }

  /** Ends all sessions and tokens of a person and tells the clients that want to be told. */
  async signOut(person) {
    const done = { sessions: 0, told: 0, failed: 0 };
    for (const id of this.#store.sessionsOf(person)) {
      const session = await this.#provider.Session.find(id);
      if (!session) continue;
      done.sessions += 1;
      for (const [clientId, { sid }] of Object.entries(session.authorizations ?? {})) {
        const client = await this.#provider.Client.find(clientId);
        if (!client?.backchannelLogoutUri) continue;
        try {
          await client.backchannelLogout(person, sid);
          done.told += 1;
        } catch (error) {
          this.#log({ event: "backchannel.error", error: error.message });
          done.failed += 1;
        }
      }
      await session.destroy();
    }
    this.#store.revokePerson(person);
    return done;
  }

  up() {
    if (this.#server) return Promise.resolve();
    this.#server = createServer((request, response) => this.#serve(request, response));
    const { port } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
  }

  /** Refuses connections until up(). */
  down() {
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
  }

  async #serve(request, response) {
    const path = request.url.split("?", 1)[0];
    response.once("finish", () =>
      this.#log({ method: request.method, path, status: response.statusCode }),
    );
    try {
      if (await this.faults.apply(path, response)) return;
      if (path in ASSETS) {
        const { body, type } = ASSETS[path];
        response.writeHead(200, { "Content-Type": type }).end(body);
      } else if (path.startsWith("/interaction/")) {
        await interact(this.#provider, this.#settings.name, this.people, request, response);
      } else {
        this.#answer(request, response);
      }
    } catch (error) {
      this.#log({ path, error: error.message });
      const html = errorPage(error.error ?? "server_error", error.error_description ?? "");
      response.writeHead(error.statusCode ?? 500, PAGE_HEADERS).end(html);
    }
  }
}
