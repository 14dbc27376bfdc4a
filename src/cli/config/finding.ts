/** What `npm run config` looks at, and what it says of it. */
import type { Path } from "./toml.ts";

/** `error`: it must not be deployed. `note`: it works, but somebody may wonder. */
export interface Finding {
  readonly level: "error" | "note";
  readonly line: number | null;
  /** The variable, secret, binding or route; empty for the file as a whole. */
  readonly name: string;
  readonly problem: string;
  readonly remedy: string;
}

/** What is said of one place in the file. */
export interface Said extends Pick<Finding, "level" | "problem" | "remedy"> {
  readonly path: Path;
}

/** Of a path below the environment's `vars`, or of a secret by its name. */
export type Report = (level: Finding["level"], path: Path, problem: string, remedy: string) => void;

export interface Checked {
  readonly text: string;
  readonly environment: string;
  /** The secrets there are, by name, with their values where these are known; null: not known. */
  readonly secrets: ReadonlyMap<string, string | null> | null;
}
