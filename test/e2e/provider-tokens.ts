/** The shapes of providers' tokens, by their sections of src/callers/PROVIDERS.md. */
import type { Denial } from "../../src/callers/denial.ts";

export interface Shape {
  readonly alg: string;
  readonly header?: object;
  readonly claims: Record<string, unknown>;
  /** The key set that its key is in, where the provider has several. */
  readonly keySet?: string;
}

export interface ProviderTokens {
  /** Key sets that OpenID discovery names: where the section gives no `jwks_url`. */
  readonly discovered?: string;
  readonly good: readonly Shape[];
  /** The traps: what the same provider also issues, and must not get in. */
  readonly refused?: readonly (readonly [Denial, Shape])[];
}

const jwt = { typ: "JWT" };
const guid = (end: string) => `00000000-0000-0000-0000-${end.padStart(12, "0")}`;
const USER = guid("cccc");

const FIREBASE: Shape = {
  alg: "RS256",
  header: jwt,
  claims: {
    iss: "https://securetoken.google.com/my-project",
    aud: "my-project",
    auth_time: 1_700_000_000,
    user_id: "u7iPzYb3",
    sub: "u7iPzYb3",
    email: "somebody@example.com",
    email_verified: true,
    firebase: { identities: { email: ["somebody@example.com"] }, sign_in_provider: "password" },
  },
};
const google = (iss: string, aud: string): Shape => ({
  alg: "RS256",
  header: jwt,
  claims: { iss, azp: "1234-android.apps.googleusercontent.com", aud, sub: "1103", at_hash: "x" },
});
const AUTH0: Shape = {
  alg: "RS256",
  header: jwt,
  claims: {
    iss: "https://my-tenant.eu.auth0.com/",
    sub: "auth0|65f",
    aud: ["https://balance.example.com", "https://my-tenant.eu.auth0.com/userinfo"],
    scope: "openid profile",
    azp: "my-client",
    permissions: ["read:balance"],
  },
};
const COGNITO_POOL = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI";
const COGNITO_ID: Shape = {
  alg: "RS256",
  claims: {
    sub: USER,
    "cognito:groups": ["readers"],
    iss: COGNITO_POOL,
    "cognito:username": "somebody",
    origin_jti: guid("1"),
    aud: "1h57kf5cpq17m0eml12EXAMPLE",
    event_id: guid("2"),
    token_use: "id",
    auth_time: 1_700_000_000,
    jti: guid("3"),
  },
};
const COGNITO_ACCESS: Shape = {
  alg: "RS256",
  claims: {
    sub: USER,
    iss: COGNITO_POOL,
    version: 2,
    client_id: "1h57kf5cpq17m0eml12EXAMPLE",
    token_use: "access",
    scope: "openid zoo/balance",
    username: "somebody",
    jti: guid("4"),
  },
};
const SUPABASE: Shape = {
  alg: "ES256",
  header: jwt,
  claims: {
    aal: "aal1",
    amr: [{ method: "password", timestamp: 1_700_000_000 }],
    app_metadata: { provider: "email", providers: ["email"] },
    aud: "authenticated",
    email: "somebody@example.com",
    is_anonymous: false,
    iss: "https://abcdefghijklmnopqrst.supabase.co/auth/v1",
    phone: "",
    role: "authenticated",
    session_id: guid("5"),
    sub: USER,
    user_metadata: {},
  },
};
const clerk = (more: object): Shape => ({
  alg: "RS256",
  header: { ...jwt, cat: "cl_B7d4PD111AAA" },
  claims: {
    iss: "https://clerk.example.com",
    fva: [7, -1],
    sid: "sess_2aB",
    sts: "active",
    sub: "user_2aB",
    v: 2,
    ...more,
  },
});
const ENTRA = {
  aio: "AXQAi",
  idtyp: "user",
  name: "Somebody",
  oid: USER,
  rh: "0.AX",
  scp: "Balance.Read openid",
  sub: "AAAAAAAA",
  tid: guid("aaaa"),
  uti: "x",
};
const entraHeader = { ...jwt, x5t: "nOo3ZDrODXEK1jKWhXslHR_KXEg" };
const ENTRA_V2: Shape = {
  alg: "RS256",
  header: entraHeader,
  claims: {
    ...ENTRA,
    aud: guid("bbbb"),
    iss: `https://login.microsoftonline.com/${guid("aaaa")}/v2.0`,
    azp: guid("dddd"),
    azpacr: "0",
    ver: "2.0",
    groups: Array.from({ length: 200 }, (_, n) => guid(String(n))),
  },
};
const ENTRA_V1: Shape = {
  alg: "RS256",
  header: entraHeader,
  claims: {
    ...ENTRA,
    aud: `api://${guid("bbbb")}`,
    iss: `https://sts.windows.net/${guid("aaaa")}/`,
    appid: guid("dddd"),
    appidacr: "0",
    ver: "1.0",
  },
};
const b2c = (policy: string): Shape => ({
  alg: "RS256",
  header: jwt,
  keySet: policy,
  claims: {
    iss: `https://mytenant.b2clogin.com/${guid("aaaa")}/v2.0/`,
    aud: guid("bbbb"),
    sub: USER,
    tfp: policy,
    emails: ["somebody@example.com"],
    ver: "1.0",
  },
});
const ADFS: Shape = {
  alg: "RS256",
  header: { ...jwt, x5t: "nOo3ZDrODXEK1jKWhXslHR_KXEg" },
  claims: {
    aud: `microsoft:identityserver:${guid("bbbb")}`,
    iss: "http://sts.corp.example.com/adfs/services/trust",
    sub: "somebody",
    apptype: "Public",
    appid: guid("dddd"),
    authmethod: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    auth_time: "2026-11-20T18:22:41.123Z",
    ver: "1.0",
    scp: "openid",
  },
};
const KEYCLOAK: Shape = {
  alg: "RS256",
  header: jwt,
  claims: {
    auth_time: 1_700_000_000,
    jti: guid("6"),
    iss: "https://id.example.com/realms/my-realm",
    aud: ["zoo-balance", "account"],
    sub: USER,
    typ: "Bearer",
    azp: "my-app",
    acr: "1",
    "allowed-origins": ["*"],
    realm_access: { roles: ["offline_access", "balance-reader"] },
    resource_access: { account: { roles: ["view-profile"] } },
    scope: "openid profile email",
  },
};
const OKTA: Shape = {
  alg: "RS256",
  claims: {
    ver: 1,
    jti: "AT.x",
    iss: "https://my-org.okta.com/oauth2/default",
    aud: "api://default",
    cid: "0oa1",
    uid: "00u1",
    scp: ["openid", "balance.read"],
    sub: "somebody@example.com",
  },
};
const apple = (aud: string): Shape => ({
  alg: "RS256",
  claims: {
    iss: "https://appleid.apple.com",
    aud,
    sub: "001999.a",
    nonce_supported: true,
    email_verified: "true",
    is_private_email: "true",
  },
});
const workos = (iss: string): Shape => ({
  alg: "RS256",
  claims: {
    iss,
    aud: "client_01ABCDEF",
    sub: "user_01",
    sid: "session_01",
    org_id: "org_01",
    role: "member",
    permissions: [],
    jti: "01H",
  },
});
const KINDE: Shape = {
  alg: "RS256",
  header: jwt,
  claims: {
    aud: ["https://balance.example.com"],
    azp: "my-client",
    feature_flags: {},
    iss: "https://my-business.kinde.com",
    jti: guid("7"),
    org_code: "org_1",
    permissions: ["read:balance"],
    scp: ["openid", "offline"],
    sub: "kp_1",
  },
};
const LOGTO: Shape = {
  alg: "ES384",
  header: { typ: "at+jwt" },
  claims: {
    jti: "x",
    sub: "fo",
    iss: "https://my-tenant.logto.app/oidc",
    aud: "https://balance.example.com",
    client_id: "my-client",
    scope: "read:balance",
  },
};
const descope = (iss: string, drn = "DS"): Shape => ({
  alg: "RS256",
  header: jwt,
  claims: { amr: ["email"], drn, iss, rexp: "2026-12-20T00:00:00Z", sub: "U2", tenants: {} },
});
const BETTER_AUTH: Shape = {
  alg: "EdDSA",
  claims: {
    id: "x",
    name: "Somebody",
    email: "somebody@example.com",
    emailVerified: true,
    image: null,
    sub: "x",
    iss: "https://app.example.com",
    aud: "https://app.example.com",
  },
};
const ACCESS: Shape = {
  alg: "RS256",
  claims: {
    aud: ["4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2"],
    email: "somebody@example.com",
    iss: "https://my-team.cloudflareaccess.com",
    type: "app",
    identity_nonce: "x",
    sub: USER,
    country: "DE",
  },
};
const SAP_URL = "https://my-sub.authentication.eu10.hana.ondemand.com";
const SAP: Shape = {
  alg: "RS256",
  header: { ...jwt, jku: `${SAP_URL}/token_keys` },
  claims: {
    jti: "x",
    ext_attr: { enhancer: "XSUAA", zdn: "my-sub" },
    "xs.system.attributes": { "xs.rolecollections": [] },
    sub: USER,
    scope: ["zoo-balance!t12345.Read", "openid"],
    client_id: "sb-zoo-balance!t12345",
    cid: "sb-zoo-balance!t12345",
    azp: "sb-zoo-balance!t12345",
    grant_type: "authorization_code",
    user_id: USER,
    iss: `${SAP_URL}/oauth/token`,
    zid: guid("8"),
    aud: ["zoo-balance!t12345", "openid"],
  },
};

