/** JSON Schema as the API's description uses it. */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** @returns what finds the document's schemas by their pointers, under the name "api" */
export function validatorOf(document: object): Ajv2020 {
  // Examples are said in the document's way, and media types are no formats.
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addFormat("decimal", /^-?\d+\.\d{2,}$/);
  return ajv.addSchema(document, "api");
}
