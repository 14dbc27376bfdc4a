import { z } from "zod";
import { GENERATIONS } from "./bodies.ts";
import { faultSchema } from "./faults.ts";
import type { Zoo } from "./server.ts";

const controlSchema = z.discriminatedUnion("op", [
  z.object({ op: z.literal("setFault"), fault: faultSchema.nullable() }),
  z.object({ op: z.literal("setGeneration"), generation: z.enum(GENERATIONS) }),
  z.object({ op: z.literal("setBody"), body: z.string().nullable() }),
  z.object({ op: z.literal("reset") }),
  z.object({ op: z.literal("release") }),
  z.object({ op: z.literal("stats") }),
  z.object({
    op: z.literal("sign"),
    claims: z.record(z.string(), z.unknown()).optional(),
    options: z
      .object({ expiresIn: z.number(), kid: z.string(), alg: z.string() })
      .partial()
      .optional(),
  }),
]);

/** For tests in another process: a command as JSON, the answer as JSON; null for a bad command. */
export async function control(zoo: Zoo, input: unknown): Promise<Record<string, unknown> | null> {
  const parsed = controlSchema.safeParse(input);
  if (!parsed.success) return null;
  const command = parsed.data;
  switch (command.op) {
    case "setFault":
      zoo.setFault(command.fault);
      break;
    case "setGeneration":
      zoo.setGeneration(command.generation);
      break;
    case "setBody":
      zoo.setBody(command.body);
      break;
    case "reset":
      zoo.reset();
      break;
    case "release":
      zoo.release();
      break;
    case "sign":
      return { token: await zoo.signToken(command.claims, command.options) };
    case "stats": {
      const last = zoo.balanceRequests.at(-1);
      return {
        balance: zoo.balanceRequests.length,
        jwks: zoo.jwksRequests.length,
        leaked: zoo.leaked,
        last: last === undefined ? null : { path: last.path, headers: last.headers },
      };
    }
  }
  return { ok: true };
}
