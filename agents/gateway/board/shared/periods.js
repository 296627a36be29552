// Periods of claims: as moments, and in words.

import { DAY_MS, dayMs, dayRange, isoDay, moment } from "./words.js";

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

/** The period of a claim: "21–27 Sep", or its moments. */
export function periodWords(claim) {
  const period = periodMs(claim.period);
  if (!period) return claim.period;
  const whole = period.start % DAY_MS === 0 && period.end % DAY_MS === 0;
  return whole ? dayRange(isoDay(period.start), isoDay(period.end)) : `${moment(new Date(period.start).toISOString())} – ${moment(new Date(period.end).toISOString())}`;
}
