/**
 * Waiting for another request of the isolate by what that one leaves in memory, since its promise must not be
 * shared: Workers cancel it with the request that made it.
 */

/** Soon at first, then less often. */
const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 200;
const MAX_POLLS = 100;

/** Resolves when the other one is no longer busy, or after some 20 s. */
export async function pollWhile(isBusy: () => boolean): Promise<void> {
  let pollMs = FIRST_POLL_MS;
  for (let polls = 0; polls < MAX_POLLS && isBusy(); polls++) {
    const wait = pollMs;
    await new Promise((resolve) => setTimeout(resolve, wait));
    pollMs = Math.min(2 * pollMs, MAX_POLL_MS);
  }
}
