// What tests ask the provider to do wrong: answer late, or with an error.

import { setTimeout as sleep } from "node:timers/promises";

export class Faults {
  #faults = [];

  /** {path, seconds, status, times}: for requests whose path begins with `path`. */
  add({ path = "/", seconds = 0, status = 0, times = Infinity }) {
    this.#faults.push({ path, seconds, status, left: times });
  }

  clear() {
    this.#faults = [];
  }

  /** Waits as told; whether it has answered. */
  async apply(path, response) {
    const fault = this.#faults.find((one) => one.left > 0 && path.startsWith(one.path));
    if (!fault) return false;
    fault.left -= 1;
    await sleep(fault.seconds * 1000);
    if (!fault.status) return false;
    response.writeHead(fault.status, { "Content-Type": "text/plain" }).end("as told\n");
    return true;
  }
}
