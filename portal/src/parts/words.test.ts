import { describe, expect, it } from "vitest";
import { readTime } from "./moment.tsx";
import { snippets } from "./snippets.ts";
import { lifetimes, usualLifetime } from "./token-words.ts";

describe("the lifetimes offered", () => {
  const rows: [longest: number, days: number[], usual: number][] = [
    [365, [1, 7, 30, 90, 180, 365], 30],
    [90, [1, 7, 30, 90], 30],
    [45, [1, 7, 30, 45], 30],
    [7, [1, 7], 7],
    [1, [1], 1],
  ];
  it.each(rows)("up to %i days", (longest, days, usual) => {
    expect(lifetimes(longest)).toEqual(days);
    expect(usualLifetime(longest)).toBe(usual);
  });
});

describe("a time", () => {
  const rows: [time: string | null, iso: string | undefined][] = [
    ["2026-09-21T14:13:20Z", "2026-09-21T14:13:20.000Z"],
    ["some day", undefined],
    [null, undefined],
  ];
  it.each(rows)("%j", (time, iso) => {
    expect(readTime(time)?.toISOString()).toBe(iso);
  });
});

describe("the snippets", () => {
  const url = "https://mlflow.example.com/apps/research";
  const all = snippets({ url, token: "secret" });

  it.each(all)("$label names the address and the token", ({ id, text }) => {
    expect(text).toContain(url);
    expect(text).toContain("MLFLOW_TRACKING_TOKEN");
    // A workflow is for everybody who reads the repository.
    expect(text.includes('"secret"') || text.includes("'secret'")).toBe(id !== "actions");
  });

  it("quote what stands in quotes", () => {
    const odd = snippets({ url, token: `a"b'c` }).map(({ text }) => text);
    expect(odd[0]).toContain('= "a\\"b\'c"');
    expect(odd[1]).toContain("='a\"b'\\''c'");
  });
});
