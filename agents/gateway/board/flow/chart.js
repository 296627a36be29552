// The chart of a flow: days along time with their interval, level and threshold, alerts as spans, and figures that can be read.

import { h, page, s } from "../shared/dom.js";
import { named, t } from "../shared/language.js";
import { stepAt, ticks, within } from "./series.js";
import { before, compact, DAY_MS, day, interval, isoDay, month, number } from "../shared/words.js";

const PAD = { left: 58, right: 14, top: 34, bottom: 30 };
const HEIGHT = 300;
const SPAN_ROW = 11; // pixels of a row of alerts or conflicts

/** The days of a step in words: "24 Sep 2022", "mean of week 2022-W38". */
export const stepDays = (step) => (step.kind === "day" ? day(isoDay(step.from), { year: true }) : t(`chart.mean.${step.kind}`, { period: step.period, known: step.covered, days: step.length }));

/** A step in words: "24 Sep 2022: 8,100 a day, 8,000 to 8,200". */
export const stepWords = (step) => `${stepDays(step)}: ${figureWords(step)}`;

const figureWords = (step) => `${t("rate.day", { rate: step.best })}, ${interval(Math.round(step.low), step.high === null ? null : Math.round(step.high))}`;

/** Rows in which spans do not cover each other: a list of lists. */
function rowsOf(spans) {
  const rows = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const row = rows.find((some) => some.at(-1).to <= span.from);
    if (row) row.push(span);
    else rows.push([span]);
  }
  return rows;
}

/** Dates below the axis: `{ms, words}`, as many as fit. */
function dates(from, to, width) {
  const length = Math.round((to - from) / DAY_MS);
  const every = [1, 2, 7, 14, 30, 61, 91].find((gap) => (length / gap) * 52 <= width) ?? 182;
  const marks = [];
  for (let ms = from; ms < to; ms += DAY_MS) {
    const date = new Date(ms);
    const wanted = every >= 30 ? date.getUTCDate() === 1 && date.getUTCMonth() % Math.max(1, Math.round(every / 30)) === 0 : Math.round((ms - from) / DAY_MS) % every === 0;
    if (wanted) marks.push({ ms, words: every >= 30 ? month(isoDay(ms)) : day(isoDay(ms)) });
  }
  return marks;
}

/**
 * Draw steps from `from` to `to` (ms). `level`: `{expected, threshold}`, people a day. `alerts`: `{from, to, severity, words, id}`.
 * `conflicts`: `{from, to, words}`. `other`: `{steps, words}` to compare with.
 * `revised`: `{from, to, low, high}`, between which people a day the mean of these days may come to lie. `name`: what the chart shows.
 */
