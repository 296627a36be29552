// Spans of days: of claims, of windows, and of the children of a flow.

import { t } from "./language.js";
import { periodMs } from "./periods.js";
import { count, DAY_MS, day, dayMs, flowName, isoDay } from "./words.js";

/** How the API calls the window of a total: 7d. */
export const windowName = (total) => `${total.window_days}d`;

/** The totals of a row, the shortest window first. */
export const totalsOf = (row) => Object.values(row.totals).sort((a, b) => a.window_days - b.window_days);

const WEEK = 7;

/** The total shown for a flow: of a week, else of the next longer window, else of the longest. */
export const mainTotal = (row) => totalsOf(row).find((total) => total.window_days >= WEEK) ?? totalsOf(row).at(-1) ?? null;

/** The window of a total as ms [from, to). */
export const windowOf = (total) => ({ from: dayMs(total.as_of) - total.window_days * DAY_MS, to: dayMs(total.as_of) });

/** The children of a flow over the parent's window: the sum of their days in it. */
export function partsOf(children, daysOf, { from, to }) {
  return children.map((row) => {
    const own = Object.values(row.totals).find((total) => total.window_days * DAY_MS === to - from);
    const same = own && dayMs(own.as_of) === to;
    const inside = (daysOf(row.flow) ?? []).filter((figure) => dayMs(figure.day) >= from && dayMs(figure.day) < to);
    return {
      flow: row.flow,
      best: same ? own.observed : inside.reduce((sum, figure) => sum + figure.best, 0),
      until: row.as_of && dayMs(row.as_of) < to ? row.as_of : null,
      known: inside.length,
    };
  });
}

/** The days that the drawer shows, ms [from, to): the window and the periods of the claims, at most 35 days. */
export function stretch(total, claims, days) {
  const { from, to } = windowOf(total);
  const periods = claims.map((claim) => periodMs(claim.period)).filter(Boolean);
  const floor = (ms) => dayMs(isoDay(ms));
  const end = Math.min(Math.max(to, ...periods.map((period) => floor(period.end + DAY_MS - 1))), to + 7 * DAY_MS);
  const least = end - Math.max(14, total.window_days + 3) * DAY_MS;
  const first = Math.min(from, ...periods.map((period) => floor(period.start)), ...days.map((figure) => dayMs(figure.day)));
  return { from: Math.max(first, least, end - 35 * DAY_MS), to: end };
}

/** "Russia → Georgia, 7 days to 27 Sep 2022". */
export const totalWords = (total) =>
  t("total.words", { flow: flowName(total.flow), days: count(total.window_days, "day"), date: day(isoDay(dayMs(total.as_of) - DAY_MS), { year: true }) });
