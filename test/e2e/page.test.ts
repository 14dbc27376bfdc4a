/** The page at `/` in a real browser: skipped without Chromium, unless `REQUIRE_CHROMIUM=true`, as in CI. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accountVars, type StartedWorker, startWorker } from "./worker.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) =>
  existsSync(path),
);
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SCREENSHOTS = "dist/screenshots";
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };

if (CHROMIUM === undefined) {
  const none = "there is no Chromium in /usr/bin";
  if (process.env.REQUIRE_CHROMIUM === "true") throw new Error(`${none}, and it is required.`);
  process.stderr.write(`The tests of the page are skipped: ${none}.\n`);
}

describe.skipIf(CHROMIUM === undefined)("the page", () => {
  let worker: StartedWorker;
  let browser: Browser | undefined;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    worker = await startWorker((zoo) => accountVars(zoo, { down: "user", blocked: "user" }));
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? "",
      args: ["--no-sandbox", "--disable-gpu"],
    });
    mkdirSync(SCREENSHOTS, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await worker.close();
  });
  beforeEach(async () => {
    worker.zoo.reset();
    complaints.length = 0;
    await open({});
    return () => page.context().close();
  });

  async function open(options: {
    colorScheme?: "light" | "dark";
    viewport?: typeof PHONE;
  }): Promise<void> {
    const context = await (browser as Browser).newContext({
      viewport: PHONE,
      reducedMotion: "reduce",
      ...options,
    });
    page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(worker.url);
  }

  const result = () => page.getByRole("status");
  const field = () => page.getByRole("textbox", { name: "Credential" });

  async function ask(account: string, button = "Show the balance"): Promise<void> {
    const token = await worker.zoo.signToken({ account });
    await field().fill(token);
    await page.getByRole("button", { name: button }).click();
  }

  test("shows a balance as a phone would", async () => {
    await ask("default");
    await expect.poll(() => result().textContent()).toContain("$37.36");
    const text = await result().textContent();
    expect(text).toContain("There is enough.");
    expect(text).toContain("This month: $12.46 of $20.00 left");
    expect(text).toContain("Plan: Pro");
    expect(text).toContain("Due: $4.20");
    expect(text).toContain("Prepaid: $24.90 left");
    expect(text).toContain("Available: $37.3583, this month: $12.4583, prepaid: $24.90.");
    expect(text).toMatch(/As of (now|\d+ seconds ago)\./);
    const meter = page.getByRole("meter");
    expect(await meter.getAttribute("value")).toBe("12.4583");
    expect(await meter.getAttribute("max")).toBe("20");
    expect(complaints).toEqual([]);
  });

  test("shows the history as a chart, with its summary in words", async () => {
    await ask("default");
    const chart = page.getByRole("img", { name: "The balance of the last 30 days." });
    await expect.poll(() => chart.count()).toBe(1);
    expect(await page.locator("figcaption").textContent()).toContain("less than a day of history");
    const labels = await page.locator("svg text").allTextContents();
    expect(labels).toContain("$40");
    expect(labels).toContain("$0");
    expect(labels.filter((text) => /^[A-Z][a-z]{2} \d+$/.test(text))).toHaveLength(3);
    expect(await page.locator("svg .curve").count()).toBe(1);
    expect(await page.locator("svg .dot").count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test.each(["light", "dark"] as const)(
    "draws a month of spending in the %s scheme",
    async (colorScheme) => {
      await open({ colorScheme });
      const to = Date.UTC(2026, 10, 24, 10);
      const time = (daysAgo: number) => new Date(to - daysAgo * 86_400_000).toISOString();
      const points = Array.from({ length: 116 }, (_, n) => {
        const daysAgo = 29 - n / 4;
        const available = (daysAgo > 12 ? 60 : 110) - (29 - daysAgo) * 2.5;
        return { at: time(daysAgo), available: available.toFixed(2) };
      });
      const history = {
        ...{ account: "default", currency: "USD", from: time(30), to: time(0), points },
        ...{ spend_per_day: "2.50", lasts_until: time(-15), forecast_reason: null },
      };
      await page.route("**/v1/balance/history**", (route) => route.fulfill({ json: history }));
      await ask("default");
      await expect
        .poll(() => page.locator("figcaption").allTextContents())
        .toEqual(["At $2.50 a day it lasts until Wednesday, December 9, 2026."]);
      await page.locator("#chart").screenshot({ path: `${SCREENSHOTS}/chart-${colorScheme}.png` });
    },
  );

  test("says in words that a value is old, and why", async () => {
    await using hasty = await startWorker({
      FRESH_SECONDS: 1,
      REVALIDATE_SECONDS: 1,
      MIN_REFRESH_SECONDS: 1,
    });
    await page.goto(hasty.url);
    await field().fill(hasty.token);
    await page.keyboard.press("Enter");
    await expect.poll(() => result().textContent()).toContain("$37.36");
    hasty.zoo.setFault({ kind: "status", status: 503 });
    const again = async () => {
      await page.getByRole("button", { name: "Refresh now" }).click();
      return result().textContent();
    };
    await expect
      .poll(again, { timeout: 15_000, interval: 500 })
      .toContain("Zoo cannot be reached: this is the last known value.");
    expect(await result().textContent()).toContain("$37.36");
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

  test("asks conditionally, and shows a 304 with its new age", async () => {
    await ask("default");
    await expect.poll(() => result().textContent()).toContain("$37.36");
    await page.evaluate("document.getElementById('result').replaceChildren()");
    const unchanged = page.waitForResponse((response) => response.url().endsWith("/v1/balance"));
    await page.getByRole("button", { name: "Show the balance" }).click();
    expect((await unchanged).status()).toBe(304);
    await expect
      .poll(() => result().textContent())
      .toMatch(/^\$37\.36.*As of (now|\d+ seconds ago)\.$/);
  });

  test("keeps the last balance with its age when the connection is lost or HTML is answered", async () => {
    await ask("default");
    await expect.poll(() => result().textContent()).toContain("$37.36");
    await page.route("**/v1/balance", (route) => route.abort());
    const show = () => page.getByRole("button", { name: "Show the balance" }).click();
    await show();
    await expect.poll(() => result().textContent()).toContain("There is no connection");
    expect(await result().textContent()).toMatch(/\$37\.36.*As of /);
    await page.unroute("**/v1/balance");
    const html = { contentType: "text/html", body: "<h1>Sign in</h1>" };
    await page.route("**/v1/balance", (route) => route.fulfill(html));
    await show();
    await expect.poll(() => result().textContent()).toContain("answered instead of it");
    expect(await result().textContent()).toMatch(/\$37\.36.*As of /);
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
    await page.getByRole("button", { name: "Show the balance" }).click();
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

  describe.each(["light", "dark"] as const)("in the %s scheme", (colorScheme) => {
    test.each([
      ["phone", PHONE],
      ["desk", DESK],
    ] as const)(
      "on a %s has no accessibility violation, and nothing is cut off",
      async (name, viewport) => {
        await open({ colorScheme, viewport });
        await ask("default");
        await expect.poll(() => result().textContent()).toContain("$37.36");
        await expect.poll(() => page.locator("svg .curve").count()).toBe(1);
        await page.screenshot({
          fullPage: true,
          path: `${SCREENSHOTS}/${name}-${colorScheme}.png`,
        });
        // axe in a world of its own: the page's policy lets no other script run in the page's.
        const session = await page.context().newCDPSession(page);
        const { frameTree } = await session.send("Page.getFrameTree");
        const { executionContextId } = await session.send("Page.createIsolatedWorld", {
          frameId: frameTree.frame.id,
        });
        const run =
          "axe.run(document).then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])))";
        await session.send("Runtime.evaluate", { contextId: executionContextId, expression: AXE });
        const answer = await session.send("Runtime.evaluate", {
          contextId: executionContextId,
          expression: run,
          awaitPromise: true,
        });
        expect(JSON.parse(String(answer.result.value))).toEqual([]);
        const wider = await page.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        expect(wider).toBe(0);
      },
    );
  });
});
