/** What must not be uploaded, whoever starts wrangler: `gate.ts` asks, and `npm run wrangler` before it. */
import { checkConfig } from "./check.ts";
import { written } from "./write.ts";

export interface Upload {
  /** `deploy` or `versions upload`. */
  readonly command: string;
  readonly environment: string | null;
  /** Of `wrangler.toml`. */
  readonly text: string;
}

/** @returns why, line by line; null for what may be uploaded */
export function refusalOf({ command, environment, text }: Upload): string[] | null {
  if (environment === null) return withoutEnvironment(command);
  const errors = checkConfig({ text, environment, secrets: null }).filter(
    ({ level }) => level === "error",
  );
  if (errors.length === 0) return null;
  return [
    ...errors.map((finding) => written(finding, "wrangler.toml")),
    "Refused: nothing was deployed. Mend it, then run the same command again.",
    `All there is to know: npm run config -- --env ${environment}`,
  ];
}

/** The top of `wrangler.toml` is for `wrangler dev` and tests. */
export const withoutEnvironment = (command: string): string[] => [
  "Refused: without an environment this would be a second Worker, beside the one of production.",
  `Run: npm run wrangler -- ${command} --env production`,
];
