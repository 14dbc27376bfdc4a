/** The README's rows of variables, from the table in the code. `node test/structure/variable-rows.ts` prints them. */
import { MEANINGS } from "../../src/config/meanings.ts";
import { VARIABLES, type VariableName } from "../../src/config/variables.ts";

export const variableRows = () =>
  Object.entries(VARIABLES).map(([name, { default: value }]) => {
    const shown = value === undefined || typeof value === "object" ? "none" : `\`${value}\``;
    return `| \`${name}\` | ${shown} | ${MEANINGS[name as VariableName]} |`;
  });

if (import.meta.main) console.log(variableRows().join("\n"));
