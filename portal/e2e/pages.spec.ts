import type { Locator } from "@playwright/test";
import { expect, expectAccessible, expectAddress, mlflow, picture, test } from "./fixtures.ts";

test.beforeEach(async ({ gateway }) => gateway.set({}));

test("the list says what there is and how to reach it", async ({ page, gateway }) => {
  await gateway.set({ down: ["vision"] });
  await page.goto("/app");
  await expect(page).toHaveTitle("ML platform");
  const cards = page.getByRole("main").getByRole("listitem");
  await expect(cards).toHaveCount(4);
  await expect(cards.nth(0)).toContainText("SageMaker MLflow App");
  await expect(cards.nth(0)).toContainText("eu-west-1");
  await expect(cards.nth(0)).toContainText("Available");
  await expect(cards.nth(1)).toContainText("Not answering");
  await expect(cards.nth(1)).toContainText("The MLflow server refuses connections.");
  await expect(cards.nth(3)).toContainText("Not checked yet");
  await expectAccessible(page);
  await picture(page, "list");

  await page.getByRole("button", { name: "Copy the tracking URI of Research" }).click();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(copied).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/apps\/research$/);

  await page.getByRole("button", { name: "Use from Python: Research" }).click();
  await expect(page.getByRole("dialog")).toContainText("mlflow.set_tracking_uri");
  await expectAccessible(page);
  await picture(page, "python");
  await page.getByRole("tab", { name: "Shell", exact: true }).click();
  await expect(page.getByRole("dialog")).toContainText("export MLFLOW_TRACKING_URI=http");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("button", { name: "Use from Python: Research" })).toBeFocused();
});

test("many apps can be searched", async ({ page, gateway }) => {
  await gateway.set({ apps: "many" });
  await page.goto("/app");
  await page.getByPlaceholder("Find an app").fill("tracking server");
  const cards = page.getByRole("main").getByRole("listitem");
  await expect(cards).toHaveCount(1);
  await expect(cards).toContainText("Computer vision");
  await page.getByPlaceholder("Find an app").fill("nothing like it");
  await expect(page.getByText("No app matches.")).toBeVisible();
  await page.getByPlaceholder("Find an app").fill("");
  await expectAccessible(page);
  await picture(page, "many");
});

test("no apps", async ({ page, gateway }) => {
  await gateway.set({ apps: "none" });
  await page.goto("/app");
  await expect(page.getByText("No apps yet")).toBeVisible();
  await expectAccessible(page);
  await picture(page, "none");
});

test.describe("with a gateway that fails", () => {
  test.use({ expectErrors: [/status of 503/] });

  test("the list says so and can be asked for again", async ({ page, gateway }) => {
    await gateway.set({ apps: "broken" });
    await page.goto("/app");
    await expect(page.getByText("The list of apps could not be loaded")).toBeVisible();
    await expect(page.getByText("The gateway is starting.")).toBeVisible();
    await expectAccessible(page);
    await picture(page, "broken");
    await gateway.set({});
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("link", { name: "Research", exact: true })).toBeVisible();
  });

  test("an app that is down has an honest page and opens when it is back", async ({
    page,
    gateway,
  }) => {
    await gateway.set({ down: ["research"] });
    await page.goto("/app/research/experiments/7/runs/abc?x=y");
    await expect(page.getByText("Research does not answer right now")).toBeVisible();
    await expect(page.getByText("The MLflow server refuses connections.")).toBeVisible();
    await expect(page.getByText("0af7651916cd43dd8448eb211c80319c")).toBeVisible();
    await expect(page.locator("iframe")).toHaveCount(0);
    await expectAccessible(page);
    await picture(page, "down");
    await gateway.set({});
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(mlflow(page).route).toHaveText("/experiments/7/runs/abc?x=y");
    await expectAddress(page, "/app/research/experiments/7/runs/abc?x=y");
  });

  test("an app that goes down before its page loads has the same page", async ({
    page,
    gateway,
  }) => {
    await page.goto("/app");
    await expect(page.getByRole("link", { name: "Sandbox", exact: true })).toBeVisible();
    await gateway.set({ down: ["sandbox"] });
    await page.getByRole("link", { name: "Sandbox", exact: true }).click();
    await expect(page.getByText("Sandbox does not answer right now")).toBeVisible();
    await gateway.set({});
    await expect(mlflow(page).route).toHaveText("/experiments");
    await expectAddress(page, "/app/sandbox/experiments");
  });
});

