/** The browser of the tests that need one: Debian's Chromium. They are skipped without it, unless `REQUIRE_CHROMIUM=true`, as in CI. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) =>
  existsSync(path),
);

/** @param what is missing, or undefined @returns whether to skip, which a line on stderr tells */
export function isSkipped(tests: string, what: string | undefined): boolean {
  if (what === undefined) return false;
  if (process.env.REQUIRE_CHROMIUM === "true") throw new Error(`${what}, and it is required.`);
  process.stderr.write(`${tests} are skipped: ${what}.\n`);
  return true;
}

export const noChromium = CHROMIUM === undefined ? "there is no Chromium in /usr/bin" : undefined;

/** Text is drawn alike on every machine: in grey, without hinting. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM ?? "chromium",
    args: [
      ...["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
      ...["--disable-lcd-text", "--force-color-profile=srgb"],
    ],
  });
}
