import type { Page } from "@playwright/test";
import { expect, expectAddress, mlflow, test } from "./fixtures.ts";

test.beforeEach(async ({ gateway }) => gateway.set({}));

test("an address opens its MLflow page, and MLflow's steps show in the address", async ({
  page,
}) => {
  await page.goto("/app/research/experiments/7/runs/abc?x=y");
  const { route, link, button } = mlflow(page);
  await expect(route).toHaveText("/experiments/7/runs/abc?x=y");
  await expect(page).toHaveTitle("Page /experiments/7/runs/abc · Research · ML platform");

  await link("Experiment 7").click();
  await expectAddress(page, "/app/research/experiments/7");
  await button("Tab 2").click();
  await expectAddress(page, "/app/research/experiments/7?tab=2");
  await link("Experiments").click();
  await expectAddress(page, "/app/research/experiments");
  await expect(page).toHaveTitle("Research · ML platform");
});

test("reload and a shared address open the same page", async ({ page, context }) => {
  await page.goto("/app/research");
  const { route, link } = mlflow(page);
  await expectAddress(page, "/app/research/experiments");
  await link("Run abc").click();
  await expect(route).toHaveText("/experiments/7/runs/abc?x=y");
  await expectAddress(page, "/app/research/experiments/7/runs/abc?x=y");
  await page.reload();
  await expect(route).toHaveText("/experiments/7/runs/abc?x=y");
  await expectAddress(page, "/app/research/experiments/7/runs/abc?x=y");

  const other = await context.newPage();
  await other.goto(page.url());
  await expect(mlflow(other).route).toHaveText("/experiments/7/runs/abc?x=y");
});

const kWalk = ["/experiments", "/experiments/7", "/experiments/7/runs/abc?x=y", "/typed?q=1"];

async function walk(page: Page) {
  const { route, link, button } = mlflow(page);
  await page.goto("/app/research/experiments");
  await expect(route).toHaveText("/experiments");
  await link("Experiment 7").click();
  await link("Run abc").click();
  await button("Push").click();
  await expectAddress(page, "/app/research/typed?q=1");
}

test("back and forward take one step each, in frame and address alike", async ({ page }) => {
  await walk(page);
  const { route, state } = mlflow(page);
  for (const where of kWalk.slice(0, -1).reverse()) {
    await page.goBack();
    await expect(route).toHaveText(where);
    await expectAddress(page, `/app/research${where}`);
  }
  for (const where of kWalk.slice(1)) {
    await page.goForward();
    await expect(route).toHaveText(where);
    await expectAddress(page, `/app/research${where}`);
  }
  await page.evaluate(() => history.go(-2));
  await expect(route).toHaveText("/experiments/7");
  await expect(state).toHaveText('{"from":"list"}');
});

test("the history holds one entry per step", async ({ page }) => {
  await page.goto("/app/research/experiments");
  const { route, link, button } = mlflow(page);
  await expect(route).toHaveText("/experiments");
  const before = await page.evaluate(() => history.length);
  await link("Experiment 7").click();
  await link("Run abc").click();
  await button("Tab 2").click();
  await expectAddress(page, "/app/research/experiments/7/runs/abc?tab=2");
  expect(await page.evaluate(() => history.length)).toBe(before + 2);
});

test("back works after a reload in the middle", async ({ page }) => {
  await walk(page);
  await page.goBack();
  const { route } = mlflow(page);
  await expect(route).toHaveText("/experiments/7/runs/abc?x=y");
  await page.reload();
  await expect(route).toHaveText("/experiments/7/runs/abc?x=y");
  await page.goBack();
  await expect(route).toHaveText("/experiments/7");
  await expectAddress(page, "/app/research/experiments/7");
  await page.goForward();
  await page.goForward();
  await expect(route).toHaveText("/typed?q=1");
  await expectAddress(page, "/app/research/typed?q=1");
});

