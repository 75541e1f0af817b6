import { describe, expect, it } from "vitest";
import { isSessionEnded } from "./session-message.ts";

const kHere = "https://mlflow.example.com";
const kOwn = "https://research.example.com";
const kData = { type: "signet:session-ended" };

describe("a message that the session has ended", () => {
  const frame = {} as Window;
  const stranger = {} as Window;
  const rows: [what: string, event: object, heard: boolean][] = [
    ["of the frame, from here", { source: frame, origin: kHere, data: kData }, true],
    ["of the frame, from the app's host", { source: frame, origin: kOwn, data: kData }, true],
    [
      "with more in it",
      { source: frame, origin: kHere, data: { ...kData, url: "https://evil.example.com" } },
      true,
    ],
    ["of another window", { source: stranger, origin: kHere, data: kData }, false],
    ["of nobody", { source: null, origin: kHere, data: kData }, false],
    ["from elsewhere", { source: frame, origin: "https://evil.example.com", data: kData }, false],
    ["from a sandbox", { source: frame, origin: "null", data: kData }, false],
    ["that says something else", { source: frame, origin: kHere, data: { type: "other" } }, false],
    ["that is a text", { source: frame, origin: kHere, data: "signet:session-ended" }, false],
    ["that is nothing", { source: frame, origin: kHere, data: null }, false],
  ];
  it.each(rows)("%s", (_what, event, heard) => {
    expect(isSessionEnded(event as MessageEvent<unknown>, frame, [kHere, kOwn])).toBe(heard);
  });

  it("is not heard without a frame", () => {
    const event = { source: null, origin: kHere, data: kData } as MessageEvent<unknown>;
    expect(isSessionEnded(event, null, [kHere])).toBe(false);
    expect(isSessionEnded(event, undefined, [kHere])).toBe(false);
  });
});
