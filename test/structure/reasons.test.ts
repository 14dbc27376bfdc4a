/** The operator's handbook knows every reason for which a caller is refused or keys cannot be had. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const handbook = readFileSync("src/cli/REASONS.md", "utf8");
/** What stands in the first cells of its tables, as code. */
const rows = handbook
  .split("\n")
  .flatMap((line) => (/^\| ([^|]+)\|/.exec(line)?.[1] ?? "").match(/`[a-z_…]+`/g) ?? [])
  .map((code) => code.slice(1, -1));

/** The texts that a union type lists; a template's variable part is an ellipsis. */
function union(file: string, name: string): string[] {
  const body = new RegExp(`type ${name} =([^;]+);`).exec(readFileSync(file, "utf8"))?.[1] ?? "";
  const words = [...body.matchAll(/["`]([a-z_]+)(\$\{number\})?["`]/g)];
  return words.map(([, word = "", variable]) => (variable === undefined ? word : `${word}…`));
}

const DENIAL = "src/callers/denial.ts";
const unions = [
  union(DENIAL, "BadCredential"),
  union(DENIAL, "Forbidden"),
  union(DENIAL, "Undecidable"),
  union("src/callers/attest.ts", "AttestationFailure"),
  union("src/callers/jwt/jwks-object.ts", "FetchFailure"),
  union("src/callers/jwt/jwks-object.ts", "KeysFailure"),
];
/** Given where the error is made. What is wrong with a query is not logged. */
const literals = globSync("src/**/*.ts").flatMap((file) =>
  [
    ...readFileSync(file, "utf8").matchAll(
      /new ProblemError\(\s*"(?!invalid_parameter)\w+",\s*"(\w+)"/g,
    ),
  ].map(([, reason = ""]) => reason),
);
const reasons = new Set([...unions.flat(), ...literals]);

test("every reason in the code has a row that says what to do, and every row a reason", () => {
  for (const list of [...unions, literals]) expect(list.length).toBeGreaterThan(1);
  expect([...reasons].filter((reason) => !rows.includes(reason))).toEqual([]);
  expect(rows.filter((row) => !reasons.has(row))).toEqual([]);
});
