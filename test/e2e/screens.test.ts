/** Every state of the page as people see it: its words, its looks (compared with `screens/`), and what axe says. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import pixelmatch from "pixelmatch";
import type { Browser } from "playwright-core";
import { PNG } from "pngjs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { statusViewSchema, viewSchema } from "../../src/balance/view.ts";
import { historySchema } from "../../src/history/view.ts";
import { isSkipped, launchChromium, noChromium } from "../chromium.ts";
import { NOW, type PageState, STATES } from "./page-states.ts";
import { noFont, Screen } from "./screen.ts";

/** As they should look. After a change that is meant: `UPDATE_SCREENS=true npm test -- screens`, and look at each. */
const REFERENCES = "test/e2e/screens";
/** As they look, and where they differ, when they do. */
const SEEN = "dist/screenshots";
const PHONE = 390;
const WIDTHS = [320, 390, 768, 1280];

/** Another Chromium draws edges a little differently; a digit, a word or a bar is more than this in one place. */
const TOLERANCE = { threshold: 0.2, windowSize: 32, pixels: 20 };

/** How PNGs of text are smallest, as tried: neighbours say nothing of each other. */
const SMALL = { deflateLevel: 9, deflateStrategy: 0, filterType: 0 } as const;

const OK = STATES.ok as PageState;

test("every state of the page is one that the API can answer", () => {
  const known = Object.entries(STATES).filter(([name]) => !name.includes("later_version"));
  for (const [, { balance, status, history }] of known) {
    for (const reply of balance)
      if (reply?.status === 200 && reply.json) viewSchema.parse(reply.json);
    if (status !== undefined) statusViewSchema.parse(status.json);
    if (history !== null) historySchema.parse(history.json);
  }
});

describe.skipIf(isSkipped("The screens of the page", noChromium ?? noFont))(
  "the page shows",
  () => {
    let browser: Browser;
    let screen: Screen;

    beforeAll(async () => {
      mkdirSync(SEEN, { recursive: true });
      browser = await launchChromium();
      screen = await Screen.open(browser);
    });
    afterAll(() => browser?.close());
    beforeEach(() => screen.showReference(false));
    afterEach(() => expect(screen.errors.splice(0)).toEqual([]));

    function compare(name: string, picture: Buffer): void {
      const file = `${name.replace(/\W+/g, "-")}.png`;
      const reference = `${REFERENCES}/${file}`;
      if (process.env.UPDATE_SCREENS === "true") {
        mkdirSync(REFERENCES, { recursive: true });
        writeFileSync(reference, PNG.sync.write(PNG.sync.read(picture), SMALL));
      }
      writeFileSync(`${SEEN}/${file}`, picture);
      expect(existsSync(reference), `${reference} is missing`).toBe(true);
      const [wanted, seen] = [PNG.sync.read(readFileSync(reference)), PNG.sync.read(picture)];
      const { width, height } = wanted;
      expect([seen.width, seen.height], `${SEEN}/${file} has another size`).toEqual([
        width,
        height,
      ]);
      const diff = new PNG({ width, height });
      const differing = pixelmatch(wanted.data, seen.data, diff.data, width, height, TOLERANCE);
      if (differing > TOLERANCE.pixels) writeFileSync(`${SEEN}/diff-${file}`, PNG.sync.write(diff));
      expect(differing, `see ${SEEN}/diff-${file}`).toBeLessThanOrEqual(TOLERANCE.pixels);
    }

    test.each(Object.entries(STATES))(
      "%s: in words, as a picture, and to axe",
      async (name, state) => {
        await screen.look(PHONE, "light");
        await screen.show(name, state);
        const text = await screen.text();
        for (const words of state.says) {
          if (typeof words === "string") expect(text).toContain(words);
          else expect(text).toMatch(words);
        }
        for (const words of state.saysNot ?? []) expect(text).not.toContain(words);
        compare(name, await screen.picture());
        expect(await screen.violations(["#result", "#chart"])).toEqual([]);
        await screen.look(PHONE, "dark");
        expect(await screen.violations(["#result", "#chart"], ["color-contrast"])).toEqual([]);
      },
    );

    test.each(WIDTHS)(
      "everything at %i pixels in the dark, and cuts nothing off",
      async (width) => {
        await screen.look(width, "dark");
        await screen.show("ok", OK);
        compare(`ok-dark-${width}`, await screen.picture());
        const cut =
          await screen.page.evaluate(`[...document.querySelectorAll("svg text")].filter((text) => {
      const { x, width } = text.getBBox();
      return x < 0 || x + width > text.ownerSVGElement.clientWidth;
    }).map(({ textContent }) => textContent)`);
        expect(cut).toEqual([]);
        await screen.showReference(true);
        const wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect(await screen.page.evaluate(wider)).toBe(0);
        const broken = await screen.page.evaluate(
          `[...document.querySelectorAll("td code, th code")].filter((code) => code.getClientRects().length > 1).map(({ textContent }) => textContent)`,
        );
        expect(broken).toEqual([]);
      },
    );

    test("the reference without an accessibility violation, light and dark", async () => {
      await screen.showReference(true);
      for (const scheme of ["light", "dark"] as const) {
        await screen.look(PHONE, scheme);
        expect(await screen.violations(["body"])).toEqual([]);
      }
    });

    test("exact amounts when they are asked for", async () => {
      await screen.show("ok", OK);
      const exactly = screen.page.getByText("Available: $37.3583, this month: $12.4583");
      expect(await exactly.isVisible()).toBe(false);
      await screen.page.getByText("Exact amounts").click();
      expect(await exactly.isVisible()).toBe(true);
    });

    test("an age that goes on while nobody does anything", async () => {
      await screen.show("ok", OK);
      expect(await screen.text()).toContain("Updated 12 seconds ago.");
      await screen.page.clock.setFixedTime(NOW + 3 * 60_000);
      await expect.poll(() => screen.text()).toContain("Updated 3 minutes ago.");
      await screen.page.clock.setFixedTime(NOW);
    });

    test("a chart that is drawn anew when the window changes its size", async () => {
      const width = async () =>
        Number(await screen.page.locator("svg").first().getAttribute("width"));
      await screen.look(1280, "light");
      await screen.show("ok", OK);
      expect(await width()).toBeGreaterThan(600);
      await screen.look(320, "light");
      await expect.poll(width).toBeLessThan(300);
    });
  },
);
