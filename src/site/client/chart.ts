/** The history: the balance as a line, what was spent on each day as bars below it, and in words what it comes to. */
import { paragraph } from "./card.ts";
import { days, type Frame, frameOf, grid, labelsOf, make, picture, ruler, ticksOf } from "./svg.ts";
import { dateInWords, forecastInWords, inDollars } from "./words.ts";

export interface History {
  readonly from: string;
  readonly to: string;
  readonly points: readonly { readonly at: string; readonly available: string }[];
  readonly spend_per_day: string | null;
  readonly lasts_until: string | null;
  readonly forecast_reason: string | null;
  readonly days: readonly { readonly day: string; readonly spent: string }[];
}

const DAY_MS = 86_400_000;
const MAX_WIDTH = 720;
const MIN_WIDTH = 200;
const TOP = 10;
const LINE_HEIGHT = 180;
const BARS_HEIGHT = 64;
const DAYS_HEIGHT = 24;
/** Below the bars. */
const GROUND = 8;
/** Beyond so many days after the last, when it runs out is told in words alone. */
const AHEAD_DAYS = 21;

/** What is drawn, as numbers: for lengths on a screen doubles are exact enough. */
interface Drawing {
  readonly from: number;
  readonly now: number;
  /** When nothing will be left, if that is near enough to be drawn. */
  readonly runsOut: number | null;
  readonly steps: readonly { readonly ms: number; readonly usd: number }[];
  readonly bars: readonly { readonly ms: number; readonly usd: number }[];
}

let watching: ResizeObserver | undefined;

/** Draws into `place`, and again when its width changes. */
export function showChart(place: HTMLElement, history: History): void {
  clearChart(place);
  if (history.points.length === 0) {
    place.replaceChildren(paragraph("There is no history yet."));
    return;
  }
  const drawing = drawingOf(history);
  const words = forecastInWords(history);
  const [line, bars] = [figure("The last 30 days"), figure("Spent per day (UTC)")];
  place.replaceChildren(paragraph(words), line);
  if (drawing.bars.some(({ usd }) => usd > 0)) place.append(bars);
  let drawn = 0;
  watching = new ResizeObserver(() => {
    const width = Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, Math.floor(line.clientWidth)));
    if (width === drawn) return;
    drawn = width;
    const draw = draughtsman(drawing, width, ruler(place));
    line.lastElementChild?.replaceWith(draw.line(words));
    bars.lastElementChild?.replaceWith(draw.bars());
  });
  watching.observe(line);
}

export function clearChart(place: HTMLElement): void {
  watching?.disconnect();
  place.replaceChildren();
}

function figure(title: string): HTMLElement {
  const made = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  made.append(caption, document.createElement("div"));
  return made;
}

function drawingOf(history: History): Drawing {
  const now = Date.parse(history.to);
  const end = history.lasts_until === null ? Number.NaN : Date.parse(history.lasts_until);
  return {
    from: Date.parse(history.from),
    now,
    runsOut: end > now && end <= now + AHEAD_DAYS * DAY_MS ? end : null,
    steps: history.points.map(({ at, available }) => ({
      ms: Date.parse(at),
      usd: Number(available),
    })),
    bars: history.days.map(({ day, spent }) => ({ ms: Date.parse(day), usd: Number(spent) })),
  };
}

/** Both in one frame, so that a day lies below itself. */
function draughtsman(drawing: Drawing, width: number, widthOf: (text: string) => number) {
  const { from, now, runsOut, steps, bars } = drawing;
  const amounts = steps.map(({ usd }) => usd);
  const ticks = ticksOf(floorOf(drawing), Math.max(0.05, ...amounts), 4);
  const spentTicks = ticksOf(0, Math.max(0.01, ...bars.map(({ usd }) => usd)), 2);
  const labels = [...labelsOf(ticks), ...labelsOf(spentTicks)];
  // Today is drawn to its end, as what is spent today stands for the whole day.
  const today = Math.max(now, ...bars.map(({ ms }) => ms + DAY_MS));
  const frame = frameOf(width, labels, from, Math.max(today, runsOut ?? 0), widthOf);
  const important = runsOut === null ? [now, from] : [runsOut, now, from];
  const times = [...important, (from + now) / 2];
  return {
    line(words: string): SVGElement {
      const height = TOP + LINE_HEIGHT + DAYS_HEIGHT;
      const svg = picture(width, height, `The last 30 days. ${words}`);
      const y = scale(ticks, LINE_HEIGHT);
      svg.append(...grid(frame, ticks, y), ...curve(frame, drawing, y));
      svg.append(...days(frame, height - 6, times, widthOf));
      return svg;
    },
    bars(): SVGElement {
      const most = bars.reduce((most, bar) => (bar.usd > most.usd ? bar : most), { ms: 0, usd: 0 });
      const words = `Spent per day: at most ${inDollars(`${most.usd}`)}, on ${dateInWords(most.ms)}.`;
      const svg = picture(width, TOP + BARS_HEIGHT + GROUND, words);
      const y = scale(spentTicks, BARS_HEIGHT);
      svg.append(...grid(frame, spentTicks, y));
      for (const { ms, usd } of bars) {
        const [start, end] = [Math.max(frame.left, frame.x(ms)), frame.x(ms + DAY_MS)];
        const size = { x: start + 0.5, width: Math.max(1, end - start - 1), y: y(usd) };
        svg.append(make("rect", { ...size, height: y(0) - y(usd), class: "bar" }));
      }
      return svg;
    },
  };
}

/**
 * Where the axis begins: at nothing, or, where little has been spent of much, just below it, so that what was
 * spent can be seen. A run-out needs the whole way down.
 */
function floorOf({ steps, runsOut }: Drawing): number {
  const amounts = steps.map(({ usd }) => usd);
  const [least, most] = [Math.min(...amounts), Math.max(...amounts)];
  const isFlat = amounts.length > 1 && least > most * 0.6;
  return isFlat && runsOut === null ? Math.min(least, most * 0.9) : Math.min(0, least);
}

function scale(ticks: readonly number[], height: number): (usd: number) => number {
  const [least = 0, most = 1] = [ticks[0], ticks.at(-1)];
  return (usd) => TOP + ((most - usd) / (most - least)) * height;
}

/** A step, not a slope: a value holds until the next one. From the last on, where it is heading. */
function curve(
  { x }: Frame,
  { steps, now, runsOut }: Drawing,
  y: (usd: number) => number,
): SVGElement[] {
  const [first, ...later] = steps;
  const last = steps.at(-1);
  if (first === undefined || last === undefined) return [];
  const path = later.map(({ ms, usd }) => `H${x(ms)}V${y(usd)}`).join("");
  const d = `M${x(first.ms)} ${y(first.usd)}${path}H${x(now)}`;
  const parts = [make("path", { d, class: "curve" })];
  if (later.length === 0) {
    // The line of a single point may be too short to be seen.
    parts.push(make("circle", { cx: x(first.ms), cy: y(first.usd), r: 4, class: "dot" }));
  }
  if (runsOut !== null) {
    const ahead = `M${x(now)} ${y(last.usd)}L${x(runsOut)} ${y(0)}`;
    parts.push(make("path", { d: ahead, class: "ahead" }));
    parts.push(make("circle", { cx: x(runsOut), cy: y(0), r: 4, class: "runs-out" }));
  }
  return parts;
}
