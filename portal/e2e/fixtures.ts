import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import type { DeviceGrant, Token } from "../src/api/account.ts";

export interface Gateway {
  /** Sets what the fake gateway does from now on; what is not named is as at the start. */
  set(state: {
    down?: string[];
    apps?: "some" | "none" | "many" | "broken";
    slow?: number;
    badPages?: number;
    session?: "off" | "out" | "in" | "old";
    providers?: "none" | "one" | "two";
    tokens?: Token[];
    grant?: DeviceGrant["state"];
  }): Promise<void>;
}

/** Each test fails on a console error or a breach of the policy that it did not announce. */
export const test = base.extend<{ gateway: Gateway; expectErrors: RegExp[] }>({
  expectErrors: [[] as RegExp[], { option: true }],
  gateway: async ({ request }, use) => {
    const set: Gateway["set"] = async (state) => {
      const answer = await request.post("/e2e", { data: state });
      expect(answer.ok()).toBe(true);
    };
    await set({});
    await use({ set });
  },
  page: async ({ page, expectErrors }, use) => {
    const problems: string[] = [];
    await page.exposeFunction("noteBreach", (breach: string) => problems.push(breach));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const note = Reflect.get(window, "noteBreach") as (breach: string) => void;
        note(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
      });
    });
    page.on("pageerror", (error) => problems.push(`thrown: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        problems.push(`console: ${message.text()}`);
      }
    });
    await use(page);
    const unexpected = problems.filter((text) => !expectErrors.some((known) => known.test(text)));
    expect(unexpected).toEqual([]);
  },
});

export { expect };

/** Axe over the portal's own page; MLflow's inside is not ours. */
export async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .exclude("iframe")
    .analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" ")}`)).toEqual(
    [],
  );
}

/** A picture for people to look at, under e2e/out. */
export async function picture(page: Page, name: string) {
  await page.screenshot({ path: `e2e/out/${name}.png` });
}

export function mlflow(page: Page) {
  const frame = page.frameLocator("iframe");
  return {
    frame,
    route: frame.getByTestId("route"),
    state: frame.getByTestId("state"),
    link: (name: string) => frame.getByRole("link", { name, exact: true }),
    button: (name: string) => frame.getByRole("button", { name, exact: true }),
  };
}

/** The address bar without the origin. */
export async function expectAddress(page: Page, address: string) {
  await expect
    // A page that is just being left has no address.
    .poll(() =>
      page.evaluate(() => location.href.slice(location.origin.length)).catch(() => "leaving"),
    )
    .toBe(address);
}
