// Wording of figures, days and flows, in the language of the page.

import { lang, named, number, t } from "./language.js";

export { number };

const regions = new Intl.DisplayNames([lang], { type: "region", fallback: "none" });
const times = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const since = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
const dates = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", timeZone: "UTC" });
const short = new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 });
export const DAY_MS = 86_400_000;

export const ratioWords = (ratio) => `${times.format(ratio)}×`;

const exact = new Intl.NumberFormat(lang);

/** A setting of the rules, such as 1.75×, as exactly as it is set. */
export const factorWords = (factor) => `${exact.format(factor)}×`;

/** A round number in little space: "11K". */
export const compact = (value) => short.format(value);

/** A number of things: "1 day", "7 days". `kind` is a key of the table below `count`. */
export const count = (n, kind) => t(`count.${kind}`, { n });

/** 1,000 to 2,000; "exact" where they are the same; "at least 1,000" where there is no upper limit. */
export function interval(low, high) {
  if (high === null) return t("interval.open", { low });
  return low === high ? t("interval.exact") : t("interval.both", { low, high });
}

const names = new Map(); // names of parts of flows: asking for a region is slow

/** The name of a part of a flow: of a country, a bloc or a checkpoint. */
export function place(part) {
  if (!names.has(part)) names.set(part, placeName(part));
  return names.get(part);
}

function placeName(part) {
  if (/^[A-Z]{2}$/.test(part)) {
    try {
      return regions.of(part) ?? part;
    } catch {
      return part;
    }
  }
  return part.split("-").map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join(" ");
}

/** "Leaving Russia", "Entering Romania", or "Russia → European Union › Finland". */
export function flowName(flow) {
  const [origin, ...rest] = flow.split(":");
  if (!rest.length) return t("flow.leaving", { place: place(origin) });
  const where = rest.map(place).join(" › ");
  return origin === "*" ? t("flow.entering", { place: where }) : `${place(origin)} → ${where}`;
}

/** "Russia to Finland (European Union) at Vaalimaa": a flow as it stands in a sentence, as streams/flow_names.py says it. */
export function flowWords(flow) {
  const [origin, ...places] = flow.split(":");
  if (!places.length) return t("flow.everyone_leaving", { place: place(origin) });
  const checkpoint = isCheckpoint(flow) ? t("flow.at", { place: place(places.pop()) }) : "";
  const bloc = places.length > 1 ? ` (${place(places[0])})` : "";
  const where = `${place(places.at(-1))}${bloc}${checkpoint}`;
  return origin === "*" ? t("flow.everyone_entering", { place: where }) : t("flow.between", { from: place(origin), to: where });
}

/** Whether a flow is one at a checkpoint: slugs are in small letters, codes of countries in capitals. */
export const isCheckpoint = (flow) => /[a-z0-9-]$/.test(flow);

/** "9 %", never broken before the sign; "<1 %" for a part that is more than nothing. */
export function share(part, whole) {
  const percent = Math.round((100 * part) / whole);
  return `${percent === 0 && part > 0 ? "<1" : percent}\u00a0%`;
}

/** "+3,400", "−120". */
export const signed = (change) => `${change > 0 ? "+" : "−"}${number(Math.abs(change))}`;

export const lastPart = (flow) => place(flow.split(":").at(-1));
/** The destination that a flow from one origin adds to: "*:RO" for "UA:RO"; null for any other flow. */
export function destinationOf(flow) {
  const [origin, ...places] = flow.split(":");
  return origin === "*" || !places.length || isCheckpoint(flow) ? null : `*:${places.join(":")}`;
}

/** The name of a flow among those that add up to another one: of a destination, its origin. */
export const partName = (flow, whole) => (destinationOf(flow) === whole ? place(flow.split(":")[0]) : lastPart(flow));

export const parentOf = (flow) => flow.split(":").slice(0, -1).join(":") || null;
export const isBelow = (flow, above) => flow.startsWith(`${above}:`);

// Days are ISO dates, computed in milliseconds at midnight UTC, so the reader's time zone never moves them.
export const dayMs = (iso) => Date.parse(`${iso}T00:00:00Z`);
export const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);
export const before = (iso, days = 1) => isoDay(dayMs(iso) - days * DAY_MS);

const partsOf = (iso) => Object.fromEntries(dates.formatToParts(dayMs(iso)).map(({ type, value }) => [type, value]));

/** 24 Sep; with `year`, 24 Sep 2022. */
export function day(iso, { year = false } = {}) {
  const { day: date, month } = partsOf(iso);
  return year ? t("date.full", { date, month, year: iso.slice(0, 4) }) : t("date.day", { date, month });
}

/** The month of a day with its year: Sep 2022. */
export const month = (iso) => t("date.month", { month: partsOf(iso).month, year: iso.slice(0, 4) });

/** 21–27 Sep; the end is exclusive. */
export function dayRange(start, end) {
  const last = before(end);
  if (last <= start) return day(start);
  return start.slice(0, 7) === last.slice(0, 7) ? `${partsOf(start).day}–${day(last)}` : `${day(start)} – ${day(last)}`;
}

export function moment(iso) {
  const date = new Date(iso);
  const clock = `${String(date.getUTCHours()).padStart(2, "0")}:${String(date.getUTCMinutes()).padStart(2, "0")}`;
  return t("date.moment", { date: day(isoDay(date.getTime()), { year: true }), clock });
}

const UNITS = [["year", 365.25 * DAY_MS], ["month", 30.4 * DAY_MS], ["day", DAY_MS], ["hour", 3_600_000], ["minute", 60_000]];

/** 3 hours ago. */
export function ago(iso, now = Date.now()) {
  const elapsed = Math.max(0, now - Date.parse(iso));
  for (const [unit, size] of UNITS) if (elapsed >= size) return since.format(-Math.floor(elapsed / size), unit);
  return t("date.now");
}

/** The people of a claim: "53,000", or "5,000 to 6,000". */
export const peopleWords = (people) => (Array.isArray(people) ? t("interval.both", { low: people[0], high: people[1] }) : number(people));

/** "more than 53,000 people"; populations other than people are named. */
export function claimWords(claim) {
  if (claim.people === null) return t("claim.withdrawn");
  const population = populationWords(claim.population, claim.unit);
  return t("claim.words", { qualifier: named("qualifier", claim.qualifier), people: peopleWords(claim.people), population }).trim();
}

export function populationWords(population, unit = "people") {
  if (unit !== "people") return population === "people" ? named("unit", unit) : t("population.unit", { unit: named("unit", unit), population: populationWords(population) });
  const [kind, code] = population.split(":");
  return kind === "citizens" && code ? t("population.citizens", { place: place(code) }) : named("population", population);
}

export const gradeWords = (grade) => named("grade", grade);

/** Where a normal level comes from, in words. */
export function baselineWords(baseline, sourceName) {
  const by = baseline.source ? sourceName(baseline.source) : null;
  switch (baseline.kind) {
    case "operator": return t("baseline.operator");
    case "stated": return by ? t("baseline.stated_by", { by }) : t("baseline.stated");
    case "derived": return by ? t("baseline.derived_by", { by }) : t("baseline.derived");
    case "learned": return baseline.method ? t("baseline.learned_by", { method: baseline.method }) : t("baseline.learned");
    default: return baseline.kind;
  }
}
