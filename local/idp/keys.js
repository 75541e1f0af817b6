// Signing keys: one per algorithm; the newest of each signs, older ones stay published.

import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";

const generate = promisify(generateKeyPair);
const KINDS = {
  RS256: ["rsa", { modulusLength: 2048 }],
  PS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  ES384: ["ec", { namedCurve: "P-384" }],
  EdDSA: ["ed25519", {}],
};

async function newKey(alg) {
  const { privateKey } = await generate(...KINDS[alg]);
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig" };
}

export function newKeys(algorithms) {
  return Promise.all(algorithms.map(newKey));
}