const change = (shape: Shape, claims: Record<string, unknown>): Shape => ({
  ...shape,
  claims: { ...shape.claims, ...claims },
});

export const PROVIDER_TOKENS: Readonly<Record<string, ProviderTokens>> = {
  Firebase: {
    good: [FIREBASE],
    refused: [
      ["issuer", change(FIREBASE, { iss: "https://session.firebase.google.com/my-project" })],
    ],
  },
  Google: {
    good: [
      google("https://accounts.google.com", "1234-web.apps.googleusercontent.com"),
      google("accounts.google.com", "1234-ios.apps.googleusercontent.com"),
    ],
    refused: [["audience", google("https://accounts.google.com", "another-app")]],
  },
  Auth0: {
    discovered: "https://my-tenant.eu.auth0.com/.well-known/jwks.json",
    good: [AUTH0],
    refused: [
      ["issuer_spelling", change(AUTH0, { iss: "https://my-tenant.eu.auth0.com" })],
      ["scope_missing", change(AUTH0, { permissions: [] })],
    ],
  },
  "Cognito, ID token": {
    discovered: `${COGNITO_POOL}/.well-known/jwks.json`,
    good: [COGNITO_ID],
    refused: [["audience_missing", COGNITO_ACCESS]],
  },
  "Cognito, access token": {
    discovered: `${COGNITO_POOL}/.well-known/jwks.json`,
    good: [COGNITO_ACCESS],
    refused: [
      ["audience_missing", COGNITO_ID],
      ["scope_missing", change(COGNITO_ACCESS, { scope: "aws.cognito.signin.user.admin" })],
    ],
  },
  Supabase: {
    good: [SUPABASE, change(SUPABASE, { app_metadata: { zoo_account: "default" } })],
    refused: [["account_claim_invalid", change(SUPABASE, { app_metadata: { zoo_account: "" } })]],
  },
  Clerk: {
    good: [clerk({ aud: "zoo-balance" }), clerk({ azp: "https://app.example.com" })],
    refused: [
      ["audience_missing", clerk({})],
      ["audience", clerk({ azp: "https://other.example.com" })],
    ],
  },
  "Entra ID, v2": {
    discovered: `https://login.microsoftonline.com/${guid("aaaa")}/discovery/v2.0/keys`,
    good: [ENTRA_V2],
    refused: [["issuer", ENTRA_V1]],
  },
  "Entra ID, v1": {
    good: [ENTRA_V1],
    refused: [
      ["issuer", ENTRA_V2],
      ["audience_spelling", change(ENTRA_V1, { aud: guid("bbbb") })],
    ],
  },
  "Azure AD B2C": { good: [b2c("B2C_1_signin"), b2c("B2C_1A_signin")] },
  "AD FS": {
    good: [ADFS],
    refused: [["claim_sub", change(ADFS, { sub: undefined })]],
  },
  Keycloak: {
    discovered: "https://id.example.com/realms/my-realm/protocol/openid-connect/certs",
    good: [KEYCLOAK],
    refused: [
      ["audience", change(KEYCLOAK, { aud: "account" })],
      ["claim_sub", change(KEYCLOAK, { sub: undefined })],
      ["scope_missing", change(KEYCLOAK, { realm_access: { roles: [] } })],
      [
        "event_token",
        change(KEYCLOAK, {
          typ: "Logout",
          events: { "http://schemas.openid.net/event/backchannel-logout": {} },
        }),
      ],
    ],
  },
  Okta: {
    discovered: "https://my-org.okta.com/oauth2/default/v1/keys",
    good: [OKTA],
    refused: [["issuer", change(OKTA, { iss: "https://my-org.okta.com" })]],
  },
  Apple: { good: [apple("com.example.app"), apple("com.example.web")] },
  WorkOS: {
    good: [
      workos("https://api.workos.com/user_management/client_01ABCDEF"),
      workos("https://api.workos.com"),
    ],
    refused: [["audience_missing", change(workos("https://api.workos.com"), { aud: undefined })]],
  },
  Kinde: {
    good: [KINDE],
    refused: [["audience_missing", change(KINDE, { aud: [] })]],
  },
  Logto: {
    discovered: "https://my-tenant.logto.app/oidc/jwks",
    good: [LOGTO],
  },
  Descope: {
    good: [
      descope("P2abcdefghijklmnopqrstuvwxyz"),
      descope("https://api.descope.com/P2abcdefghijklmnopqrstuvwxyz"),
    ],
    refused: [["audience", descope("P2abcdefghijklmnopqrstuvwxyz", "DSR")]],
  },
  "Better Auth": { good: [BETTER_AUTH] },
  "Cloudflare Access": {
    good: [ACCESS],
    refused: [["claim_sub", change(ACCESS, { sub: "", common_name: "x.access" })]],
  },
  "SAP BTP": {
    good: [SAP],
    refused: [["scope_missing", change(SAP, { scope: ["openid"] })]],
  },
};
