/** Single flight: whoever asks while a call is under way shares it. The last one to leave cancels it. */

interface Call {
  readonly result: Promise<void>;
  readonly controller: AbortController;
  readonly force: boolean;
  waiting: number;
}

export class SingleFlight {
  #call: Call | null = null;

  /** @throws what the signal was aborted with, at once, though others may still wait for the call */
  async join(
    force: boolean,
    signal: AbortSignal,
    start: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    stopIfAborted(signal);
    // An ordinary call under way is not what a forced one asked for: it comes after it.
    while (this.#call !== null && force && !this.#call.force) await this.#wait(this.#call, signal);
    this.#call ??= this.#begin(force, start);
    await this.#wait(this.#call, signal);
  }

  /** Whoever waits gets what the call makes of it. */
  cancel(): void {
    this.#call?.controller.abort();
    this.#call = null;
  }

  #begin(force: boolean, start: (signal: AbortSignal) => Promise<void>): Call {
    const controller = new AbortController();
    const result = start(controller.signal).finally(() => {
      if (this.#call === call) this.#call = null;
    });
    const call: Call = { result, controller, force, waiting: 0 };
    return call;
  }

  async #wait(call: Call, signal: AbortSignal): Promise<void> {
    call.waiting++;
    let leave = () => {};
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(reasonOf(signal));
      signal.addEventListener("abort", leave);
    });
    try {
      await Promise.race([call.result, left]);
    } finally {
      signal.removeEventListener("abort", leave);
      call.waiting--;
      if (call.waiting === 0) {
        call.controller.abort();
        // Whoever comes now must not share a call that is being cancelled.
        if (this.#call === call) this.#call = null;
      }
    }
  }
}

/** React Native's signals have neither `reason` nor `throwIfAborted`. */
function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new Error("Aborted");
}

/** @throws what the signal was aborted with */
export function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw reasonOf(signal);
}
