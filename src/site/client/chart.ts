/** The history as a line (SVG): amounts to the left, days below, and in words what it comes to. */
import { forecastInWords, money } from "./words.ts";

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
const LEFT = 64;
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
  const [least, most] = [Math.min(0, ...amounts), Math.max(1, ...amounts)];
  const x = (ms: number) => LEFT + ((ms - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const y = (usd: number) => TOP + ((most - usd) / (most - least)) * (HEIGHT - TOP - BOTTOM);

  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const words = forecastInWords(history);
  svg.setAttribute("aria-label", `The balance of the last 30 days. ${words}`);
  for (const usd of [least, least + (most - least) / 2, most]) {
    svg.append(
      make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(usd), y2: y(usd), class: "grid" }),
    );
    svg.append(label(money(usd.toFixed(2)), { x: LEFT - 8, y: y(usd) + 4, "text-anchor": "end" }));
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
  if (steps.length > 0)
    svg.append(make("path", { d: `${steps.join("")}H${x(to)}`, class: "curve" }));

  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = words;
  figure.append(svg, caption);
  return figure;
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
