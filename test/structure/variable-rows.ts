/** The README's rows of variables, from the table in the code. `node test/structure/variable-rows.ts` prints them. */
import { VARIABLES } from "../../src/config/variables.ts";

export const variableRows = () =>
  Object.entries(VARIABLES).map(([name, { default: value, meaning }]) => {
    const shown = value === undefined || typeof value === "object" ? "none" : `\`${value}\``;
    return `| \`${name}\` | ${shown} | ${meaning} |`;
  });

if (import.meta.main) console.log(variableRows().join("\n"));
