/** The page without a Worker: its files from `dist/site`, the answers of a state, a clock that stands, one font. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, CDPSession, Page, Route } from "playwright-core";
import { NOW, type PageState, type Reply } from "./page-states.ts";

const SITE = "dist/site";
const ORIGIN = "https://page.test";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Of Debian's `fonts-dejavu-core`, which `.ci/run` installs with Chromium. */
const FONT_FOLDER = "/usr/share/fonts/truetype/dejavu";
const FONTS = { "/regular.ttf": "DejaVuSans.ttf", "/bold.ttf": "DejaVuSans-Bold.ttf" };
const missing = Object.values(FONTS).find((name) => !existsSync(`${FONT_FOLDER}/${name}`));
export const noFont = missing === undefined ? undefined : `there is no ${missing} (DejaVu)`;

const PINNED_FONT = `
@font-face { font-family: Pinned; src: url(/regular.ttf); }
@font-face { font-family: Pinned; font-weight: 700; src: url(/bold.ttf); }
* { font-family: Pinned !important; }
`;

/** What the Worker's assets are served with; the font is the test's own. */
function headers(): Record<string, string> {
  const lines = readFileSync(`${SITE}/_headers`, "utf8").matchAll(/^ {2}([\w-]+): (.*)$/gm);
  const served = Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value]));
  const name = "Content-Security-Policy";
  return { ...served, [name]: `${served[name]}; font-src 'self'` };
}

export class Screen {
  readonly page: Page;
  readonly errors: string[] = [];
  readonly #session: CDPSession;
  #state: PageState = { balance: [], history: null, says: [] };
  #asked = 0;
  #contextId = 0;

  private constructor(page: Page, session: CDPSession) {
    this.page = page;
    this.#session = session;
  }

  static async open(browser: Browser): Promise<Screen> {
    const context = await browser.newContext({ reducedMotion: "reduce" });
    const page = await context.newPage();
    const screen = new Screen(page, await context.newCDPSession(page));
    page.on("pageerror", (error) => screen.errors.push(error.message));
    page.on("console", (message) => {
      // That an answer was no 200 is what many states are about.
      const isAnswer = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isAnswer) screen.errors.push(message.text());
    });
    await page.clock.setFixedTime(NOW);
    const served = headers();
    await page.route("**/*", (route) => screen.#answer(route, served));
    await page.goto(ORIGIN);
    await page.evaluate("document.fonts.ready");
    await screen.#loadAxe();
    return screen;
  }

  async #answer(route: Route, served: Record<string, string>): Promise<void> {
    const { pathname } = new URL(route.request().url());
    const reply = this.#replyTo(pathname);
    if (reply === null) return route.abort();
    if (reply !== undefined) {
      const { status, headers = {}, json, html } = reply;
      if (html !== undefined) {
        return route.fulfill({ status, headers, contentType: "text/html", body: html });
      }
      return route.fulfill({ status, headers, ...(json && { json }) });
    }
    const font = Object.entries(FONTS).find(([path]) => path === pathname);
    if (font !== undefined) return route.fulfill({ path: `${FONT_FOLDER}/${font[1]}` });
    const name = pathname === "/" ? "/index.html" : pathname;
    const body = readFileSync(`${SITE}${name}`, "utf8");
    const types = { html: "text/html", css: "text/css", js: "text/javascript" };
    const contentType = Object.entries(types).find(([end]) => name.endsWith(`.${end}`))?.[1] ?? "";
    const more = name === "/page.css" ? PINNED_FONT : "";
    return route.fulfill({ headers: served, contentType, body: body + more });
  }

  /** @returns undefined for what is no answer of the API, null where the connection is lost */
  #replyTo(pathname: string): Reply | null | undefined {
    if (pathname === "/v1/balance") return this.#state.balance[this.#asked++] ?? null;
    if (pathname === "/v1/balance/status") return this.#state.status ?? null;
    if (pathname === "/v1/balance/history") return this.#state.history;
    return undefined;
  }

  /** Asks as often as the state has answers, with a credential of its own. */
  async show(name: string, state: PageState): Promise<void> {
    this.#state = state;
    this.#asked = 0;
    await this.page.locator("#credential").fill(`${name} ${Math.random()}`);
    for (const _ of state.balance) {
      await this.page.locator("#show").click();
      await this.page.locator("#result:not([aria-busy])").waitFor();
    }
    // The chart is drawn when its size is known, which is after the next frame.
    await this.page.evaluate(
      "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))",
    );
  }

  async look(width: number, colorScheme: "light" | "dark"): Promise<void> {
    await this.page.emulateMedia({ colorScheme });
    await this.page.setViewportSize({ width, height: 900 });
  }

  async text(): Promise<string> {
    const texts = await this.page.locator("#result, #chart").allTextContents();
    return texts.join("");
  }

  /** The card and the chart below it. */
  async picture(): Promise<Buffer> {
    const clip = await this.page.evaluate(`(() => {
      const boxes = ["result", "chart"].map((id) => document.getElementById(id).getBoundingClientRect());
      const [top, bottom] = [boxes[0].top, Math.max(boxes[0].bottom, boxes[1].bottom)];
      return { x: 0, y: Math.floor(top + scrollY), width: innerWidth, height: Math.ceil(bottom - top) };
    })()`);
    return this.page.screenshot({
      clip: clip as { x: number; y: number; width: number; height: number },
      fullPage: true,
      animations: "disabled",
    });
  }

  /** In a world of its own: the page's policy lets no other script run in the page's. */
  async #loadAxe(): Promise<void> {
    const { frameTree } = await this.#session.send("Page.getFrameTree");
    const frameId = frameTree.frame.id;
    const world = await this.#session.send("Page.createIsolatedWorld", { frameId });
    this.#contextId = world.executionContextId;
    await this.#evaluate(AXE);
  }

  async #evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#session.send("Runtime.evaluate", {
      contextId: this.#contextId,
      expression,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description);
    return result.value;
  }

  /** What axe finds in `include`, by all rules or some: rules, each with the elements that break it. */
  async violations(include: readonly string[], rules?: readonly string[]): Promise<unknown> {
    const context = JSON.stringify({ include });
    const options = JSON.stringify(rules === undefined ? {} : { runOnly: rules });
    const found = await this.#evaluate(
      `axe.run(${context}, ${options}).then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])))`,
    );
    return JSON.parse(String(found));
  }
}
