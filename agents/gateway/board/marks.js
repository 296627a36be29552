// The drawn marks: severity, the rate against its normal level, days with their low-high band.

import { h, s } from "./dom.js";
import { DAY_MS, dayMs, GRADES, isoDay, number, ratioWords } from "./words.js";

// A shape each, so that severity does not hang on colour.
const SHAPES = {
  notice: ["circle", { cx: 8, cy: 8, r: 6 }],
  warning: ["path", { d: "M8 1.5 15.2 14H.8Z" }],
  critical: ["path", { d: "M5 1h6l4 4v6l-4 4H5l-4-4V5Z" }],
};

/** The shape of a severity; its word stands beside it, or is said to those who do not see it. */
export function severityMark(severity, { said = false } = {}) {
  const [tag, shape] = SHAPES[severity] ?? SHAPES.notice;
  const props = said ? { role: "img", "aria-label": severity } : { "aria-hidden": "true" };
  const cry = severity === "notice" ? null : s("path", { d: severity === "warning" ? "M8 6v4M8 11.4v1.2" : "M8 4v5M8 10.8v1.4", class: "cry" });
  return s("svg", { viewBox: "0 0 16 16", class: `mark ${severity}`, ...props }, s(tag, shape), cry);
}

/** The grade of a source after the Admiralty code. */
export const gradeMark = (grade) =>
  h("span", { class: `grade grade-${grade}`, title: GRADES[grade] ?? grade, role: "img", "aria-label": `grade ${GRADES[grade] ?? grade}` }, grade);

const WIDEST = 2.5; // so many times the normal level fill the bar

/** The latest daily rate: figure, bar, and how many times the normal level. The normal level stands at one place in every row. */
export function rateCell(row, severity) {
  if (row.rate === null) return h("div", { class: "rate" }, h("span", { class: "none" }, "no daily rate yet"));
  const expected = row.baseline?.expected ?? 0;
  const figure = h("span", { class: "figure" }, number(row.rate), h("span", { class: "per" }, " a day"));
  if (expected <= 0) {
    return h("div", { class: "rate" }, h("span", { class: "words" }, figure, h("span", { class: "none" }, "no normal level")), h("div", { class: "bullet unknown", "aria-hidden": "true" }));
  }
  const ratio = row.rate / expected;
  const above = row.rate > row.threshold;
  if (row.comparable === false && !above) {
    const { spoken, known } = Object.values(row.totals)[0].reporting;
    const why = known ? `cannot be compared: ${spoken} of ${known} report` : "cannot be compared: not all report";
    return h("div", { class: "rate" }, h("span", { class: "words" }, figure, h("span", { class: "none" }, why)), h("div", { class: "bullet unknown", "aria-hidden": "true" }));
  }
  const least = row.comparable === false ? "at least " : "";
  const words = h("span", { class: "words" }, figure, h("span", { class: severity ? `times ${severity}` : "times" }, h("b", null, `${least}${ratioWords(ratio)}`), ` normal ${number(expected)}`));
  return h("div", { class: "rate" }, words, bullet(ratio, row.threshold / expected, severity));
}

export function bullet(ratio, threshold, severity) {
  const share = (value) => `${Math.min(100, (100 * value) / WIDEST)}%`;
  return h(
    "div",
    { class: `bullet ${severity ?? ""} ${ratio > WIDEST ? "beyond" : ""}`, "aria-hidden": "true" },
    h("span", { class: "fill", vars: { "--to": share(ratio) } }),
    h("span", { class: "normal", vars: { "--at": share(1) } }),
    threshold > 0 && threshold < WIDEST ? h("span", { class: "threshold", vars: { "--at": share(threshold) } }) : null,
  );
}

/**
 * Days from one to another (ms, exclusive): best as steps, low to high as a band, an open high as a fade upwards. Days above
 * `threshold` stand out; `expected` is a dashed line. Stretches to its box.
 */
export function plot(days, { from, to, expected, threshold, severity }) {
  const length = Math.round((to - from) / DAY_MS);
  const shown = days.filter((one) => dayMs(one.day) >= from && dayMs(one.day) < to);
  const top = 1.12 * Math.max(1, expected ?? 0, ...shown.map((one) => Math.max(one.best, one.high ?? 0)));
  const y = (value) => 100 - (100 * value) / top;
  const bands = [];
  let line = "";
  let over = "";
  let last = null;
  for (const one of shown) {
    const x = Math.round((dayMs(one.day) - from) / DAY_MS);
    const high = one.high ?? one.best;
    bands.push(s("rect", { class: "band", x, width: 1, y: y(high), height: Math.max(0, y(one.low) - y(high)) }));
    bands.push(s("rect", { class: "under", x, width: 1, y: y(one.low), height: 100 - y(one.low) }));
    if (one.high === null) bands.push(s("rect", { class: "openhigh", x, width: 1, y: 0, height: Math.max(0, y(one.best)) }));
    line += last && last.x + 1 === x ? `V${y(one.best)}H${x + 1}` : `M${x} ${y(one.best)}H${x + 1}`;
    if (threshold && one.best > threshold) over += `M${x} ${y(one.best)}H${x + 1}`;
    last = { x };
  }
  const level = (value, kind) => (value ? s("line", { class: kind, x1: 0, x2: length, y1: y(value), y2: y(value) }) : null);
  const drawing = s(
    "svg",
    { class: "plot", viewBox: `0 0 ${length} 100`, preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
    s("line", { class: "ground", x1: 0, x2: length, y1: 100, y2: 100 }),
    bands,
    level(expected, "expected"),
    line ? s("path", { class: "best", d: line }) : null,
    over ? s("path", { class: `over ${severity ?? ""}`, d: over }) : null,
  );
  return { drawing, top, shown };
}

/** Where the normal level and twice of it stand, above the bars. */
export const rateScale = () =>
  h("span", { class: "scale", "aria-hidden": "true" }, [1, 2].map((times) => h("span", { vars: { "--at": `${(100 * times) / WIDEST}%` } }, times === 1 ? "normal" : `${times}×`)));

/** What a sparkline of so many days shows, in words. */
export function sparkWords(shown, length) {
  if (!shown.length) return "no figures of days yet";
  const best = shown.map((one) => one.best);
  return `${shown.length} of the last ${length} days known, ${number(Math.min(...best))} to ${number(Math.max(...best))} a day, latest ${number(best.at(-1))}`;
}

export const lastDays = (asOf, count) => ({ from: dayMs(asOf) - count * DAY_MS, to: dayMs(asOf) });
export const eachDay = (from, to) => Array.from({ length: Math.round((to - from) / DAY_MS) }, (_, place) => isoDay(from + place * DAY_MS));
