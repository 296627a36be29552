// Wording and formatting of figures, days and flows.

const regions = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const times = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const since = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
export const DAY_MS = 86_400_000;

export const number = (value) => whole.format(value);
export const ratioWords = (ratio) => `${times.format(ratio)}×`;
export const plural = (count, singular, many = `${singular}s`) => `${number(count)} ${count === 1 ? singular : many}`;

/** 1,000 to 2,000; "exact" where they are the same; "at least 1,000" where there is no upper limit. */
export function interval(low, high) {
  if (high === null) return `at least ${number(low)}`;
  return low === high ? "exact" : `${number(low)} to ${number(high)}`;
}

const names = new Map(); // names of parts of flows: asking for a region is slow

/** The name of a part of a flow: of a country, a bloc or a checkpoint. */
export function place(part) {
  if (!names.has(part)) names.set(part, named(part));
  return names.get(part);
}

function named(part) {
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
  if (!rest.length) return `Leaving ${place(origin)}`;
  const where = rest.map(place).join(" › ");
  return origin === "*" ? `Entering ${where}` : `${place(origin)} → ${where}`;
}

/** "Russia to Finland (European Union) at Vaalimaa": a flow as it stands in a sentence, as streams/flow_names.py says it. */
export function flowWords(flow) {
  const [origin, ...places] = flow.split(":");
  if (!places.length) return `everyone leaving ${place(origin)}`;
  const checkpoint = isCheckpoint(flow) ? ` at ${place(places.pop())}` : "";
  const bloc = places.length > 1 ? ` (${place(places[0])})` : "";
  const where = `${place(places.at(-1))}${bloc}${checkpoint}`;
  return origin === "*" ? `everyone entering ${where}` : `${place(origin)} to ${where}`;
}

export const isCheckpoint = (flow) => /^[a-z0-9-]+$/.test(flow.split(":").at(-1));
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

export function day(iso, { year = false } = {}) {
  const date = new Date(dayMs(iso));
  const short = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  return year ? `${short} ${date.getUTCFullYear()}` : short;
}

/** 21–27 Sep; the end is exclusive. */
export function dayRange(start, end) {
  const last = before(end);
  if (last <= start) return day(start);
  return start.slice(0, 7) === last.slice(0, 7) ? `${new Date(dayMs(start)).getUTCDate()}–${day(last)}` : `${day(start)} – ${day(last)}`;
}

export function moment(iso) {
  const date = new Date(iso);
  const clock = `${String(date.getUTCHours()).padStart(2, "0")}:${String(date.getUTCMinutes()).padStart(2, "0")}`;
  return `${day(isoDay(date.getTime()), { year: true })}, ${clock} UTC`;
}

const UNITS = [["year", 365.25 * DAY_MS], ["month", 30.4 * DAY_MS], ["day", DAY_MS], ["hour", 3_600_000], ["minute", 60_000]];

/** 3 hours ago. */
export function ago(iso, now = Date.now()) {
  const elapsed = Math.max(0, now - Date.parse(iso));
  for (const [unit, size] of UNITS) if (elapsed >= size) return since.format(-Math.floor(elapsed / size), unit);
  return "just now";
}

const QUALIFIERS = { count: "counted", stated: "" };
const qualifierWords = (qualifier) => QUALIFIERS[qualifier] ?? qualifier.replaceAll("_", " ");

/** "more than 53,000 people"; populations other than people are named. */
export function claimWords(claim) {
  if (claim.people === null) return "withdrawn";
  const figure = Array.isArray(claim.people) ? claim.people.map(number).join(" to ") : number(claim.people);
  return [qualifierWords(claim.qualifier), figure, populationWords(claim.population, claim.unit)].filter(Boolean).join(" ");
}

export function populationWords(population, unit = "people") {
  if (unit !== "people") return population === "people" ? unit : `${unit} of ${population}`;
  const [kind, code] = population.split(":");
  return kind === "citizens" && code ? `citizens of ${place(code)}` : population.replaceAll("_", " ");
}

export const GRADES = {
  A: "A, completely reliable", B: "B, usually reliable", C: "C, fairly reliable",
  D: "D, not usually reliable", E: "E, unreliable", F: "F, cannot be judged",
};

/** Where a normal level comes from, in words. */
export function baselineWords(baseline, sourceName) {
  const by = baseline.source ? sourceName(baseline.source) : null;
  switch (baseline.kind) {
    case "operator": return "set by hand";
    case "stated": return by ? `as stated by ${by}` : "as stated";
    case "derived": return by ? `computed from the change that ${by} states` : "computed from a stated change";
    case "learned": return baseline.method ? `learned from the days before (${baseline.method})` : "learned from the days before";
    default: return baseline.kind;
  }
}
