/**
 * `node -r` runs this before a program of the project, which Node runs as the TypeScript that it is: from
 * 22.18 on. The platform packages in `package.json` bring a newer one, but not for every machine, and not
 * with `--omit=optional`. Plain CommonJS, since an old Node has to understand it.
 */
const OLDEST = [22, 18];

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  const platform = `${process.platform} on ${process.arch}`;
  process.stderr.write(
    `Node ${process.versions.node} is too old, and npm installed none for ${platform}: install Node ${OLDEST.join(".")} or later (or run npm ci again without --omit=optional).\n`,
  );
  process.exit(1);
}
