/**
 * What one isolate remembers between requests, under one configuration: caches, negative caches, throttles.
 * With another configuration nothing of it holds, so a new one starts with nothing; a test makes a fresh
 * one with `new IsolateState()`.
 *
 * Each room declares its part as a class beside the code that uses it. A part holds plain data only, never
 * a promise, `Response` or stream: Workers cancel those with the request that made them.
 */
import type { Config, ParsedConfig } from "./config.ts";

export class IsolateState {
  readonly #parts = new Map<new () => object, object>();

  /** The one instance of `Part` in this state, made at first use. */
  of<T extends object>(Part: new () => T): T {
    const known = this.#parts.get(Part);
    if (known instanceof Part) return known;
    const part = new Part();
    this.#parts.set(Part, part);
    return part;
  }
}

const states = new WeakMap<Config | ParsedConfig, IsolateState>();

/** The state that goes with a configuration; with an invalid one, that of the failed attempt at parsing it. */
export function isolateStateOf(owner: Config | ParsedConfig): IsolateState {
  let state = states.get(owner);
  if (state === undefined) {
    state = new IsolateState();
    states.set(owner, state);
  }
  return state;
}
