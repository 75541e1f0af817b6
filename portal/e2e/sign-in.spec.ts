import type { Page } from "@playwright/test";
import { expect, expectAccessible, expectAddress, mlflow, picture, test } from "./fixtures.ts";

test.use({ expectErrors: [/status of 401/] });

test.beforeEach(async ({ gateway }) => gateway.set({}));

const kDeep = "/app/research/experiments/7/runs/abc?x=y";

/** The picture in both looks; dark needs its own check of contrasts. */
async function pictures(page: Page, name: string) {
  await expectAccessible(page);
  await picture(page, name);
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page);
  await picture(page, `${name}-dark`);
  await page.emulateMedia({ colorScheme: "light" });
}

for (const address of [kDeep, "/app/research#/models/a%2Fb", "/app/tokens"]) {
  test(`a stranger signs in and is where they wanted to be: ${address}`, async ({
    page,
    gateway,
  }) => {
    await gateway.set({ session: "out" });
    await page.goto(address);
    await expect(page.getByRole("button", { name: "Account of Ada Lovelace" })).toBeVisible();
    await expectAddress(page, address);
  });
}

test("a stranger who opens MLflow itself comes back to its very page", async ({
  page,
  gateway,
}) => {
  await gateway.set({ session: "out" });
  await page.goto("/apps/research/#/experiments/7/runs/abc?x=y");
  await expect(page.getByTestId("route")).toHaveText("/experiments/7/runs/abc?x=y");
  await expectAddress(page, "/apps/research/#/experiments/7/runs/abc?x=y");
});

test("several ways to sign in are offered", async ({ page, gateway }) => {
  await gateway.set({ session: "out", providers: "two" });
  await page.goto(kDeep);
  await expect(page.getByRole("heading", { name: "Sign in to ML platform" })).toBeVisible();
  await expect(page).toHaveTitle("Sign in · ML platform");
  await pictures(page, "sign-in");
  await page.getByRole("link", { name: "Continue with Partner login" }).click();
  await expect(mlflow(page).route).toHaveText("/experiments/7/runs/abc?x=y");
  await expectAddress(page, kDeep);
  // Sign-in left no step behind.
  await page.goBack();
  await expect(page).not.toHaveURL(/sign-in/);
});

test("a sign-in that failed says why and can be tried again", async ({ page, gateway }) => {
  await gateway.set({ session: "out" });
  await page.goto("/app/sign-in?error=not_allowed&return=%2Fapp%2Ftokens");
  await expect(page.getByText("This account may not sign in here.")).toBeVisible();
  await pictures(page, "sign-in-error");
  await page.getByRole("link", { name: "Try again" }).click();
  await expectAddress(page, "/app/tokens");
});

test("without a provider the page says how else", async ({ page, gateway }) => {
  await gateway.set({ session: "out", providers: "none" });
  await page.goto("/app/sign-in");
  await expect(page.getByText("Sign-in is by token only")).toBeVisible();
  await pictures(page, "sign-in-tokens-only");
});

test("a hostile way back is not taken", async ({ page, gateway }) => {
  await gateway.set({ session: "out" });
  await page.goto("/app/sign-in?return=%2F%2Fevil.example.com%2F");
  await expectAddress(page, "/app");
});

test("going round and round ends after one round", async ({ page, gateway }) => {
  await gateway.set({ session: "out" });
  await page.goto("/app/sign-in");
  await expectAddress(page, "/app");
  await gateway.set({ session: "out" });
  await page.goto("/app");
  await expect(page.getByRole("link", { name: "Continue with Company login" })).toBeVisible();
});

test("signing out", async ({ page, gateway }) => {
  await gateway.set({ session: "in" });
  await page.goto("/app");
  await page.getByRole("button", { name: "Account of Ada Lovelace" }).click();
  await expect(page.getByRole("menuitem", { name: "Sign out" })).toBeVisible();
  await pictures(page, "account");
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "You are signed out" })).toBeVisible();
  await expectAddress(page, "/app/signed-out");
  await pictures(page, "signed-out");
  await page.getByRole("link", { name: "Sign in" }).click();
  await expectAddress(page, "/app");
});

test("nobody is named where nobody signs in", async ({ page }) => {
  await page.goto("/app");
  await expect(page.getByRole("link", { name: "Research", exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: /Account/ })).toHaveCount(0);
});

for (const how of ["Fetch", "XHR"]) {
  test(`a session that ends under MLflow leads to sign-in and back: ${how}`, async ({
    page,
    gateway,
  }) => {
    await gateway.set({ session: "in", providers: "two" });
    await page.goto("/app/research");
    const { route, link, button } = mlflow(page);
    await link("Run abc").click();
    await expect(route).toHaveText("/experiments/7/runs/abc?x=y");
    await gateway.set({ session: "out", providers: "two" });
    await button(how).click();
    await page.getByRole("link", { name: "Continue with Company login" }).click();
    await expect(route).toHaveText("/experiments/7/runs/abc?x=y");
    await expectAddress(page, kDeep);
  });

  test(`a session that ends under MLflow alone does, too: ${how}`, async ({ page, gateway }) => {
    await gateway.set({ session: "in" });
    await page.goto("/apps/research/#/experiments/7");
    await expect(page.getByTestId("route")).toHaveText("/experiments/7");
    await gateway.set({ session: "out" });
    await page.getByRole("button", { name: how, exact: true }).click();
    await page.waitForURL("**/apps/research/#/experiments/7");
    await expect(page.getByTestId("route")).toHaveText("/experiments/7");
  });
}

test("a session that ends under an app on a host of its own leads to sign-in and back", async ({
  page,
  gateway,
}) => {
  await gateway.set({ session: "in", providers: "two" });
  await page.goto("/app/own");
  await expect(mlflow(page).route).toHaveText("/experiments");
  await gateway.set({ session: "out", providers: "two" });
  await mlflow(page).button("Fetch").click();
  await page.getByRole("link", { name: "Continue with Company login" }).click();
  await expect(mlflow(page).route).toHaveText("/experiments");
  await expectAddress(page, "/app/own");
});

test("a frame that is sent to sign-in takes the whole page there", async ({ page, gateway }) => {
  await gateway.set({ session: "in", providers: "two" });
  await page.goto(kDeep);
  await expect(mlflow(page).route).toHaveText("/experiments/7/runs/abc?x=y");
  await gateway.set({ session: "out", providers: "two" });
  await mlflow(page)
    .frame.locator("body")
    .evaluate(() => location.reload());
  await expect(page.locator("iframe")).toHaveCount(0);
  await page.getByRole("link", { name: "Continue with Company login" }).click();
  await expect(mlflow(page).route).toHaveText("/experiments/7/runs/abc?x=y");
  await expectAddress(page, kDeep);
});
