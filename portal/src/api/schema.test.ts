// @vitest-environment node
import { readFile } from "node:fs/promises";
import openapiTypescript, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, it } from "vitest";

it("the checked-in types are those of docs/openapi.yaml; else: npm run generate", async () => {
  const contract = new URL("../../../docs/openapi.yaml", import.meta.url);
  const types = COMMENT_HEADER + astToString(await openapiTypescript(contract));
  const checkedIn = await readFile(new URL("./schema.ts", import.meta.url), "utf8");
  expect(checkedIn.trimEnd()).toBe(types.trimEnd());
});