test.describe("with a page that fails although MLflow answers", () => {
  test.use({ expectErrors: [/status of 502/] });

  test("it is loaded once more by itself", async ({ page, gateway }) => {
    await gateway.set({ badPages: 1 });
    await page.goto("/app/research/experiments/7");
    await expect(mlflow(page).route).toHaveText("/experiments/7");
    await expectAddress(page, "/app/research/experiments/7");
  });

  test("and then left to the person", async ({ page, gateway }) => {
    await gateway.set({ badPages: 2 });
    await page.goto("/app/research/experiments/7");
    await expect(page.getByText("Research could not be shown")).toBeVisible();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(mlflow(page).route).toHaveText("/experiments/7");
  });
});

test("an unknown app has a clear page", async ({ page }) => {
  await page.goto("/app/nowhere/experiments/7");
  await expect(page.getByText("There is no app called “nowhere”")).toBeVisible();
  await expectAccessible(page);
  await picture(page, "unknown");
  await page.getByRole("link", { name: "See all apps" }).click();
  await expectAddress(page, "/app");
});

test("a slow app says that it is being opened", async ({ page, gateway }) => {
  await gateway.set({ slow: 1500 });
  await page.goto("/app/research");
  await expect(page.getByRole("status").getByText("Opening Research …")).toBeVisible();
  await picture(page, "opening");
  await expect(mlflow(page).route).toHaveText("/experiments");
  await expect(page.getByText("Opening Research …")).toBeHidden();
});

test("the bar switches apps, copies the link and opens MLflow alone", async ({ page, context }) => {
  await page.goto("/app/research/experiments/7");
  const { route } = mlflow(page);
  await expect(route).toHaveText("/experiments/7");
  await expectAccessible(page);
  await picture(page, "app");

  await page.getByRole("button", { name: "Copy a link to this page" }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/\/app\/research\/experiments\/7$/);

  const opened = context.waitForEvent("page");
  await page.getByRole("link", { name: "Open this page without the portal, in a new tab" }).click();
  const alone = await opened;
  await alone.waitForURL("**/apps/research/#/experiments/7");
  await alone.close();

  await page.getByRole("button", { name: "Research: switch to another app" }).click();
  await expect(page.getByRole("menuitem", { name: "Computer vision" })).toBeVisible();
  await expectAccessible(page);
  await picture(page, "switch");
  await mlflow(page).route.click();
  await expect(page.getByRole("menuitem", { name: "Computer vision" })).toBeHidden();
  await page.getByRole("button", { name: "Research: switch to another app" }).click();
  await page.getByRole("menuitem", { name: "Sandbox" }).click();
  await expectAddress(page, "/app/sandbox/experiments");
  await page.goBack();
  await expect(route).toHaveText("/experiments/7");
});

test("everything can be done with the keyboard", async ({ page }) => {
  await page.goto("/app");
  const research = page.getByRole("link", { name: "Research", exact: true });
  await expect(research).toBeVisible();
  for (let i = 0; i < 12 && !(await isFocused(research)); i++) await page.keyboard.press("Tab");
  await expect(research).toBeFocused();
  await page.keyboard.press("Enter");
  const { route, link } = mlflow(page);
  await expect(route).toHaveText("/experiments");
  // MLflow has the focus, as if the page were its own.
  await page.keyboard.press("Tab");
  await expect(link("Experiments")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expectAddress(page, "/app/research/experiments/7");

  const menu = page.getByRole("button", { name: "Research: switch to another app" });
  for (let i = 0; i < 12 && !(await isFocused(menu)); i++) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expectAddress(page, "/app/vision/experiments");
});

test("a dark system gets dark pages", async ({ page, gateway }) => {
  await gateway.set({ down: ["vision"] });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/app");
  await expect(page.getByRole("link", { name: "Research", exact: true })).toBeVisible();
  await expectAccessible(page);
  await picture(page, "list-dark");
  await page.getByRole("button", { name: "Use from Python: Research" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectAccessible(page);
  await picture(page, "python-dark");
});

test("the pages fit a phone", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/app");
  await expect(page.getByRole("link", { name: "Research", exact: true })).toBeVisible();
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(await overflow()).toBeLessThanOrEqual(0);
  await expectAccessible(page);
  await picture(page, "list-narrow");
  await page.goto("/app/research");
  await expect(mlflow(page).route).toHaveText("/experiments");
  expect(await overflow()).toBeLessThanOrEqual(0);
  await picture(page, "app-narrow");
});

async function isFocused(locator: Locator) {
  return locator.evaluate((element) => element === document.activeElement);
}
