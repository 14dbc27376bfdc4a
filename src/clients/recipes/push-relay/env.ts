/** What the relay is given, and what it reaches. */

export interface Env {
  /** As the proxy has it: `whsec_…`. */
  readonly ALERTS_SECRET: string;
  /** Of the app: its bundle id, the team's id, and a key for APNs (its id, and the .p8 as it is). */
  readonly APNS_TOPIC: string;
  readonly APNS_TEAM_ID: string;
  readonly APNS_KEY_ID: string;
  readonly APNS_KEY: string;
  readonly APNS_URL?: string;
  /** The JSON of a service account that may send messages. */
  readonly FCM_SERVICE_ACCOUNT: string;
  readonly FCM_URL?: string;
  /** Written by whoever registers devices: `apns:ACCOUNT:DEVICE_TOKEN`, `fcm:ACCOUNT:REGISTRATION_TOKEN`. */
  readonly DEVICES: Pick<KVNamespace, "list" | "delete">;
}

/** What the outside is; tests bring their own. */
export interface Outside {
  send(url: string, init: RequestInit): Promise<Response>;
  now(): number;
}
