/** What the client shows and asks for. Members of the API keep the names they have there. */

/**
 * Exact decimal text, e.g. "37.3583". Show it with `Intl.NumberFormat`, which takes such text (its types
 * do with `lib` "es2023" or newer); never `Number` it.
 */
export type Decimal = `${number}`;

/** Words of the API are open: one that is not known yet must not break an app. */
type Open<Known extends string> = Known | (string & {});

export interface Balance {
  readonly account: string | null;
  readonly status: Open<"ok" | "low" | "exhausted" | "contract" | "blocked">;
  readonly currency: string;
  readonly available: Decimal;
  readonly low_below: Decimal | null;
  readonly blocked: Open<"missing_payment_method" | "payment_method_failed"> | null;
  readonly pay_as_you_go: boolean | null;
  readonly monthly: {
    readonly remaining: Decimal | null;
    readonly allowance: Decimal | null;
    readonly refreshes_at: string | null;
  };
  readonly prepaid: { readonly remaining: Decimal | null; readonly cash: Decimal | null };
  readonly total_due: Decimal | null;
  readonly plan: { readonly name: string; readonly title: string } | null;
  readonly stale: boolean;
  readonly stale_reason: string | null;
}

/** What the scope `balance:status` is enough for: no amounts. */
export type Status = Pick<Balance, "account" | "status" | "stale" | "stale_reason">;

export interface History {
  readonly points: readonly { readonly at: string; readonly available: Decimal }[];
  readonly spend_per_day: Decimal | null;
  readonly lasts_until: string | null;
  readonly forecast_reason: Open<"not_enough_history" | "not_spending"> | null;
}

/**
 * Why the proxy said nothing newer. The value beside it, if there is one, is the last known. When it is
 * Zoo that fails, there may be no problem: then the value is `stale`.
 */
export interface Problem {
  /**
   * A code of the API, or one of the client's own: `offline` (no answer, or not the whole of it),
   * `intercepted` (something else answered: a captive portal), `unreadable`, `unavailable` (a server
   * error that is not the API's), `no_credential` (the identity provider gave none) and `signed_out`
   * (`clear()` was called: this client asks nothing any more).
   */
  readonly code: Open<
    | "offline"
    | "intercepted"
    | "unreadable"
    | "unavailable"
    | "no_credential"
    | "signed_out"
    | "invalid_credentials"
    | "insufficient_scope"
    | "rate_limited"
    | "upstream_rejected"
    | "upstream_invalid"
    | "upstream_unavailable"
  >;
  /** Seconds, as `Retry-After` said; null when nothing was said. */
  readonly retryAfter: number | null;
  /** For a report to whoever runs the proxy. */
  readonly requestId: string | null;
}

/** What a screen shows. */
export interface Reading<T> {
  /** The last known; null when there never was one. */
  readonly value: T | null;
  /** When Zoo said so, by this device's clock, which may be wrong. Null without a value. */
  readonly asOf: Date | null;
  /** Seconds since then: right even where the clock is wrong. */
  readonly age: number | null;
  /** Null when the value is what the proxy has now, or nothing was asked yet: without a value, it is loading. */
  readonly problem: Problem | null;
  /** Seconds until it is worth asking again: what a background task plans by. */
  readonly due: number;
}

/** Where the last known is kept: `localStorage`, AsyncStorage, a file. What it throws is taken for "nothing stored". */
export interface Store {
  read(key: string): string | null | Promise<string | null>;
  write(key: string, text: string): void | Promise<void>;
  /** Removes what this store has written, under whatever key. */
  clear(): void | Promise<void>;
}

export interface Options {
  readonly baseUrl: string;
  /** Who is signed in, e.g. the user's id: what another one left in the store is not shown. */
  readonly owner: string;
  /**
   * The bearer credential, asked for before every request: keep it until it expires. `renew` asks for a
   * new one, since the proxy refused the last. When it throws, the reading says `no_credential`.
   */
  credential(renew: boolean): Promise<string>;
  /** By default nothing outlives the process. */
  readonly store?: Store;
  /** More headers, e.g. `X-Firebase-AppCheck`; asked for before every request. */
  headers?(): Promise<Record<string, string>>;
  /** Milliseconds for a request with its answer; beyond what the proxy itself waits for Zoo. */
  readonly timeout?: number;
  /** For tests. */
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly fetch?: typeof fetch;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Ends early, without an error, when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}
