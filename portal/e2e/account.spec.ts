import type { Page } from "@playwright/test";
import type { Token } from "../src/api/account.ts";
import { expect, expectAccessible, expectAddress, picture, test } from "./fixtures.ts";

const kSecret = "signet_1f0bNotARealSecretNotARealSecret00";

const kToken: Token = {
  id: "0000000000000000",
  kind: "personal",
  title: "Nightly training",
  person: "ada@example.com",
  made_at: "2026-11-20T10:00:00Z",
  expires_at: "2026-12-20T10:00:00Z",
  apps: ["research"],
  permission: "EDIT",
  last_used_at: "2026-11-25T22:00:00Z",
  revoked_at: null,
  state: "usable",
};
const kTokens: Token[] = [
  kToken,
  { ...kToken, id: "0000000000000001", title: "Dashboard", apps: [], permission: "READ" },
  {
    ...kToken,
    id: "0000000000000002",
    title: "Old laptop",
    made_at: "2026-06-01T10:00:00Z",
    expires_at: "2026-08-30T10:00:00Z",
    apps: [],
    permission: null,
    last_used_at: null,
    state: "expired",
  },
];

async function pictures(page: Page, name: string) {
  await expectAccessible(page);
  await picture(page, name);
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page);
  await picture(page, `${name}-dark`);
  await page.emulateMedia({ colorScheme: "light" });
}

test("tokens are made, shown once and revoked", async ({ page, gateway }) => {
  await gateway.set({ session: "in", tokens: kTokens });
  await page.goto("/app/tokens");
  await expect(page).toHaveTitle("My tokens · ML platform");
  await expect(page.getByRole("row", { name: /Nightly training/ })).toContainText(
    "Research · Edit at most",
  );
  await expect(page.getByRole("row", { name: /Old laptop/ })).toContainText("Expired");
  await pictures(page, "tokens");

  await page.getByRole("button", { name: "Make token" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Title" }).fill("Evaluation");
  await dialog.getByText("Only some").click();
  await dialog.getByRole("button", { name: /Which apps/ }).click();
  await page.getByRole("option", { name: "Sandbox" }).click();
  await page.getByRole("option", { name: "Computer vision" }).click();
  await page.keyboard.press("Escape");
  await pictures(page, "token-form");
  await dialog.getByRole("button", { name: "Make token" }).click();

  await expect(page.getByText("“Evaluation” is made")).toBeVisible();
  await page.getByRole("button", { name: "Copy the token" }).click();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(copied).toBe(kSecret);
  await pictures(page, "token-made");
  for (const [tab, text] of [
    ["CLI", `export MLFLOW_TRACKING_TOKEN='${kSecret}'`],
    ["R", `Sys.setenv(MLFLOW_TRACKING_TOKEN = "${kSecret}")`],
    ["curl", "Authorization: Bearer $MLFLOW_TRACKING_TOKEN"],
    ["GitHub Actions", "secrets.MLFLOW_TRACKING_TOKEN"],
  ] as const) {
    await page.getByRole("tab", { name: tab, exact: true }).click();
    await expect(page.getByRole("tabpanel")).toContainText(text);
    await expect(page.getByRole("tabpanel")).toContainText("/apps/vision");
  }
  await picture(page, "token-actions");
  expect(page.url()).not.toContain(kSecret);
  const stored = () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state]);
  expect(await page.evaluate(stored)).not.toContain(kSecret);

  await page.keyboard.press("Escape");
  await expect(page.getByText("It will not be shown again.", { exact: true })).toBeVisible();
  await expect(page.getByText("Have you copied the token?")).toBeVisible();
  await expect(page.getByRole("button", { name: "Back" })).toBeFocused();
  await pictures(page, "token-closing");
  await page.getByRole("button", { name: "Close for good" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  const made = page.getByRole("row", { name: /Evaluation/ });
  await expect(made).toContainText("Computer vision, Sandbox");
  await expect(made).toContainText("Usable");

  await page.getByRole("button", { name: "Revoke Evaluation" }).click();
  await expect(page.getByRole("dialog")).toContainText("Revoke “Evaluation”?");
  await pictures(page, "token-revoke");
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(made).toContainText("Revoked");
});

test.describe("with a sign-in that is too old", () => {
  test.use({ expectErrors: [/status of 403/] });

  test("the form survives signing in again", async ({ page, gateway }) => {
    await gateway.set({ session: "old" });
    await page.goto("/app/tokens");
    await expect(page.getByText("No tokens yet")).toBeVisible();
    await picture(page, "tokens-none");
    await page.getByRole("button", { name: "Make token" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Title" }).fill("Evaluation");
    await dialog.getByRole("button", { name: /Lifetime/ }).click();
    await page.getByRole("option", { name: "7 days" }).click();
    await dialog.getByRole("button", { name: /Permission at most/ }).click();
    await page.getByRole("option", { name: /^Read/ }).click();
    await dialog.getByRole("button", { name: "Make token" }).click();
    await expect(page.getByText("Please sign in again")).toBeVisible();
    await pictures(page, "token-too-old");
    await page.getByRole("button", { name: "Sign in again" }).click();
    await expectAddress(page, "/app/tokens");
    await expect(dialog.getByRole("textbox", { name: "Title" })).toHaveValue("Evaluation");
    await expect(dialog.getByRole("button", { name: /Lifetime/ })).toContainText("7 days");
    await dialog.getByRole("button", { name: "Make token" }).click();
    await expect(page.getByText("“Evaluation” is made")).toBeVisible();
  });
});

test("a device is approved by whoever started it", async ({ page, gateway }) => {
  await gateway.set({ session: "in" });
  await page.goto("/app/device");
  await pictures(page, "device-code");
  await page.getByRole("textbox", { name: "Code" }).fill("bcdfghjk");
  await page.keyboard.press("Enter");
  await expectAddress(page, "/app/device?user_code=BCDF-GHJK");
  await expect(page.getByText("203.0.113.7")).toBeVisible();
  await pictures(page, "device");
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText("The device is signed in as you")).toBeVisible();
  await pictures(page, "device-approved");
});

test("a device is denied", async ({ page, gateway }) => {
  await gateway.set({ session: "in" });
  await page.goto("/app/device?user_code=BCDF-GHJK");
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByText("The device got nothing.")).toBeVisible();
});

test.describe("with a code that is not known", () => {
  test.use({ expectErrors: [/status of 404/] });

  test("another can be typed", async ({ page, gateway }) => {
    await gateway.set({ session: "in" });
    await page.goto("/app/device?user_code=XXXX-XXXX");
    await expect(page.getByText("The code XXXX-XXXX is not known.")).toBeVisible();
    await pictures(page, "device-unknown");
    await page.getByRole("textbox", { name: "Code" }).fill("BCDF-GHJK");
    await page.keyboard.press("Enter");
    await expect(page.getByText("203.0.113.7")).toBeVisible();
  });
});

test("the pages fit a narrow window", async ({ page, gateway }) => {
  await gateway.set({ session: "in", tokens: kTokens });
  await page.setViewportSize({ width: 390, height: 800 });
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  for (const name of ["tokens", "device", "signed-out", "sign-in?chooser=1", "research"]) {
    await page.goto(`/app/${name}`);
    await expect(page.getByRole("heading", { level: 1 }).first()).toBeAttached();
    expect(await overflow()).toBeLessThanOrEqual(0);
    await picture(page, `narrow-${name.replace(/\W.*/, "")}`);
  }
});