export class Chart {
  constructor(home, { name }) {
    this.reading = h("p", { class: "reading", "aria-hidden": "true" });
    this.box = h("div", { class: "big-chart", role: "slider", tabindex: "0", "aria-label": t("chart.label", { name }), "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0, "aria-valuetext": "" });
    home.replaceChildren(this.reading, this.box);
    this.at = null;
    this.box.addEventListener("pointermove", (event) => this.#point(event));
    this.box.addEventListener("pointerleave", () => this.read(this.shown?.length - 1));
    this.box.addEventListener("keydown", (event) => this.#steer(event));
    new ResizeObserver(() => { if (this.data && this.box.clientWidth !== this.width) this.draw(this.data); }).observe(this.box);
  }

  draw(data) {
    this.data = data;
    const { from, to, level, alerts = [], conflicts = [], other = null, revised = null } = data;
    const width = (this.width = Math.max(260, this.box.clientWidth));
    const shown = (this.shown = within(data.steps, from, to));
    const others = other ? within(other.steps, from, to) : [];
    const rows = rowsOf(alerts.filter((span) => span.to > from && span.from < to));
    const doubts = rowsOf(conflicts.filter((span) => span.to > from && span.from < to));
    const top = PAD.top + rows.length * SPAN_ROW;
    const bottom = HEIGHT + rows.length * SPAN_ROW;
    const height = bottom + PAD.bottom + doubts.length * SPAN_ROW;
    const peak = Math.max(1, level?.threshold ?? 0, revised?.high ?? 0, ...[...shown, ...others].map((step) => Math.max(step.best, step.high ?? 0)));
    const marks = ticks(peak);
    const most = Math.max(peak * 1.06, marks.at(-1));
    const x = (this.x = (ms) => PAD.left + ((Math.min(Math.max(ms, from), to) - from) / (to - from)) * (width - PAD.left - PAD.right));
    const y = (this.y = (people) => bottom - (people / most) * (bottom - top));
    const box = (step, high, low, kind) => s("rect", { class: kind, x: x(step.from), width: Math.max(0.5, x(step.to) - x(step.from)), y: y(high), height: Math.max(0, y(low) - y(high)) });
    const line = (some) => some.map((step, at) => `${at && some[at - 1].to === step.from ? "L" : "M"}${x(step.from).toFixed(1)} ${y(step.best).toFixed(1)}H${x(step.to).toFixed(1)}`).join("");
    const strip = (span, row, base, kind) => s("rect", { class: kind, x: x(span.from), width: Math.max(3, x(span.to) - x(span.from)), y: base + row * SPAN_ROW, height: SPAN_ROW - 3, rx: 2 }, s("title", null, span.words));
    const levelLine = (people, kind, words) => (people > 0 && people <= most ? [
      s("line", { class: kind, x1: PAD.left, x2: width - PAD.right, y1: y(people), y2: y(people) }),
      s("text", { class: "level-name", x: PAD.left + 4, y: y(people) - 4 }, `${words} ${number(people)}`)] : null);
    this.cursor = s("line", { class: "cursor", y1: top, y2: bottom });
    this.drawing = s("svg", { class: "plot-big", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true", focusable: "false" },
      s("text", { class: "axis-name", x: 4, y: 14 }, t("chart.axis")),
      marks.map((value) => [
        s("line", { class: "grid", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
        s("text", { class: "tick", x: PAD.left - 6, y: y(value) + 4, "text-anchor": "end" }, compact(value))]),
      dates(from, to, width - PAD.left - PAD.right).map(({ ms, words }) => [
        s("line", { class: "tick-mark", x1: x(ms), x2: x(ms), y1: bottom, y2: bottom + 4 }),
        s("text", { class: "tick", x: x(ms) + 1, y: bottom + 17 }, words)]),
      shown.map((step) => [
        box(step, step.high ?? step.best, step.low, step.kind === "day" ? "band" : "band coarse"),
        box(step, step.low, 0, "under"),
        step.high === null ? s("rect", { class: "openhigh", x: x(step.from), width: Math.max(0.5, x(step.to) - x(step.from)), y: top, height: Math.max(0, y(step.best) - top) }) : null]),
      revised && revised.to > from && revised.from < to ? s("g", null, s("title", null, t("chart.after_revisions")), box(revised, revised.high, revised.low, "revised")) : null,
      s("path", { class: "best", d: line(shown) }),
      others.length ? s("path", { class: "other", d: line(others) }) : null,
      levelLine(level?.expected, "expected", t("scale.normal")), levelLine(level?.threshold, "threshold-line", t("chart.threshold")),
      rows.map((row, at) => row.map((span) => strip(span, at, PAD.top - 10, `alert-span ${span.severity}`))),
      doubts.map((row, at) => row.map((span) => strip(span, at, bottom + 24, "conflict-span"))),
      this.cursor,
    );
    this.box.replaceChildren(this.drawing);
    this.box.setAttribute("aria-valuemax", Math.max(0, shown.length - 1));
    this.read(this.at !== null && this.at < shown.length ? this.at : shown.length - 1);
  }

  /** Read the step at this place aloud and above the chart. */
  read(place) {
    const step = this.shown?.[place];
    this.cursor?.classList.toggle("none", !step);
    if (!step) {
      this.at = null;
      this.reading.textContent = t("chart.none");
      this.box.setAttribute("aria-valuetext", t("chart.none"));
      return;
    }
    this.at = place;
    const middle = (this.x(step.from) + this.x(step.to)) / 2;
    this.cursor.setAttribute("x1", middle);
    this.cursor.setAttribute("x2", middle);
    const other = this.data.other ? stepAt(this.data.other.steps, step.from) : null;
    const beside = other ? `; ${this.data.other.words} ${number(other.best)}` : "";
    const during = [...(this.data.alerts ?? []), ...(this.data.conflicts ?? [])].filter((span) => span.from <= step.from && step.from < span.to).map((span) => span.words);
    this.reading.replaceChildren(h("b", null, stepDays(step)), ` ${figureWords(step)}${beside}`, during.length ? h("span", { class: "during" }, ` · ${during.join(" · ")}`) : "");
    this.box.setAttribute("aria-valuenow", place);
    this.box.setAttribute("aria-valuetext", [stepWords(step) + beside, ...during].join("; "));
  }

  #point(event) {
    if (!this.shown?.length) return;
    const left = event.clientX - this.box.getBoundingClientRect().left;
    const nearest = this.shown.reduce((best, step, place) => {
      const gap = Math.abs((this.x(step.from) + this.x(step.to)) / 2 - left);
      return gap < best.gap ? { gap, place } : best;
    }, { gap: Infinity, place: 0 });
    this.read(nearest.place);
  }

  #steer(event) {
    const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 7, PageDown: -7, Home: -Infinity, End: Infinity };
    const move = moves[event.key];
    if (move === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.read(Math.min(Math.max((this.at ?? 0) + move, 0), this.shown.length - 1));
  }
}

/** The steps shown as a table, for those who read figures rather than a drawing. */
export function figureTable(shown, other) {
  const cell = (people) => h("td", null, people === null ? t("interval.no_high") : number(people));
  const titles = [...["days", "low", "best", "high"].map((title) => t(`column.${title}`)), ...(other ? [other.words] : [])];
  return h("table", { class: "figures-table" },
    h("thead", null, h("tr", null, titles.map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", null, shown.map((step) => {
      const beside = other ? stepAt(other.steps, step.from) : null;
      return h("tr", null, h("th", { scope: "row" }, stepDays(step)), cell(step.low), cell(step.best), cell(step.high), other ? h("td", null, beside ? number(beside.best) : "–") : null);
    })));
}

/** An alert as a span of the chart: from its first day to its end, or to its latest day while it is open. */
export function alertSpan(alert, ms) {
  const until = alert.until ?? isoDay(ms(alert.day) + DAY_MS);
  return { from: ms(alert.since), to: Math.max(ms(until), ms(alert.since) + DAY_MS), severity: alert.severity, id: alert.id, words: t(alert.until ? "chart.alert" : "chart.alert_open", { severity: named("severity", alert.severity), from: day(alert.since), to: day(alert.until ? before(alert.until) : alert.day) }) };
}

/** Links to the alerts of the chart, with the words of their spans. */
export const alertLinks = (spans) => h("ul", { class: "alert-links" }, spans.map((span) => h("li", { class: span.severity }, page("alert", { id: span.id }, null, span.words))));
