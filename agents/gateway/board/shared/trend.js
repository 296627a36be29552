// How the daily figure of a flow moved: the newest day against the day before it.

import { t } from "./language.js";
import { before, day, share, signed } from "./words.js";

/** Below this share of the day before, a change is called steady. */
const STEADY = 0.02;

/** The newest day with the day before: `{day, best, was, change}`; null unless both days are known. */
export function trendOf(days) {
  const newest = days.at(-1);
  if (!newest) return null;
  const previous = days.find((figure) => figure.day === before(newest.day));
  return previous ? { day: newest.day, best: newest.best, was: previous.best, change: newest.best - previous.best } : null;
}

/** Whether the same child flows have a figure on both days of a trend; `parts`: the days of each child flow. */
export function sameParts(trend, parts) {
  const has = (days, day) => days.some((figure) => figure.day === day);
  return parts.every((days) => has(days, trend.day) === has(days, before(trend.day)));
}

/** up, down or steady. */
export function direction({ was, change }) {
  if (Math.abs(change) <= STEADY * was) return "steady";
  return change > 0 ? "up" : "down";
}

export const ARROWS = { up: "▲", down: "▼", steady: "▬" };

/** "+1,200 (+14 %) since 26 Sep"; "unchanged since 26 Sep". */
export function trendWords(trend) {
  const date = day(before(trend.day));
  if (Math.round(trend.change) === 0) return t("trend.unchanged", { date });
  const part = Math.abs(trend.change) >= 0.005 * trend.was && trend.was > 0 ? ` (${trend.change < 0 ? "−" : "+"}${share(Math.abs(trend.change), trend.was)})` : "";
  return t("trend.changed", { change: `${signed(trend.change)}${part}`, date });
}

/** "up by 1,200 since 26 Sep", for screen readers. */
export const trendSpoken = (trend) => t(`trend.spoken.${direction(trend)}`, { change: Math.abs(trend.change), date: day(before(trend.day)) });
