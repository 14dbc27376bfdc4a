/** What wrangler is asked for: which command, and of which environment. */

/** Options of wrangler that stand before or between the words of a command, and take a value. */
const WITH_VALUE =
  /^(--env|-e|--config|-c|--cwd|--name|--env-file|--tag|--message|--secrets-file)$/;

/** Commands that change what is live; the others can be repeated without a thought. */
export const MAKES_LIVE = /^(deploy|rollback|secret (put|delete|bulk)|versions deploy)\b/;

/** Commands that upload something, live or not. */
export const UPLOADS = /^(deploy|versions upload)\b/;

/** Commands that give a secret its value. */
export const SETS_SECRET = /^(versions )?secret (put|bulk)\b/;

export interface Command {
  /** Without options: `secret put ZOO_API_TOKEN`. */
  readonly words: readonly string[];
  /** Null: without one, wrangler takes the top of `wrangler.toml`. */
  readonly environment: string | null;
  /** To be shown, instead of done. */
  readonly help: boolean;
}

export function commandOf(
  args: readonly string[],
  variables: Readonly<Record<string, string | undefined>> = {},
): Command {
  const words = args.filter(
    (arg, index) => !arg.startsWith("-") && !WITH_VALUE.test(args[index - 1] ?? ""),
  );
  const environment = optionOf(args, /^(--env|-e)$/) ?? variables.CLOUDFLARE_ENV;
  return {
    words,
    environment: environment === undefined || environment === "" ? null : environment,
    help: args.some((arg) => /^(--help|-h|--version|-v)$/.test(arg)),
  };
}

/** An option's value in either spelling, `--env production` or `--env=production`. */
export function optionOf(args: readonly string[], name: RegExp): string | undefined {
  for (const [index, arg] of args.entries()) {
    const [before = "", ...value] = arg.split("=");
    if (name.test(before)) return value.length > 0 ? value.join("=") : args[index + 1];
  }
  return undefined;
}
