/** `APP_CHECK`: which apps' Firebase App Check tokens are valid, and what a bad one leads to. */
import * as z from "zod/mini";
import { listOf, matching } from "../lib/schema.ts";
import { safeUrl, someText } from "./fields.ts";

export const appCheckSchema = z.strictObject({
  project_number: matching(/^\d{1,20}$/, "must be digits"),
  app_ids: listOf(someText),
  mode: z.enum(["off", "observe", "enforce"]),
  jwks_url: z.optional(safeUrl),
});
export type AppCheck = z.infer<typeof appCheckSchema>;
