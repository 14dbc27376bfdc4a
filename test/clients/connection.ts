/** The line to a harness: one answer per command, and events of the screen that it has open. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Shown } from "./states.ts";

interface Message {
  readonly answer?: object;
  readonly event?: "reading" | "sleep" | "end";
  readonly reading?: Shown;
  readonly milliseconds?: number;
}

/** What the open screen did since it was last looked at. */
export interface Screen {
  readonly shows: Shown[];
  /** Seconds, of the sleep that it is in. */
  sleeps: number | null;
  ended: boolean;
}

const GIVE_UP_MS = 20_000;

export class Connection {
  readonly #send: (line: string) => void;
  readonly #answers: ((answer: object) => void)[] = [];
  readonly #watchers = new Set<() => void>();
  #screen: Screen = { shows: [], sleeps: null, ended: false };

  constructor(send: (line: string) => void) {
    this.#send = send;
  }

  take(line: string): void {
    const message = JSON.parse(line) as Message;
    if (message.answer !== undefined) this.#answers.shift()?.(message.answer);
    if (message.reading !== undefined) this.#screen.shows.push(message.reading);
    if (message.milliseconds !== undefined) this.#screen.sleeps = message.milliseconds / 1_000;
    if (message.event === "end") this.#screen.ended = true;
    for (const look of [...this.#watchers]) look();
  }

  ask(command: object): Promise<object> {
    const answer = new Promise<object>((resolve) => this.#answers.push(resolve));
    this.#send(`${JSON.stringify(command)}\n`);
    return answer;
  }

  /** @returns what the screen did, once that is enough; or, after a long time, whatever there is */
  async screen(enough: (screen: Screen) => boolean): Promise<Screen> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (enough(this.#screen)) resolve();
    };
    const timer = setTimeout(resolve, GIVE_UP_MS);
    this.#watchers.add(look);
    look();
    await promise;
    clearTimeout(timer);
    this.#watchers.delete(look);
    const seen = this.#screen;
    this.#screen = { shows: [], sleeps: null, ended: false };
    return seen;
  }
}

export interface Harness {
  readonly connection: Connection;
  close(): Promise<void>;
}

/** A harness in a process of its own; ends with its input. */
export function startProcess(command: string, args: readonly string[]): Harness {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const connection = new Connection((line) => child.stdin.write(line));
  createInterface({ input: child.stdout }).on("line", (line) => connection.take(line));
  const exited = once(child, "exit");
  return {
    connection,
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
