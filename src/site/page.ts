/** The page at `/`: what this is, a form to try it, and the API reference, rendered from the document. */
import { html } from "hono/html";

type Json = Readonly<Record<string, unknown>>;

/** HTML in which every value is escaped. */
type Html = ReturnType<typeof html>;

const code = (text: unknown): Html => html`<code>${String(text)}</code>`;

/** Text of the document, whose back quotes are code. */
const prose = (text: unknown): Html[] =>
  String(text ?? "")
    .split(/`([^`]+)`/)
    .map((part, n) => (n % 2 === 1 ? code(part) : html`${part}`));

type Cell = Html | readonly Html[] | string;

/** With roles of their own: on a phone its cells stand below each other, and would lose those they have by display. */
function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly [Cell, ...Cell[]])[],
): Html {
  const head = heads.map((name) => html`<th scope="col" role="columnheader">${name}</th>`);
  const body = rows.map(([first, ...rest]) => {
    const cells = rest.map((cell) => html`<td role="cell">${cell}</td>`);
    return html`<tr role="row"><th scope="row" role="rowheader">${first}</th>${cells}</tr>
`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table role="table"><caption>${caption}</caption><thead role="rowgroup"><tr role="row">${head}</tr></thead><tbody role="rowgroup">${body}</tbody></table></div>`;
}

/** What of the document a `$ref` leads to. */
function resolved(part: Json, document: Json): Json {
  if (typeof part.$ref !== "string") return part;
  const names = part.$ref.split("/").slice(1);
  return names.reduce((at: Json, name) => at[name] as Json, document);
}

/** Members of a schema and of the schemas in it, one row each. */
function memberRows(schema: Json, document: Json, prefix = ""): [Cell, ...Cell[]][] {
  const properties = (schema.properties ?? {}) as Record<string, Json>;
  return Object.entries(properties).flatMap(([name, member]) => {
    const inner = resolved((member.items ?? member) as Json, document);
    const type = [member.type ?? inner.type].flat().join(" or ");
    const example = (member.examples as unknown[] | undefined)?.[0];
    const shown = example === undefined ? [] : [html` `, code(JSON.stringify(example))];
    return [
      [code(prefix + name), type, [...prose(member.description ?? inner.description), ...shown]],
      ...memberRows(inner, document, `${prefix}${name}.`),
    ];
  });
}

function operations(document: Json): Html[] {
  const { paths } = document as { paths: Record<string, Record<string, Json>> };
  return Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    .map(({ path, method, operation }) => {
      const title = `${method.toUpperCase()} ${path}`;
      const parameters = ((operation.parameters ?? []) as Json[]).map((one) =>
        resolved(one, document),
      );
      const responses = Object.entries(operation.responses as Record<string, Json>);
      const asked = parameters.map(
        ({ name, description }) => [code(name), prose(description)] as const,
      );
      const answered = responses.map(
        ([status, response]) => [status, prose(resolved(response, document).description)] as const,
      );
      return html`<h3>${code(title)}</h3>
<p>${prose(operation.description)}</p>
${asked.length === 0 ? "" : table(`Parameters of ${title}`, ["name", "meaning"], asked)}
${table(`Answers of ${title}`, ["status", "meaning"], answered)}
`;
    });
}

export async function page(document: Json): Promise<string> {
  const { info, components } = document as {
    info: Json;
    components: { schemas: Record<string, Json> };
  };
  const { Balance = {}, BalanceHistory = {}, Problem = {} } = components.schemas;
  const whole = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Zoo balance</title>
<meta name="description" content="${String(info.summary)}">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header><h1>Zoo balance</h1></header>
<main id="main">
<p>${prose(info.description)}</p>

<section aria-labelledby="try-title">
<h2 id="try-title">Try it</h2>
<form id="try">
<label for="credential">Credential</label>
<input id="credential" type="password" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="credential-hint">
<p id="credential-hint">A token of your app's identity provider, or an API key. It stays in this page's memory, and goes to this service alone.</p>
<button id="show">Show the balance</button><button id="refresh" class="second">Refresh now</button>
</form>
<div id="result" role="status"></div>
<div id="chart"></div>
<noscript><p>The form needs JavaScript; the reference below does not.</p></noscript>
</section>

<section aria-labelledby="credential-title">
<h2 id="credential-title">How to get a credential</h2>
<p>An app sends the token that its identity provider gave to its user (a JWT). A server, a script or a test build sends an API key, which the operator makes with <code>npm run keys -- create</code>. Either goes into the header <code>Authorization: Bearer …</code>, and never into a URL.</p>
</section>

<section aria-labelledby="reference-title">
<h2 id="reference-title">API reference</h2>
<p>The same for machines: <a href="/openapi.json">OpenAPI 3.1</a>.</p>
${operations(document)}
<h3>The balance</h3>
${table("Members of the balance", ["member", "type", "meaning"], memberRows(Balance, document))}
<h3>The history</h3>
${table("Members of the history", ["member", "type", "meaning"], memberRows(BalanceHistory, document))}
<h3>Problems</h3>
${table("Members of a problem", ["member", "type", "meaning"], memberRows(Problem, document))}
</section>
</main>
</body>
</html>
`;
  return String(whole);
}
