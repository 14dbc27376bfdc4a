/** The browser of the tests that need one: Debian's Chromium. They are skipped without it, unless `REQUIRE_CHROMIUM=true`, as in CI. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) =>
  existsSync(path),
);

/** Says on stderr that the tests are skipped for lack of what is missing, or throws where it is required. */
export function isSkipped(tests: string, missing: string | undefined): boolean {
  if (missing === undefined) return false;
  if (process.env.REQUIRE_CHROMIUM === "true") throw new Error(`${missing}, and it is required.`);
  process.stderr.write(`${tests} are skipped: ${missing}.\n`);
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