test("back works from the list of apps and from another app", async ({ page }) => {
  await walk(page);
  const { route } = mlflow(page);
  await page.getByRole("link", { name: "ML platform" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "MLflow apps" })).toBeVisible();
  await page.getByRole("link", { name: "Open Sandbox" }).click();
  await expectAddress(page, "/app/sandbox/experiments");
  await page.goBack();
  await expectAddress(page, "/app");
  await page.goBack();
  await expect(route).toHaveText("/typed?q=1");
  await page.goBack();
  await expect(route).toHaveText("/experiments/7/runs/abc?x=y");
  await expectAddress(page, "/app/research/experiments/7/runs/abc?x=y");
});

test("a redirect inside MLflow leaves no entry behind", async ({ page }) => {
  await page.goto("/app");
  await page.goto("/app/research/old");
  await expectAddress(page, "/app/research/experiments/1/overview?workflowType=genai");
  await page.goBack();
  await expectAddress(page, "/app");
});

test("a plain fragment link inside MLflow is followed, back too", async ({ page }) => {
  await page.goto("/app/research/experiments/7");
  const { route, link } = mlflow(page);
  await link("Plain link").click();
  await expect(route).toHaveText("/plain");
  await expectAddress(page, "/app/research/plain");
  await page.goBack();
  await expect(route).toHaveText("/experiments/7");
  await expectAddress(page, "/app/research/experiments/7");
});

test("routes that no path may hold stay in the fragment and survive a reload", async ({ page }) => {
  await page.goto("/app/research");
  const { route, link } = mlflow(page);
  await link("Model a/b").click();
  await expectAddress(page, "/app/research#/models/a%2Fb");
  await page.reload();
  await expect(route).toHaveText("/models/a%2Fb");
  await link("Compare").click();
  await expectAddress(page, "/app/research/compare-runs?runs=%5B%22abc%22,%22def%22%5D");
  await page.reload();
  await expect(route).toHaveText("/compare-runs?runs=%5B%22abc%22,%22def%22%5D");
  await page.goBack();
  await expect(route).toHaveText("/models/a%2Fb");
});

for (const address of ["/#/experiments/7/runs/abc?x=y", "/app#/experiments/7/runs/abc?x=y"]) {
  test(`a link that MLflow printed opens in the default app: ${address}`, async ({ page }) => {
    await page.goto(address);
    await expect(mlflow(page).route).toHaveText("/experiments/7/runs/abc?x=y");
    await expectAddress(page, "/app/research/experiments/7/runs/abc?x=y");
  });
}

test("an address typed over the open one steers the frame without loading it again", async ({
  page,
}) => {
  await page.goto("/app/research#/models/a%2Fb");
  const { route, frame } = mlflow(page);
  await expect(route).toHaveText("/models/a%2Fb");
  await frame.locator("body").evaluate((body) => body.setAttribute("data-mark", "same"));
  await page.evaluate(() => {
    location.hash = "#/models/c%2Fd";
  });
  await expect(route).toHaveText("/models/c%2Fd");
  await expect(frame.locator("body")).toHaveAttribute("data-mark", "same");
  await page.goBack();
  await expect(route).toHaveText("/models/a%2Fb");
});

test("links to the whole window work", async ({ page }) => {
  await page.goto("/app/research");
  await mlflow(page).link("Top").click();
  await expectAddress(page, "/app/vision/experiments");
});

test("an app on a host of its own is shown without following it", async ({ page }) => {
  await page.goto("/app/own/experiments/7");
  const { route, link } = mlflow(page);
  await expect(route).toHaveText("/experiments/7");
  await link("Run abc").click();
  await expect(route).toHaveText("/experiments/7/runs/abc?x=y");
  await expectAddress(page, "/app/own/experiments/7");
  await expect(page).toHaveTitle("Own host · ML platform");
});

test("MLflow may reload itself and is followed still", async ({ page }) => {
  await page.goto("/app/research/experiments/7");
  const { route, link, frame } = mlflow(page);
  await expect(route).toHaveText("/experiments/7");
  await frame.locator("body").evaluate(() => location.reload());
  await expect(route).toHaveText("/experiments/7");
  await link("Run abc").click();
  await expectAddress(page, "/app/research/experiments/7/runs/abc?x=y");
  await page.goBack();
  await expect(route).toHaveText("/experiments/7");
});
