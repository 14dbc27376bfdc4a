/**
 * `node -r` runs this before a program of the project, which Node runs as the TypeScript that it is: from
 * 22.18 on. The platform packages in `package.json` bring a newer one, which `npm run` finds; but not for
 * every machine, and not with `--omit=optional`. Plain CommonJS, since an old Node has to understand it.
 */
const { readFileSync, realpathSync } = require("node:fs");
const { dirname, join, relative } = require("node:path");

const OLDEST = [22, 18];
const ROOT = join(__dirname, "../..");

/** The version of the Node that npm has installed for the project; null where it has none. */
function installed() {
  try {
    const file = realpathSync(join(ROOT, "node_modules/.bin/node"));
    if (file === realpathSync(process.execPath)) return null;
    return JSON.parse(readFileSync(join(dirname(file), "../package.json"), "utf8")).version;
  } catch {
    return null;
  }
}

/** How the program that was started is run with the Node that npm has installed. */
function remedy() {
  try {
    const program = relative(ROOT, realpathSync(process.argv[1])).replace(/\\/g, "/");
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const found = Object.keys(scripts).find((name) => scripts[name].endsWith(` ${program}`));
    if (found) return `npm run ${found} -- …`;
  } catch {
    // Whatever was started, it is no program of package.json.
  }
  return "start it with npm test, npm run or npx";
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  const other = installed();
  const platform = `${process.platform} on ${process.arch}`;
  process.stderr.write(
    other === null
      ? `Node ${process.versions.node} is too old, and npm installed none for ${platform}: install Node ${OLDEST.join(".")} or later (or run npm ci again without --omit=optional).\n`
      : `Node ${process.versions.node} is too old. npm has installed Node ${other} in node_modules, which its commands use: ${remedy()}\n`,
  );
  process.exit(1);
}
