// The data of the board: flows, days, alerts and sources as the gateway sends them.

import { mainTotal, totalsOf, windowName } from "./spans.js";
import { destinationOf, isBelow, isCheckpoint, parentOf } from "./words.js";
import { sameParts, trendOf } from "./trend.js";
import { passes, RANK, ranked } from "./search.js";

const OPEN = ["firing", "updated"];

/** The origins whose people return: every flow of theirs goes to a country that sends people there, and more people in all. */
function returns(rows) {
  const people = new Map(rows.map((row) => [row.flow, mainTotal(row)?.best ?? 0]));
  const pairs = rows.map((row) => row.flow.split(":")).filter((parts) => parts.length > 1 && !isCheckpoint(parts.at(-1))).map((parts) => [parts[0], parts.at(-1)]);
  const known = new Set(pairs.map(String));
  const back = new Map();
  for (const [from, to] of pairs) {
    const against = known.has(String([to, from])) && (people.get(to) ?? 0) > (people.get(from) ?? 0);
    back.set(from, (back.get(from) ?? true) && against);
  }
  return new Set([...back].filter(([, all]) => all).map(([origin]) => origin));
}

export class Store {
  flows = new Map();
  days = new Map();
  alerts = new Map();
  sources = new Map();
  muted = new Map(); // alert id -> the silence or the alert that mutes it
  silences = new Map();
  acknowledged = new Map(); // alert id -> its newest acknowledgement
  waiting = 0; // claims that wait for review
  #byParent = null; // derived from the flows and the alerts when they are next asked for
  #open = null;
  #urgent = null;
  #returns = null;

  /** Replace all data by lists from the API. */
  replace({ flows, alerts, sources }) {
    this.flows = new Map(flows.map((row) => [row.flow, row]));
    this.alerts = new Map(alerts.map((alert) => [alert.id, alert]));
    this.#byParent = this.#open = this.#urgent = this.#returns = null;
    this.sources = new Map(sources.map((source) => [source.source, source]));
    for (const flow of this.days.keys()) if (!this.flows.has(flow)) this.days.delete(flow);
  }

  /** Set which open alerts are muted, as `quiet` of the API and the stream lists them; returns whether a silence is not known yet. */
  setMuted(quiet) {
    this.muted = new Map(Object.entries(quiet));
    return [...this.muted.values()].some((muted) => muted.silenced_by && !this.silences.has(muted.silenced_by));
  }

  /** Set what people have done, as `desk` of the stream says. */
  setDesk({ acknowledged, waiting }) {
    this.acknowledged = new Map(Object.entries(acknowledged));
    this.waiting = waiting;
  }

  /** Apply a record of the topic `totals`; returns whether the flow is new. */
  applyState(state) {
    this.#byParent = this.#returns = null;
    if (state.gone) {
      this.flows.delete(state.flow);
      this.days.delete(state.flow);
      const place = this.flows.get(state.alias_of);
      if (place && !place.aliases.includes(state.flow)) place.aliases.push(state.flow);
      return false;
    }
    const known = this.flows.get(state.flow);
    const fresh = !known;
    if (fresh) for (const row of this.flows.values()) row.aliases = row.aliases.filter((name) => name !== state.flow);
    this.flows.set(state.flow, {
      flow: state.flow,
      parent: parentOf(state.flow),
      published: new Date(state.published / 1000).toISOString(),
      as_of: state.totals[0]?.as_of ?? null,
      totals: Object.fromEntries(state.totals.map((total) => [windowName(total), total])),
      rate: state.rate,
      rate_day: state.rate_day,
      comparable: state.comparable,
      baseline: state.baseline,
      threshold: state.baseline?.threshold ?? null,
      unlikely: state.unlikely ?? [],
      aliases: known?.aliases ?? [],
      calendar: (state.calendar ?? []).map(([period, low, best, high, covered]) => ({ period, low, best, high, covered_days: covered })),
    });
    this.days.set(state.flow, state.days);
    return fresh;
  }

  /** Apply a record of the topic `alerts`; returns whether the alert has just opened. */
  applyAlert(alert) {
    const previous = this.alerts.get(alert.id);
    if (previous && previous.seq >= alert.seq) return false;
    this.alerts.set(alert.id, alert);
    this.#open = this.#urgent = null;
    return OPEN.includes(alert.state) && !(previous && OPEN.includes(previous.state));
  }

