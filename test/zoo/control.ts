import { z } from "zod";
import { GENERATIONS } from "./bodies.ts";
import { faultSchema } from "./faults.ts";
import type { Zoo } from "./server.ts";

const controlSchema = z.discriminatedUnion("op", [
  z.object({ op: z.literal("setFault"), fault: faultSchema }),
  z.object({ op: z.literal("setGeneration"), generation: z.enum(GENERATIONS) }),
  z.object({ op: z.literal("setBody"), body: z.string() }),
  z.object({ op: z.literal("reset") }),
]);

/** For whoever runs `npm run dev` and wants to see how an app takes it. @returns whether it was understood */
export function control(zoo: Zoo, input: unknown): boolean {
  const { success, data } = controlSchema.safeParse(input);
  if (!success) return false;
  switch (data.op) {
    case "setFault":
      zoo.setFault(data.fault);
      break;
    case "setGeneration":
      zoo.setGeneration(data.generation);
      break;
    case "setBody":
      zoo.setBody(data.body);
      break;
    case "reset":
      zoo.reset();
      break;
  }
  return true;
}
