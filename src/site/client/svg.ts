/** What both charts are drawn with: one scale of days, round amounts, and text that is measured before it is placed. */
import { dayInWords, inDollars } from "./words.ts";

const GAP = 6;
const BASELINE = 4;
const FONT_PX = 13;

type Attributes = Readonly<Record<string, string | number>>;

/** Where a chart's drawing area lies, in CSS pixels of the page: nothing is scaled, so text keeps its size. */
export interface Frame {
  readonly width: number;
  readonly left: number;
  readonly right: number;
  /** From epoch milliseconds to pixels. */
  readonly x: (ms: number) => number;
}

/** @param labels the longest of them is what the axis has room for */
export function frameOf(
  width: number,
  labels: readonly string[],
  from: number,
  to: number,
  widthOf: (text: string) => number,
): Frame {
  const left = Math.ceil(Math.max(...labels.map(widthOf))) + GAP;
  const right = width - GAP;
  return { width, left, right, x: (ms) => left + ((ms - from) / (to - from)) * (right - left) };
}

/** Measures in the font of the place that it is drawn in. */
export function ruler(place: HTMLElement): (text: string) => number {
  const pen = document.createElement("canvas").getContext("2d");
  if (pen === null) return (text) => text.length * FONT_PX;
  pen.font = `${FONT_PX}px ${getComputedStyle(place).fontFamily}`;
  return (text) => pen.measureText(text).width;
}

/** Round amounts (1, 2 or 5 times a power of ten apart), from the first below the least to the first above the most. */
export function ticksOf(least: number, most: number, count: number): number[] {
  // Never less than a cent apart: the labels have no more digits.
  const rough = Math.max((most - least) / count, 0.01);
  const power = 10 ** Math.floor(Math.log10(rough) + 1e-9);
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.floor(least / step + 1e-9);
  const last = Math.max(Math.ceil(most / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, n) => (first + n) * step);
}

/** Whole dollars where all of them are. */
export function labelsOf(ticks: readonly number[]): string[] {
  const texts = ticks.map((usd) => inDollars(usd.toFixed(2)));
  const areWhole = texts.every((text) => text.endsWith(".00"));
  return areWhole ? texts.map((text) => text.slice(0, -3)) : texts;
}

/** Lines across, each with its amount to the left of it. */
export function grid(
  { left, right }: Frame,
  ticks: readonly number[],
  y: (usd: number) => number,
): SVGElement[] {
  const labels = labelsOf(ticks);
  return ticks.flatMap((usd, n) => [
    make("line", { x1: left, x2: right, y1: y(usd), y2: y(usd), class: "grid" }),
    label(labels[n] ?? "", { x: left - GAP, y: y(usd) + BASELINE, "text-anchor": "end" }),
  ]);
}

/** Days below, the more important ones first: where one would touch another, it is left out. */
export function days(
  { x, left, right }: Frame,
  y: number,
  times: readonly number[],
  widthOf: (text: string) => number,
): SVGElement[] {
  const taken: (readonly [number, number])[] = [];
  return times.flatMap((ms) => {
    const text = dayInWords(ms);
    const half = widthOf(text) / 2;
    const middle = Math.min(Math.max(x(ms), left + half), right - half);
    const [start, end] = [middle - half - GAP, middle + half + GAP];
    if (taken.some(([from, to]) => start < to && from < end)) return [];
    taken.push([start, end]);
    return [label(text, { x: middle, y, "text-anchor": "middle" })];
  });
}

export function picture(width: number, height: number, words: string): SVGElement {
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  return make("svg", { ...size, role: "img", "aria-label": words });
}

function label(text: string, attributes: Attributes): SVGElement {
  const made = make("text", attributes);
  made.textContent = text;
  return made;
}

export function make(tag: string, attributes: Attributes): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, `${value}`);
  return made;
}
