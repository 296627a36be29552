// Drawings: severity, the rate against its normal level, days with their low-high band.

import { h, s } from "./dom.js";
import { named, pieces, t } from "./language.js";
import { DAY_MS, dayMs, gradeWords, isoDay, number, ratioWords } from "./words.js";

// Each severity has its own shape, so that it can be read without colour.
const SHAPES = {
  notice: ["circle", { cx: 8, cy: 8, r: 6 }],
  warning: ["path", { d: "M8 1.5 15.2 14H.8Z" }],
  critical: ["path", { d: "M5 1h6l4 4v6l-4 4H5l-4-4V5Z" }],
};

/** The shape of a severity. `labelled`: give it an accessible name, where the word does not stand beside it. */
export function severityMark(severity, { labelled = false } = {}) {
  const [tag, shape] = SHAPES[severity] ?? SHAPES.notice;
  const props = labelled ? { role: "img", "aria-label": named("severity", severity) } : { "aria-hidden": "true" };
  const cry = severity === "notice" ? null : s("path", { d: severity === "warning" ? "M8 6v4M8 11.4v1.2" : "M8 4v5M8 10.8v1.4", class: "cry" });
  return s("svg", { viewBox: "0 0 16 16", class: `mark ${severity}`, ...props }, s(tag, shape), cry);
}

/** The grade of a source after the Admiralty code. */
export const gradeMark = (grade) =>
  h("span", { class: `grade grade-${grade}`, title: gradeWords(grade), role: "img", "aria-label": t("grade.label", { grade: gradeWords(grade) }) }, grade);

const WIDEST = 2.5; // the ratio to the normal level at which the bar is full

/** The latest daily rate: figure, bar, and how many times the normal level. The normal level has the same place in every row. */
export function rateCell(row, severity) {
  if (row.rate === null) return h("div", { class: "rate" }, h("span", { class: "none" }, t("rate.none")));
  const expected = row.baseline?.expected ?? 0;
  const figure = h("span", { class: "figure" }, pieces("rate.day", { rate: h("b", null, number(row.rate)) }));
  if (expected <= 0) {
    return h("div", { class: "rate" }, h("span", { class: "words" }, figure, h("span", { class: "none" }, t("rate.no_normal"))), h("div", { class: "bullet unknown", "aria-hidden": "true" }));
  }
  const ratio = row.rate / expected;
  const above = row.rate > row.threshold;
  if (row.comparable === false && !above) {
    const { spoken, known } = Object.values(row.totals)[0].reporting;
    const why = known ? t("rate.partly", { spoken, known }) : t("rate.not_all");
    return h("div", { class: "rate" }, h("span", { class: "words" }, figure, h("span", { class: "none" }, why)), h("div", { class: "bullet unknown", "aria-hidden": "true" }));
  }
  const times = row.comparable === false ? t("interval.open", { low: ratioWords(ratio) }) : ratioWords(ratio);
  const words = h("span", { class: "words" }, figure, h("span", { class: severity ? `times ${severity}` : "times" }, pieces("rate.normal", { times: h("b", null, times), normal: expected })));
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
  const shown = days.filter((figure) => dayMs(figure.day) >= from && dayMs(figure.day) < to);
  const top = 1.12 * Math.max(1, expected ?? 0, ...shown.map((figure) => Math.max(figure.best, figure.high ?? 0)));
  const y = (value) => 100 - (100 * value) / top;
  const bands = [];
  let line = "";
  let over = "";
  let last = null;
  for (const figure of shown) {
    const x = Math.round((dayMs(figure.day) - from) / DAY_MS);
    const high = figure.high ?? figure.best;
    bands.push(s("rect", { class: "band", x, width: 1, y: y(high), height: Math.max(0, y(figure.low) - y(high)) }));
    bands.push(s("rect", { class: "under", x, width: 1, y: y(figure.low), height: 100 - y(figure.low) }));
    if (figure.high === null) bands.push(s("rect", { class: "openhigh", x, width: 1, y: 0, height: Math.max(0, y(figure.best)) }));
    line += last && last.x + 1 === x ? `V${y(figure.best)}H${x + 1}` : `M${x} ${y(figure.best)}H${x + 1}`;
    if (threshold && figure.best > threshold) over += `M${x} ${y(figure.best)}H${x + 1}`;
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

/** The scale above the bars: the normal level, and twice the normal level. */
export const rateScale = () =>
  h("span", { class: "scale", "aria-hidden": "true" }, [1, 2].map((times) => h("span", { vars: { "--at": `${(100 * times) / WIDEST}%` } }, times === 1 ? t("scale.normal") : `${times}×`)));

/** A sparkline of `length` days in words. */
export function sparkWords(shown, length) {
  if (!shown.length) return t("spark.none");
  const best = shown.map((figure) => figure.best);
  return t("spark.words", { known: shown.length, n: length, low: Math.min(...best), high: Math.max(...best), latest: best.at(-1) });
}

export const lastDays = (asOf, count) => ({ from: dayMs(asOf) - count * DAY_MS, to: dayMs(asOf) });
export const eachDay = (from, to) => Array.from({ length: Math.round((to - from) / DAY_MS) }, (_, place) => isoDay(from + place * DAY_MS));
