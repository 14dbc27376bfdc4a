import { describe, expect, test } from "vitest";
import { type ProblemCode, problemResponse } from "../../src/problem.ts";

const CODES: [ProblemCode, number][] = [
  ["missing_credentials", 401],
  ["invalid_credentials", 401],
  ["insufficient_scope", 403],
  ["unknown_account", 403],
  ["not_found", 404],
  ["method_not_allowed", 405],
  ["misconfigured", 500],
  ["internal", 500],
  ["upstream_rejected", 502],
  ["upstream_invalid", 502],
  ["upstream_unavailable", 503],
];

describe.each(CODES)("%s", (code, status) => {
  test(`answers ${status} with an RFC 9457 body`, async () => {
    const response = problemResponse(code, "request-1");
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({
      type: expect.stringMatching(/^[a-z]+:.+/),
      title: expect.stringMatching(/^[A-Z]/),
      status,
      code,
      detail: expect.stringMatching(/\.$/),
      request_id: "request-1",
    });
  });

  test("sends WWW-Authenticate if and only if it is a 401", () => {
    const challenge = problemResponse(code, "request-1").headers.get("www-authenticate");
    if (status === 401) expect(challenge).toMatch(/^Bearer /);
    else expect(challenge).toBeNull();
  });
});

test("WWW-Authenticate names an error only when a credential was sent (RFC 6750)", () => {
  const challenge = (code: ProblemCode) =>
    problemResponse(code, "r").headers.get("www-authenticate");
  expect(challenge("missing_credentials")).not.toContain("error");
  expect(challenge("invalid_credentials")).toContain('error="invalid_token"');
});

test("extra headers are added to a problem without replacing its own", () => {
  const headers = { allow: "GET, HEAD", "retry-after": "7" };
  const response = problemResponse("method_not_allowed", "r", headers);
  expect(response.headers.get("allow")).toBe("GET, HEAD");
  expect(response.headers.get("retry-after")).toBe("7");
  expect(response.headers.get("content-type")).toBe("application/problem+json");
});
