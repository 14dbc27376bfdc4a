/** The history as a line (SVG): amounts to the left, days below, and in words what it comes to. */
import { centsOf, dollars, forecastInWords } from "./words.ts";

export interface History {
  readonly from: string;
  readonly to: string;
  readonly points: readonly { readonly at: string; readonly available: string }[];
  readonly spend_per_day: string | null;
  readonly lasts_until: string | null;
  readonly forecast_reason: string | null;
}

const WIDTH = 420;
const HEIGHT = 210;
/** A digit and a comma of 13 pixels, on average, and the gap beside them. */
const CHARACTER = 7.5;
const GAP = 10;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 28;
const DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", timeZone: "UTC" });

/** A step, not a slope: a value holds until the next one. */
export function chartOf(history: History): HTMLElement {
  const { points } = history;
  const [from, to] = [Date.parse(history.from), Date.parse(history.to)];
  // For lengths on a screen doubles are exact enough.
  const amounts = points.map(({ available }) => Number(available));
  const ticks = ticksOf(Math.min(0, ...amounts), Math.max(1, ...amounts));
  const [least, most] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const labels = ticks.map((usd) => dollars(centsOf(`${usd}`)).replace(/\.00$/, ""));
  const left = GAP + CHARACTER * Math.max(...labels.map(({ length }) => length));
  const x = (ms: number) => left + ((ms - from) / (to - from)) * (WIDTH - left - RIGHT);
  const y = (usd: number) => TOP + ((most - usd) / (most - least)) * (HEIGHT - TOP - BOTTOM);

  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const words = forecastInWords(history);
  svg.setAttribute("aria-label", `The balance of the last 30 days. ${words}`);
  for (const [n, usd] of ticks.entries()) {
    svg.append(
      make("line", { x1: left, x2: WIDTH - RIGHT, y1: y(usd), y2: y(usd), class: "grid" }),
    );
    svg.append(label(labels[n] ?? "", { x: left - GAP / 2, y: y(usd) + 4, "text-anchor": "end" }));
  }
  const anchors = ["start", "middle", "end"] as const;
  for (const [n, anchor] of anchors.entries()) {
    const ms = from + ((to - from) * n) / 2;
    svg.append(label(DAY.format(ms), { x: x(ms), y: HEIGHT - 8, "text-anchor": anchor }));
  }
  const steps = points.map(
    ({ at }, n) =>
      `${n === 0 ? "M" : "H"}${x(Date.parse(at))}${n === 0 ? " " : "V"}${y(amounts[n] ?? 0)}`,
  );
  if (steps.length > 0) {
    svg.append(make("path", { d: `${steps.join("")}H${x(to)}`, class: "curve" }));
  }
  const [only, ...more] = points;
  if (only !== undefined && more.length === 0) {
    // The line of a single point may be too short to be seen.
    const at = { cx: x(Date.parse(only.at)), cy: y(amounts[0] ?? 0) };
    svg.append(make("circle", { ...at, r: 4, class: "dot" }));
  }

  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = words;
  figure.append(svg, caption);
  return figure;
}

/** Round amounts (1, 2 or 5 times a power of ten apart), from the first below the least to the first above the most. */
function ticksOf(least: number, most: number): number[] {
  const rough = (most - least) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(least / step);
  const last = Math.ceil(most / step);
  return Array.from({ length: last - first + 1 }, (_, n) => (first + n) * step);
}

function label(text: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = make("text", attributes);
  made.textContent = text;
  return made;
}

function make(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, `${value}`);
  return made;
}
