/** Errors as RFC 9457 problem details: callers get a fixed text per code, the detailed reason goes to the log only. */

import type { LogFacts } from "./lib/log.ts";

export const PROBLEMS = {
  invalid_parameter: { status: 400, detail: "A query parameter is out of range." },
  missing_credentials: {
    status: 401,
    detail: "Send a credential: Authorization: Bearer <credential>.",
  },
  invalid_credentials: {
    status: 401,
    detail: "The credential is not valid.",
  },
  insufficient_scope: {
    status: 403,
    detail: "The credential's scope does not allow this request.",
  },
  attestation_failed: {
    status: 403,
    detail: "Send a valid App Check token.",
  },
  unknown_account: {
    status: 403,
    detail: "The credential's account is unknown.",
  },
  not_found: { status: 404, detail: "There is nothing at this path." },
  method_not_allowed: {
    status: 405,
    detail: "This path supports only the methods listed in Allow.",
  },
  rate_limited: {
    status: 429,
    detail: "Too many requests. Retry after the time in Retry-After.",
  },
  misconfigured: {
    status: 500,
    detail: "The service is not configured correctly.",
  },
  internal: { status: 500, detail: "Something went wrong in this service." },
  upstream_rejected: {
    status: 502,
    detail: "Zoo rejected the API token, and no earlier balance is stored.",
  },
  upstream_invalid: {
    status: 502,
    detail: "Zoo's answer could not be read, and no earlier balance is stored.",
  },
  not_cached: {
    status: 504,
    detail: "No balance is stored, and only-if-cached forbids fetching one.",
  },
  upstream_unavailable: {
    status: 503,
    detail: "Zoo or an identity provider could not be reached.",
  },
} as const;

/** RFC 9110, section 15, and RFC 6585 for 429. */
export const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/**
 * For the log only: the configured issuer that a refused token names, or how often Zoo had failed in a row, which
 * the line of that call says too.
 */
type About = Pick<LogFacts, "issuer" | "failures">;

export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  /** Why, for the log only. */
  readonly reason: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly about: About;

  constructor(
    code: ProblemCode,
    reason?: string,
    headers: Record<string, string> = {},
    about: About = {},
  ) {
    super(code);
    this.code = code;
    this.status = PROBLEMS[code].status;
    this.reason = reason;
    this.headers = headers;
    this.about = about;
  }
}

export const typeOf = (code: ProblemCode) => `urn:zoo-balance-proxy:problem:${code}`;

/** `application/problem+json` (RFC 9457) for a code; 401 gets `WWW-Authenticate` (RFC 6750). */
export function problemResponse(
  code: ProblemCode,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { status, detail } = PROBLEMS[code];
  const title = TITLES[status];
  const type = typeOf(code);
  const body = JSON.stringify({ type, title, status, code, detail, request_id: requestId });
  return new Response(body, {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(status === 401 ? { "www-authenticate": challenge(code) } : {}),
      ...headers,
    },
  });
}

function challenge(code: ProblemCode): string {
  const realm = 'Bearer realm="zoo-balance"';
  return code === "invalid_credentials" ? `${realm}, error="invalid_token"` : realm;
}
