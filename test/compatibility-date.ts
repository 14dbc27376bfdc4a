/** The compatibility date of `wrangler.toml`, for every runtime that the tests start. */
import { readFileSync } from "node:fs";

const [, date] = /^compatibility_date = "(.+)"$/m.exec(readFileSync("wrangler.toml", "utf8")) ?? [];
if (date === undefined) throw new Error("wrangler.toml has no compatibility_date");

export const COMPATIBILITY_DATE: string = date;
