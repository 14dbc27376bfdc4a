/**
 * Hysteresis: a two-state machine that is told of once when it begins, and only after it has ended can begin
 * again. Its end lies further away than its beginning, so a value that wobbles around a threshold says nothing.
 */

export type Transition = "stays" | "begins" | "ends";

/**
 * @param told whether its beginning has been told and its end has not
 * @param begins whether the condition holds
 * @param ends whether it is clearly over
 */
export function transition(told: boolean, begins: boolean, ends: boolean): Transition {
  if (told) return ends ? "ends" : "stays";
  return begins ? "begins" : "stays";
}

/** Whether it holds, as told, after the transition. */
export function toldAfter(told: boolean, change: Transition): boolean {
  switch (change) {
    case "begins":
      return true;
    case "ends":
      return false;
    case "stays":
      return told;
  }
}
