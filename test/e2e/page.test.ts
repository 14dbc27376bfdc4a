/** The page at `/` against a started Worker, in a real browser. What it shows in each state: `screens.test.ts`. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isSkipped, launchChromium, noChromium } from "../chromium.ts";
import { accountVars, type StartedWorker, startWorker } from "./worker.ts";

describe.skipIf(isSkipped("The tests of the page", noChromium))("the page", () => {
  let worker: StartedWorker;
  let browser: Browser | undefined;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    [worker, browser] = await Promise.all([
      startWorker((zoo) => accountVars(zoo, { down: "user", blocked: "user" })),
      launchChromium(),
    ]);
    page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  });
  afterAll(async () => {
    await browser?.close();
    await worker.close();
  });
  beforeEach(async () => {
    worker.zoo.reset();
    await page.unrouteAll({ behavior: "ignoreErrors" });
    page.removeAllListeners();
    complaints.length = 0;
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(worker.url);
  });

  const result = () => page.getByRole("status");
  const field = () => page.getByRole("textbox", { name: "Credential" });
  const show = () => page.getByRole("button", { name: "Show the balance" }).click();

  async function ask(account: string): Promise<void> {
    await field().fill(await worker.zoo.signToken({ account }));
    await show();
  }

  test("shows a balance as a phone would", async () => {
    await ask("default");
    await expect.poll(() => result().textContent()).toContain("$37.36");
    const text = await result().textContent();
    for (const part of [
      "There is enough.",
      "This month$12.46of $20.00 a monthNext credits: December 11, 2026",
      "Prepaid$24.90",
      "Available$37.36",
      "Due to Zoo$4.20",
      "PlanPro",
      "Available: $37.3583, this month: $12.4583, prepaid: $24.90.",
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/Updated (just now|\d+ seconds ago)\./);
    const meter = page.getByRole("meter");
    expect(await meter.getAttribute("value")).toBe("12.4583");
    expect(await meter.getAttribute("max")).toBe("20");
    expect(complaints).toEqual([]);
  });

  test("shows the history as a chart, with its summary in words", async () => {
    await ask("default");
    await page.getByRole("img", { name: "The last 30 days." }).waitFor();
    expect(await page.locator("#chart p").textContent()).toContain("less than a day of history");
    const labels = await page.locator("svg text").allTextContents();
    expect(labels).toContain("$40");
    expect(labels).toContain("$0");
    expect(labels.filter((text) => /^[A-Z][a-z]{2} \d+$/.test(text))).toHaveLength(3);
    expect(await page.locator("svg .curve").count()).toBe(1);
    expect(await page.locator("svg .dot").count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test("says in words why there is no balance", async () => {
    worker.zoo.setFault({ kind: "status", status: 401 });
    await ask("down");
    await expect
      .poll(() => result().textContent())
      .toContain("Zoo refuses the service, and no earlier value is known. Try again in");
    await field().fill("nonsense");
    await page.keyboard.press("Enter");
    await expect.poll(() => result().textContent()).toContain("This credential is not valid");
    await field().fill("");
    await page.keyboard.press("Enter");
    await expect.poll(() => result().textContent()).toContain("Paste a credential first.");
  });

  test("asks conditionally, and shows a 304 with its new age and the history", async () => {
    await ask("default");
    await page.locator("svg").waitFor();
    const answered: [string, number][] = [];
    page.on("response", (response) =>
      answered.push([new URL(response.url()).pathname, response.status()]),
    );
    await show();
    await expect
      .poll(() => answered)
      .toEqual([
        ["/v1/balance", 304],
        ["/v1/balance/history", 200],
      ]);
    expect(await result().textContent()).toMatch(
      /^\$37\.36.*Updated (just now|\d+ seconds ago)\.$/,
    );
    expect(await page.locator("svg").count()).toBe(1);
  });

  test("shows the status to whoever may see that alone", async () => {
    await field().fill(await worker.zoo.signToken({ account: "default", scope: "balance:status" }));
    await show();
    await expect
      .poll(() => result().textContent())
      .toMatch(/^There is enough\.Updated (just now|.* ago)\.$/);
    const again = page.waitForResponse((response) => response.url().includes("/v1/balance"));
    await show();
    expect([new URL((await again).url()).pathname, (await again).status()]).toEqual([
      "/v1/balance/status",
      304,
    ]);
  });

  test("forces a refresh with the button for it alone", async () => {
    const asked: (string | undefined)[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/v1/balance")) asked.push(request.headers()["cache-control"]);
    });
    await ask("default");
    await expect.poll(() => result().textContent()).toContain("$37.36");
    await page.getByRole("button", { name: "Refresh now" }).click();
    await expect.poll(() => asked).toEqual(["no-transform", "no-cache"]);
  });

  test("says that the account is blocked, and what to do", async () => {
    worker.zoo.account.setMembers({ block: "payment_method_failed", allow_pay_as_you_go: true });
    await ask("blocked");
    await expect.poll(() => result().textContent()).toContain("Zoo has blocked this account.");
    expect(await result().textContent()).toContain("check the payment method");
  });

  test("shows nothing of one credential's once another is asked with", async () => {
    await ask("default");
    await page.locator("svg").waitFor();
    const { promise, resolve } = Promise.withResolvers<void>();
    await page.route("**/v1/balance", async (route) => {
      await promise;
      await route.continue();
    });
    await field().fill("nonsense");
    await page.keyboard.press("Enter");
    await expect.poll(() => result().textContent()).toBe("");
    expect(await page.locator("#chart").textContent()).toBe("");
    resolve();
    await expect.poll(() => result().textContent()).toContain("This credential is not valid");
  });

  test("does not show a late answer under another credential", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    let first = true;
    await page.route("**/v1/balance", async (route) => {
      if (first) {
        first = false;
        asked.resolve();
        await promise;
      }
      await route.continue().catch(() => undefined);
    });
    await ask("default");
    // Or the next one could be the first to arrive here.
    await asked.promise;
    await field().fill("nonsense");
    await page.keyboard.press("Enter");
    await expect.poll(() => result().textContent()).toContain("This credential is not valid");
    resolve();
    // Answered after it: had the late answer been shown, it would be by now.
    await page.evaluate("fetch('/health').then((response) => response.text())");
    expect(await result().textContent()).not.toContain("$37");
  });

  test("keeps the credential in memory: in no URL, storage or cookie", async () => {
    const urls: string[] = [];
    page.on("request", (request) => urls.push(request.url()));
    const token = await worker.zoo.signToken({ account: "default" });
    await field().fill(token);
    await show();
    await expect.poll(() => result().textContent()).toContain("$37.36");
    expect(urls.length).toBeGreaterThan(0);
    expect(urls.filter((url) => url.includes(token) || !url.startsWith(worker.url))).toEqual([]);
    const kept = await page.evaluate(
      "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])",
    );
    expect(kept).not.toContain(token);
    await page.reload();
    expect(await field().inputValue()).toBe("");
  });

  test("works by keyboard alone", async () => {
    const focused = () =>
      page.evaluate("document.activeElement?.id || document.activeElement?.textContent");
    const seen: unknown[] = [];
    for (let n = 0; n < 4; n++) {
      await page.keyboard.press("Tab");
      seen.push(await focused());
    }
    expect(seen).toEqual(["To the content", "credential", "show", "refresh"]);
  });

  test("loads nothing from other origins, and its policy forbids it", async () => {
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    const response = await page.reload();
    expect(requests.every((url) => url.startsWith(worker.url) || url.startsWith("data:"))).toBe(
      true,
    );
    const policy = (await response?.allHeaders())?.["content-security-policy"] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    const blocked = await page.evaluate(async () => {
      try {
        await fetch("https://elsewhere.example/");
        return false;
      } catch {
        return true;
      }
    });
    expect(blocked).toBe(true);
    expect(complaints.join()).toContain("Content Security Policy");
  });

  test("has a reference of every route", async () => {
    for (const route of [
      "GET /v1/balance",
      "HEAD /v1/balance",
      "GET /health",
      "GET /openapi.json",
    ]) {
      expect(await page.getByRole("heading", { name: route, exact: true }).count()).toBe(1);
    }
    expect(await page.getByRole("rowheader", { name: "monthly.allowance" }).count()).toBe(1);
  });
});
