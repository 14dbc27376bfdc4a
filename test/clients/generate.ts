/** `npm run clients`: what others would generate from the document, to be compiled against. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const document = JSON.parse(readFileSync("dist/site/openapi.json", "utf8"));
mkdirSync("dist/clients", { recursive: true });
writeFileSync("dist/clients/zoo-balance.d.ts", astToString(await openapiTS(document)));
