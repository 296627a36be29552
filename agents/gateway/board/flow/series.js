// The figures of a flow along time: days, and before the days that are kept one by one, means of weeks and months.

import { DAY_MS, dayMs } from "../shared/words.js";

const WEEK_NAME = /^(\d{4})-W(\d{2})$/;
const MONTH_NAME = /^(\d{4})-(\d{2})$/;

/** A calendar week or month as ms [from, to); null for a year. */
export function calendarSpan(period) {
  const week = WEEK_NAME.exec(period);
  if (week) {
    const fourth = Date.UTC(Number(week[1]), 0, 4); // the fourth of January lies in week 1 (ISO 8601)
    const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS;
    const from = monday + (Number(week[2]) - 1) * 7 * DAY_MS;
    return { from, to: from + 7 * DAY_MS, kind: "week" };
  }
  const month = MONTH_NAME.exec(period);
  return month ? { from: Date.UTC(Number(month[1]), Number(month[2]) - 1), to: Date.UTC(Number(month[1]), Number(month[2])), kind: "month" } : null;
}

/** How many of the days from one moment to another some steps stand for: all of a day, of a mean its share of known days. */
const knownIn = (some, from, to) => some.reduce((sum, step) => sum + (Math.max(0, Math.min(step.to, to) - Math.max(step.from, from)) / DAY_MS) * step.known, 0);

/**
 * The steps of a flow, oldest first, none over another: `{from, to, low, best, high, kind}`, people a day. Days come from
 * `days`. Before them, `calendar` gives means of weeks and months over the days that claims cover (`known`: their share); a
 * mean is left out where all of its known days are drawn already.
 */
export function steps(days, calendar = []) {
  const all = days.map((figure) => ({ from: dayMs(figure.day), to: dayMs(figure.day) + DAY_MS, low: figure.low, best: figure.best, high: figure.high, kind: "day", known: 1 }));
  all.sort((a, b) => a.from - b.from);
  let edge = all.length ? all[0].from : Infinity;
  for (const kind of ["week", "month"]) {
    const spans = calendar.flatMap((figure) => {
      const span = calendarSpan(figure.period);
      return span?.kind === kind ? [{ ...span, figure }] : [];
    });
    spans.sort((a, b) => b.from - a.from);
    for (const { from, to, figure } of spans) {
      if (from >= edge || figure.covered_days - knownIn(all, from, to) < 0.5) continue;
      const mean = (people) => (people === null ? null : people / figure.covered_days);
      const length = Math.round((to - from) / DAY_MS);
      all.unshift({ from, to: Math.min(to, edge), low: mean(figure.low), best: mean(figure.best), high: mean(figure.high), kind,
        known: figure.covered_days / length, period: figure.period, covered: figure.covered_days, length });
      edge = from;
    }
  }
  return all;
}

/** The same steps a number of days later: with 364 days, the same weekdays a year before stand below those of today. */
export const shifted = (all, days) => all.map((step) => ({ ...step, from: step.from + days * DAY_MS, to: step.to + days * DAY_MS }));

export const YEAR_OF_WEEKS = 364;

/** The steps that reach into [from, to), cut to it. */
export const within = (all, from, to) =>
  all.filter((step) => step.to > from && step.from < to).map((step) => ({ ...step, from: Math.max(step.from, from), to: Math.min(step.to, to) }));

/** The step that holds a moment (ms); null without one. */
export const stepAt = (all, ms) => all.find((step) => step.from <= ms && ms < step.to) ?? null;

/** Round marks of an axis from 0 to above `top`: at most six. */
export function ticks(top) {
  const rough = Math.max(1, top) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) * power);
  return Array.from({ length: Math.floor(top / step) + 2 }, (_, at) => at * step).filter((value) => value <= top * 1.12 + 0.5 || value === 0);
}
