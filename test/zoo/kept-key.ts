/**
 * A signing key that outlives the process: the demo's. The Worker keeps the issuer's keys in its local storage,
 * and looks for new ones once a minute at most, so a new key would be unknown to a start soon after another.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type CryptoKey, exportJWK, importJWK, type JWK } from "jose";
import { newKey, type SigningKey } from "./issuer.ts";

export async function keptKey(file: string): Promise<SigningKey> {
  if (!existsSync(file)) await makeKey(file);
  const whole = JSON.parse(await readFile(file, "utf8")) as JWK & { kid: string };
  const privateKey = (await importJWK(whole, "ES256")) as CryptoKey;
  const { d: _, ...jwk } = whole;
  return { kid: jwk.kid, privateKey, jwk };
}

async function makeKey(file: string): Promise<void> {
  const { privateKey, jwk } = await newKey("ES256", { extractable: true });
  const whole = { ...(await exportJWK(privateKey)), ...jwk };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(whole), { mode: 0o600 });
}