  get openAlerts() {
    this.#open ??= [...this.alerts.values()]
      .filter((alert) => OPEN.includes(alert.state))
      .sort((a, b) => RANK[b.severity] - RANK[a.severity] || b.ratio - a.ratio || a.flow.localeCompare(b.flow));
    return this.#open;
  }

  get closedAlerts() {
    return [...this.alerts.values()].filter((alert) => !OPEN.includes(alert.state)).sort((a, b) => b.published.localeCompare(a.published));
  }

  /** The most severe open alert on a flow. */
  alertOf(flow) {
    return this.openAlerts.find((alert) => alert.flow === flow) ?? null;
  }

  /** The most severe open alert below a flow. */
  alertBelow(flow) {
    return this.openAlerts.find((alert) => isBelow(alert.flow, flow)) ?? null;
  }

  /** Lengths in days of the window shown for a flow and of the longest window; null while there is no total. */
  get windows() {
    const row = [...this.flows.values()].find((candidate) => mainTotal(candidate));
    return row ? { main: mainTotal(row).window_days, longest: totalsOf(row).at(-1).window_days } : null;
  }

  /** The flow under which the claims on a flow count: the flow itself, unless it is an alias. */
  placeOf(flow) {
    return [...this.flows.values()].find((row) => row.aliases.includes(flow))?.flow ?? flow;
  }

  /** The children of a flow (null: the flows without a parent): those with the most severe alert first, then the largest. */
  children(flow) {
    this.#byParent ??= this.#grouped();
    const rows = this.#byParent.get(flow);
    if (!rows) return [];
    const urgent = new Map(rows.map((row) => [row, this.urgency(row.flow)]));
    return [...rows].sort((a, b) => urgent.get(b) - urgent.get(a));
  }

  /** The flows that add up to a flow: its children, or those from each origin to a destination, the largest first. */
  parts(flow) {
    if (!flow.startsWith("*")) return this.children(flow);
    const people = (row) => mainTotal(row)?.best ?? -1;
    return [...this.flows.values()].filter((row) => destinationOf(row.flow) === flow).sort((a, b) => people(b) - people(a) || a.flow.localeCompare(b.flow));
  }

  /** 0 without an open alert at or below a flow, else the rank of the most severe one. */
  urgency(flow) {
    this.#urgent ??= ranked(this.openAlerts);
    return this.#urgent.get(flow) ?? 0;
  }

  /** Whether an alert passes the filters of the address. */
  passes(alert, filters) {
    return passes(alert, filters, this.muted.has(alert.id));
  }

  /** How the daily figure of a flow moved from the day before; null where the two days cannot be compared. */
  trend(flow) {
    const trend = trendOf(this.days.get(flow) ?? []);
    if (!trend || this.flows.get(flow)?.comparable !== false) return trend;
    const parts = this.children(flow).map((row) => this.days.get(row.flow));
    return parts.length && parts.every(Boolean) && sameParts(trend, parts) ? { ...trend, partly: true } : null;
  }

  /** Whether the people of an origin return to where more people leave. */
  isReturn(origin) {
    this.#returns ??= returns([...this.flows.values()]);
    return this.#returns.has(origin);
  }

  /** What an origin is on the board: a departure, a return, or a destination (`*:RO`). */
  groupOf(flow) {
    if (flow.startsWith("*")) return "arrivals";
    return this.isReturn(flow) ? "returns" : "departures";
  }

  #grouped() {
    const people = new Map([...this.flows.values()].map((row) => [row, mainTotal(row)?.best ?? -1]));
    const groups = new Map();
    for (const row of this.flows.values()) {
      const parent = row.parent && this.flows.has(row.parent) ? row.parent : null;
      if (!groups.has(parent)) groups.set(parent, []);
      groups.get(parent).push(row);
    }
    for (const rows of groups.values()) rows.sort((a, b) => people.get(b) - people.get(a) || a.flow.localeCompare(b.flow));
    return groups;
  }

  /** The time of the newest report on any flow; null while there are no reports. */
  get newest() {
    return [...this.flows.values()].reduce((newest, row) => (newest === null || row.published > newest ? row.published : newest), null);
  }

  sourceName = (source) => this.sources.get(source)?.name ?? source;
}
