import { createWriteStream, readFileSync } from "node:fs";
import { serveControl } from "./control.js";
import { Idp } from "./idp.js";

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const out = settings.log ? createWriteStream(settings.log, { flags: "a" }) : process.stdout;
const log = (entry) => out.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);

const idp = new Idp(settings, log);
await idp.rotateKeys();
await idp.up();
await serveControl(idp, settings.control_port);
log({ event: "ready", issuer: settings.issuer });
