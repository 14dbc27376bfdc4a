/**
 * HAProxy as a yardstick where Debian's is installed: it checks the token's signature and expiry for each
 * request, and answers from its cache in memory, in one thread. What nothing written in JavaScript can beat.
 */
import { execFileSync, spawn } from "node:child_process";
import { createPublicKey, type JsonWebKey } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../listen.ts";
import { cpuMsOf } from "../workerd.ts";

export interface RunningHaproxy extends AsyncDisposable {
  readonly url: string;
  /** User and system time the process has used so far, milliseconds. */
  cpuMs(): Promise<number>;
}

export function hasHaproxy(): boolean {
  try {
    execFileSync("haproxy", ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * @param origin answers what is cached, once
 * @param jwk an ES256 public key
 */
export async function startHaproxy(origin: string, jwk: JsonWebKey): Promise<RunningHaproxy> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-haproxy-"));
  const key = join(folder, "key.pem");
  await writeFile(
    key,
    createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" }),
  );
  const url = await freeUrl();
  const config = join(folder, "haproxy.cfg");
  await writeFile(config, configOf(new URL(url).host, new URL(origin).host, key));
  const child = spawn("haproxy", ["-db", "-f", config], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = once(child, "exit");
  const { pid = 0 } = child;
  // It has no way to say that it listens.
  while (
    !(await fetch(url).then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error("HAProxy does not start");
  }
  return {
    url,
    cpuMs: () => cpuMsOf(pid),
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const configOf = (host: string, origin: string, key: string) => `
global
  nbthread 1
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
cache balances
  total-max-size 4
  max-age 3600
frontend edge
  bind ${host}
  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.expiry) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.token),jwt_header_query('$.alg') -m str ES256 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_verify("ES256","${key}") -m int 1 }
  http-request deny deny_status 401 if { var(txn.expiry),sub(txn.now) -m int lt 0 }
  http-request del-header authorization
  http-request cache-use balances
  http-response cache-store balances
  default_backend origin
backend origin
  # A shared cache stores nothing that says "private".
  http-response set-header cache-control "max-age=3600"
  http-response del-header vary
  server origin ${origin}
`;

/** Of a port that is free now. */
async function freeUrl(): Promise<string> {
  const probe = createServer();
  const url = await listen(probe);
  probe.close();
  await once(probe, "close");
  return url;
}
