// Search and filters: which flows and alerts the words and the choices in the address of the board select.

import { flowName, flowWords, isBelow, parentOf } from "./words.js";

const AT_ONCE = 200; // names learnt in one go
const lastOf = (flow) => flow.slice(flow.lastIndexOf(":") + 1);
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** The names by which a flow is found: its code, its names, and the names of its checkpoint and capitals in the gazetteer. */
export class Finder {
  constructor(places = []) {
    this.setPlaces(places);
  }

  /** `places`: rows of the API, `{place, countries, names}`; `place` is a slug or, of a capital, a country. */
  setPlaces(places) {
    this.places = places.map((row) => ({ ...row, words: row.names.map(plain) }));
    this.known = new Map();
  }

  /** A function that says whether a flow is meant by a text; `flows` are all flows of the board. */
  matcher(text, flows) {
    const wanted = plain(text.trim());
    if (!wanted) return () => true;
    const meant = this.#meant(wanted, flows);
    return (flow) => meant.has(flow) || this.#names(flow).includes(wanted);
  }

  /** Learn the names of flows while nothing else is to do: 10,000 of them take longer than a keystroke may. */
  warm(flows) {
    const idle = globalThis.requestIdleCallback ?? setTimeout;
    const learn = (from) => {
      for (const flow of flows.slice(from, from + AT_ONCE)) this.#names(flow);
      if (from + AT_ONCE < flows.length) idle(() => learn(from + AT_ONCE));
    };
    idle(() => learn(0));
  }

  #names(flow) {
    let names = this.known.get(flow);
    if (names === undefined) this.known.set(flow, names = plain([flow, flowName(flow), flowWords(flow)].join("\n")));
    return names;
  }

  /** The flows that a place of this name means: those at the checkpoint, else those into and between its countries. */
  #meant(wanted, flows) {
    const meant = new Set();
    if (wanted.length < 3) return meant;
    const places = this.places.filter(({ words }) => words.some((name) => name.startsWith(wanted) || name.includes(` ${wanted}`)));
    const ending = places.length ? Map.groupBy(flows.filter((flow) => flow.includes(":")), lastOf) : new Map();
    for (const { place: slug, countries } of places) {
      const between = (flow) => countries.length < 2 || countries.includes(flow.split(":")[0]);
      const into = () => countries.flatMap((country) => (ending.get(country) ?? []).filter(between));
      for (const flow of ending.get(slug) ?? into()) meant.add(flow);
    }
    return meant;
  }
}

/** The choices that an address may hold, in the order of the form. */
export const CHOICES = ["severity", "state", "rule", "source", "population", "flow"];

/** The filters and the words of an address: `{q, severity, …}`, each "" where nothing is chosen. */
export function filtersIn(query) {
  const parameters = new URLSearchParams(query);
  return Object.fromEntries(["q", ...CHOICES].map((name) => [name, parameters.get(name) ?? ""]));
}

/** The query of an address that holds these filters: "?severity=warning", or "". `before`: the query that it replaces. */
export function queryOf(filters, before = "") {
  const query = new URLSearchParams(before);
  for (const [name, value] of Object.entries(filters)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString().replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}

/** The severities, the most severe with the highest number. */
export const RANK = { notice: 1, warning: 2, critical: 3 };
const at = (flow, above) => !above || flow === above || isBelow(flow, above);
const cites = (reports, source) => reports.some((report) => report.startsWith(`${source}/`));

/** Whether an alert passes the filters; `muted`: whether it is muted now. */
export function passes(alert, filters, muted) {
  const { severity, state, rule, source, population, flow } = filters;
  if (severity && RANK[alert.severity] < RANK[severity]) return false;
  if (state && !(state === "muted" ? muted : state === "loud" ? !muted : alert.state === state)) return false;
  return (!rule || alert.rule === rule) && (!source || cites(alert.reports, source)) && (!population || alert.population === population) && at(alert.flow, flow);
}

/** The flows that alerts are on or below, each with the rank of the most severe alert. */
export function ranked(alerts) {
  const ranks = new Map();
  for (const alert of alerts) {
    for (let flow = alert.flow; flow; flow = parentOf(flow)) ranks.set(flow, Math.max(ranks.get(flow) ?? 0, RANK[alert.severity]));
  }
  return ranks;
}

/** Whether a row of the tree passes the filters: those about alerts if it is one of the flows that `ranked` returns. */
export function rowPasses(row, filters, flowsWithAlerts) {
  const { source, flow } = filters;
  if (!at(row.flow, flow)) return false;
  if (source && !Object.values(row.totals).some((total) => cites(total.reports, source))) return false;
  const wanted = ["severity", "state", "rule", "population"].some((name) => filters[name]);
  return !wanted || flowsWithAlerts.has(row.flow);
}
