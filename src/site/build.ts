/** `npm run site`: writes what is served beside the Worker into dist/site. wrangler runs it before it bundles. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { openApiDocument } from "./openapi.ts";
import { page } from "./page.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const OUT = join(ROOT, "dist/site");

const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  version: string;
};

/** For a page that runs its own script, talks to its own origin, and is framed by nobody. */
const HEADERS = `/*
  Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
  Referrer-Policy: no-referrer
  Strict-Transport-Security: max-age=31536000
  X-Content-Type-Options: nosniff
  X-Frame-Options: DENY
  Permissions-Policy: camera=(), geolocation=(), microphone=()
  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Resource-Policy: same-origin
`;

/** Whole or not at all: somebody may be reading it. */
function write(name: string, content: string): void {
  const file = join(OUT, name);
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

mkdirSync(OUT, { recursive: true });
const document = openApiDocument(version);
write("openapi.json", `${JSON.stringify(document, null, 2)}\n`);
write("index.html", await page(document));
write("_headers", HEADERS);
const styles = ["page.css", "chart.css"].map((name) =>
  readFileSync(join(import.meta.dirname, name), "utf8"),
);
write("page.css", styles.join(""));
const { outputFiles } = buildSync({
  entryPoints: [join(import.meta.dirname, "client/page.ts")],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
});
for (const { text } of outputFiles) write("page.js", text);
