/** A record as `npm run keys` stores it. */
export const apiKeyRecord = (more: object = {}) => ({
  id: "k1",
  name: "test",
  account: "default",
  scopes: ["balance:read"],
  created_at: "2026-01-01T00:00:00Z",
  expires_at: null,
  ...more,
});
