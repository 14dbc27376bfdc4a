/** Plays a scenario of the table with a harness, and compares. */
import { createServer } from "node:http";
import { join } from "node:path";
import { expect } from "vitest";
import { accountVars, type StartedWorker, startWorker } from "../e2e/worker.ts";
import { listen } from "../listen.ts";
import type { Connection } from "./connection.ts";
import { type Front, startFront } from "./front.ts";
import { type Credential, SCENARIOS, type Scenario, type Step } from "./states.ts";

/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:1";
const NOW = Date.UTC(2026, 10, 24, 10);
const PATIENCE_MS = 30_000;
export interface Stage extends AsyncDisposable {
  readonly worker: StartedWorker;
  readonly front: Front;
  /** Where a page is that the Worker answers though it is not its own. */
  readonly origin: string;
}

/** An account of its own for each scenario, so that none finds what another has left. */
const accountOf = (scenario: Scenario) => `scenario-${SCENARIOS.indexOf(scenario)}`;

export async function startStage(): Promise<Stage> {
  const accounts = Object.fromEntries(SCENARIOS.map((each) => [accountOf(each), "user" as const]));
  const pages = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>An app</title>");
  });
  const origin = await listen(pages);
  const worker = await startWorker((zoo) => ({
    ...accountVars(zoo, accounts),
    CORS_ORIGINS: JSON.stringify([origin]),
    ZOO_INCLUDE_BLOCK: false,
  }));
  const front = await startFront(worker.url);
  return {
    worker,
    front,
    origin,
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      await worker.close();
      pages.close().closeAllConnections();
    },
  };
}

export async function play(stage: Stage, connection: Connection, scenario: Scenario) {
  stage.worker.zoo.reset();
  stage.front.reset();
  const account = accountOf(scenario);
  const { zoo } = stage.worker;
  const tokens: Record<Credential, string> = {
    good: await zoo.signToken({ account }),
    expired: await zoo.signToken({ account }, { expiresIn: -3_600 }),
    "status-only": await zoo.signToken({ account, scope: "balance:status" }),
    none: "none",
  };
  let credentials: Credential[] = ["good"];

  const start = ({ offline = false, owner = "user-1", clockOff = 0 }) =>
    connection.ask({
      op: "start",
      baseUrl: offline ? NOWHERE : stage.front.url,
      folder: join(stage.worker.storage, "harness", account),
      owner,
      now: NOW + clockOff * 1_000,
      timeout: scenario.timeout ?? PATIENCE_MS,
      credentials: credentials.map((name) => tokens[name]),
    });
  const screen = async (step: Extract<Step, { sleeps: number }>) => {
    const { shows, sleeps } = await connection.screen(
      (seen) => seen.shows.length >= step.shows.length && seen.sleeps !== null,
    );
    expect({ shows, sleeps }).toEqual({ shows: step.shows, sleeps: step.sleeps });
  };

  await start({});
  for (const [number, step] of scenario.steps.entries()) {
    const where = `step ${number + 1}, ${step.do}`;
    switch (step.do) {
      case "restart":
        await start(step);
        break;
      case "credentials":
        credentials = step.are;
        await connection.ask({
          op: "credentials",
          credentials: credentials.map((name) => tokens[name]),
        });
        break;
      case "network":
        stage.front.plan(...step.meets);
        break;
      case "zoo":
        zoo.setFault(step.has);
        break;
      case "last":
      case "refresh":
      case "status":
      case "history":
      case "outcome":
        expect(await connection.ask({ op: step.do }), where).toEqual(step.shows);
        break;
      case "watch":
        await connection.ask({ op: "watch" });
        await screen(step);
        break;
      case "advance":
        await connection.ask({ op: "advance", milliseconds: step.seconds * 1_000 });
        await screen(step);
        break;
      case "unwatch": {
        await connection.ask({ op: "unwatch" });
        const { shows, ended } = await connection.screen(({ ended }) => ended);
        expect({ shows, ended }, where).toEqual({ shows: [], ended: true });
        break;
      }
      case "ends": {
        const { shows, ended } = await connection.screen(({ ended }) => ended);
        expect({ shows, ended }, where).toEqual({ shows: step.shows, ended: true });
        break;
      }
      case "begin": {
        const arrival = stage.front.arrival();
        await connection.ask({ op: "begin" });
        await arrival;
        break;
      }
      case "cancel": {
        const departure = stage.front.departure();
        expect(await connection.ask({ op: "cancel" }), where).toEqual({ cancelled: true });
        await departure;
        break;
      }
      case "clear":
        await connection.ask({ op: "clear" });
        break;
      case "answers":
        expect(stage.front.statuses, where).toEqual(step.were);
        break;
    }
  }
  expect(stage.front.leaked, "a redirect was followed with the credential").toBe(false);
}
