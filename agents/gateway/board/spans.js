// Spans of days: of claims, of windows, and of the children of a flow.

import { DAY_MS, day, dayMs, flowName, isoDay, plural } from "./words.js";

const INSTANT = /T/;

/** A period as ms [start, end): two dates, two instants, or an instant and a length in days, hours and minutes. Null if it is not a period. */
export function periodMs(period) {
  const [left, right] = String(period).split("/");
  const at = (text) => (INSTANT.test(text) ? Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`) : dayMs(text));
  const length = (text) => {
    const match = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(text);
    return match ? (Number(match[1] ?? 0) * 7 + Number(match[2] ?? 0)) * DAY_MS + Number(match[3] ?? 0) * 3_600_000 + Number(match[4] ?? 0) * 60_000 : NaN;
  };
  let start = left?.startsWith("P") ? NaN : at(left ?? "");
  let end = right === undefined ? start + DAY_MS : right.startsWith("P") ? start + length(right) : at(right);
  if (left?.startsWith("P")) [start, end] = [end - length(left), end];
  return Number.isFinite(start) && Number.isFinite(end) && end > start ? { start, end } : null;
}

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

/** "53,000 people, Russia → Georgia, 7 days to 27 Sep 2022". */
export const totalWords = (total) => `${flowName(total.flow)}, ${plural(total.window_days, "day")} to ${day(isoDay(dayMs(total.as_of) - DAY_MS), { year: true })}`;
