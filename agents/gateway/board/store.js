// What the board knows: flows, days, alerts and sources as the gateway gives them.

import { mainTotal, totalsOf, windowName } from "./spans.js";
import { isBelow, parentOf } from "./words.js";

const OPEN = ["firing", "updated"];
const RANK = { notice: 1, warning: 2, critical: 3 };

export class Store {
  flows = new Map();
  days = new Map();
  alerts = new Map();
  sources = new Map();
  quiet = new Map(); // alert id -> why nobody is told of it
  silences = new Map();

  /** Everything anew, as the lists of the API. */
  replace({ flows, alerts, sources }) {
    this.flows = new Map(flows.map((row) => [row.flow, row]));
    this.alerts = new Map(alerts.map((alert) => [alert.id, alert]));
    this.sources = new Map(sources.map((source) => [source.source, source]));
    for (const flow of this.days.keys()) if (!this.flows.has(flow)) this.days.delete(flow);
  }

  /** Which open alerts nobody is told of, as the list of alerts and the stream say it; says whether a silence is not known yet. */
  takeQuiet(quiet) {
    this.quiet = new Map(Object.entries(quiet));
    return [...this.quiet.values()].some((one) => one.silenced_by && !this.silences.has(one.silenced_by));
  }

  /** A record of the topic `totals`; says whether the flow is new. */
  takeState(state) {
    const fresh = !this.flows.has(state.flow);
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
    });
    this.days.set(state.flow, state.days);
    return fresh;
  }

  /** A record of the topic `alerts`; says whether it opened just now. */
  takeAlert(alert) {
    const held = this.alerts.get(alert.id);
    if (held && held.seq >= alert.seq) return false;
    this.alerts.set(alert.id, alert);
    return OPEN.includes(alert.state) && !(held && OPEN.includes(held.state));
  }

  get openAlerts() {
    return [...this.alerts.values()]
      .filter((one) => OPEN.includes(one.state))
      .sort((a, b) => RANK[b.severity] - RANK[a.severity] || b.ratio - a.ratio || a.flow.localeCompare(b.flow));
  }

  get closedAlerts() {
    return [...this.alerts.values()].filter((one) => !OPEN.includes(one.state)).sort((a, b) => b.published.localeCompare(a.published));
  }

  /** The worst open alert on a flow. */
  alertOf(flow) {
    return this.openAlerts.find((one) => one.flow === flow) ?? null;
  }

  /** The worst open alert below a flow. */
  alertBelow(flow) {
    return this.openAlerts.find((one) => isBelow(one.flow, flow)) ?? null;
  }

  /** Days of the window that stands for a flow, and of the longest; null before there is a total. */
  get windows() {
    const row = [...this.flows.values()].find((one) => mainTotal(one));
    return row ? { main: mainTotal(row).window_days, longest: totalsOf(row).at(-1).window_days } : null;
  }

  /** The flows right below one (null: the roots), the largest first. */
  children(flow) {
    const people = (row) => mainTotal(row)?.best ?? -1;
    return [...this.flows.values()]
      .filter((row) => (row.parent && this.flows.has(row.parent) ? row.parent : null) === flow)
      .sort((a, b) => people(b) - people(a) || a.flow.localeCompare(b.flow));
  }

  /** The time of the newest report on any flow; null before there is one. */
  get newest() {
    return [...this.flows.values()].reduce((found, row) => (found === null || row.published > found ? row.published : found), null);
  }

  sourceName = (source) => this.sources.get(source)?.name ?? source;
}
