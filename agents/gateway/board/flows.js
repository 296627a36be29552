// The tree of flows, one row each. Rows are created once and refilled, so that the focus stays where it is.

import { h, inner } from "./dom.js";
import { lastDays, plot, rateCell, rateScale, severityMark, sparkWords } from "./marks.js";
import { mainTotal, totalsOf } from "./spans.js";
import { rowPasses } from "./search.js";
import { ARROWS, direction, trendSpoken, trendWords } from "./trend.js";
import { before, DAY_MS, day, dayMs, flowName, interval, lastPart, number, place, plural, share } from "./words.js";

const COLUMNS = ["Flow", "Last days", "Latest day", "Low to high", "Parts reporting"];
const [LAST, TOTAL] = [1, 3]; // the columns whose titles name a window, once there is a total

const GROUPS = { departures: "Departures", returns: "Returns: against larger flows out", arrivals: "Arrivals, by country entered" };
const MOST_ROWS = 400; // drawn at once: more are not read, and would make every change slow
const MUCH = 0.25; // from this share on, projected people are marked

export class FlowTree {
  constructor(home, store, finder, { onShown, onOpen }) {
    this.store = store;
    this.finder = finder;
    this.onOpen = onOpen;
    this.filters = {};
    this.onShown = onShown;
    this.rows = new Map();
    this.headings = new Map();
    this.folded = new Map();
    this.wanted = "";
    const cells = COLUMNS.map((title, at) => h("div", { role: "columnheader", class: `c${at}` }, title, at === 2 ? rateScale() : null));
    this.titles = { last: cells[LAST], total: cells[TOTAL] };
    this.body = h("div", { role: "rowgroup", class: "rows" });
    this.none = h("p", { class: "empty", hidden: true });
    this.table = h("div", { role: "table", class: "tree", "aria-label": "Flows" }, h("div", { role: "rowgroup" }, h("div", { role: "row", class: "row head" }, cells)), this.body);
    this.more = h("p", { class: "note", hidden: true });
    home.replaceChildren(this.table, this.none, this.more);
    this.body.addEventListener("keydown", (event) => this.#steer(event));
  }

  /** Show the flows that pass the filters; `q`: the words of the search. */
  filter(filters) {
    this.filters = filters;
    this.wanted = filters.q.trim();
    this.draw();
  }

  /** Open the flow that is found best: the first one on the page. */
  openFirst() {
    const first = this.body.querySelector("[data-flow]");
    if (this.wanted && first) this.onOpen(first.dataset.flow);
  }

  get #narrowed() {
    return Object.values(this.filters).some(Boolean);
  }

  unfoldAll(unfolded) {
    for (const flow of this.store.flows.keys()) this.folded.set(flow, !unfolded);
    this.draw();
  }

  /** Put every row in its place; refill only the rows that changed. */
  draw() {
    const matches = this.finder.matcher(this.wanted, [...this.store.flows.keys()]);
    const alerts = this.store.openAlerts.filter((alert) => this.store.passes(alert, this.filters));
    const wanted = (row) => [row.flow, ...row.aliases].some(matches) && rowPasses(row, this.filters, alerts);
    let hidden = 0;
    const walk = (rows, depth, shown) => {
      for (const row of rows) {
        const children = this.store.children(row.flow);
        if (wanted(row)) {
          if (shown.length < MOST_ROWS) shown.push({ row, depth, children: children.length });
          else hidden += 1;
        }
        if (this.#narrowed || !this.#isFolded(row.flow, depth)) walk(children, depth + 1, shown);
      }
      return shown;
    };
    const roots = Map.groupBy(this.store.children(null), (row) => this.store.groupOf(row.flow));
    const groups = Object.keys(GROUPS).map((kind) => ({ kind, rows: walk(roots.get(kind) ?? [], 0, []) })).filter(({ rows }) => rows.length);
    const shown = groups.flatMap(({ rows }) => rows);
    const focused = document.activeElement;
    const order = groups.flatMap(({ kind, rows }) => [
      ...(groups.length > 1 ? [this.#heading(kind)] : []),
      ...rows.map(({ row, depth, children }) => this.#row(row, depth, children).element),
    ]);
    if (order.length !== this.body.children.length || order.some((element, at) => this.body.children[at] !== element)) {
      this.body.replaceChildren(...order);
      if (focused && focused !== document.activeElement && order.some((element) => element.contains(focused))) focused.focus();
    }
    for (const flow of [...this.rows.keys()]) if (!this.store.flows.has(flow)) this.rows.delete(flow);
    const { windows } = this.store;
    if (windows) {
      this.titles.last.textContent = `Last ${plural(windows.longest, "day")}`;
      this.titles.total.textContent = `${plural(windows.main, "day")}, low to high`;
    }
    this.table.hidden = !order.length;
    this.none.hidden = order.length > 0;
    this.more.hidden = hidden === 0;
    this.more.textContent = `${plural(hidden, "more flow")} not drawn. Search or filter to see fewer.`;
    this.none.textContent = this.#narrowed ? (this.wanted ? "No flow has this name." : "No flow passes these filters.") : "No figures yet. The first report will appear here without a reload.";
    this.onShown(shown.map(({ row }) => row.flow));
  }

  /** Highlight a row that has just changed, for a moment. */
  flash(flow) {
    const element = this.rows.get(flow)?.element;
    if (!element) return;
    element.classList.remove("fresh");
    void element.offsetWidth; // restarts the animation
    element.classList.add("fresh");
  }

  #heading(kind) {
    this.headings.set(kind, this.headings.get(kind) ?? h("div", { role: "row", class: "row group" }, h("div", { role: "cell", class: "c0" }, GROUPS[kind])));
    return this.headings.get(kind);
  }

  #isFolded(flow, depth) {
    return this.folded.get(flow) ?? (depth >= 1 && !this.store.alertBelow(flow));
  }

  #row(row, depth, children) {
    const parts = this.rows.get(row.flow) ?? this.#create(row.flow);
    const folded = this.#isFolded(row.flow, depth);
    const alert = this.store.alertOf(row.flow);
    const below = folded ? this.store.alertBelow(row.flow) : null;
    const days = this.store.days.get(row.flow);
    const print = JSON.stringify([row, this.store.flows.get(row.flow.split(":")[0])?.as_of, depth, children, folded, this.#narrowed, alert?.id, alert?.severity, below?.severity, days?.length, days?.at(-1)]);
    if (parts.print === print && parts.days === days) return parts;
    Object.assign(parts, { print, days });
    this.#fill(parts, { row, depth, children, folded, alert, below, days });
    return parts;
  }

  #create(flow) {
    const toggle = h("button", { type: "button", class: "toggle", on: { click: () => this.#toggle(flow) } });
    const link = inner(`flow=${flow}`, { class: "name" }, h("bdi", null, lastPart(flow)));
    const parts = {
      flow, toggle, link,
      mark: h("span", { class: "at" }),
      note: h("span", { class: "code" }),
      spark: h("div", { role: "cell", class: "c1 spark" }),
      rate: h("div", { role: "cell", class: "c2" }),
      week: h("div", { role: "cell", class: "c3 week" }),
      reporting: h("div", { role: "cell", class: "c4 reporting" }),
    };
    const name = h("div", { role: "rowheader", class: "c0" }, toggle, h("span", { class: "naming" }, link, parts.mark, parts.note));
    parts.element = h("div", { role: "row", class: "row", "data-flow": flow }, name, parts.spark, parts.rate, parts.week, parts.reporting);
    this.rows.set(flow, parts);
    return parts;
  }

  #fill(parts, { row, depth, children, folded, alert, below, days }) {
    const { element, toggle, link } = parts;
    element.style.setProperty("--depth", depth);
    element.dataset.depth = depth;
    element.classList.toggle("alerting", alert !== null);
    toggle.classList.toggle("leaf", children === 0);
    toggle.disabled = children === 0 || this.#narrowed;
    toggle.setAttribute("aria-expanded", String(!folded));
    toggle.setAttribute("aria-label", `${folded ? "Unfold" : "Fold"} ${flowName(row.flow)}`);
    toggle.hidden = children === 0;
    link.setAttribute("aria-label", `${flowName(row.flow)}${alert ? `, ${alert.severity}` : ""}: details`);
    parts.mark.replaceChildren(...(alert ? [severityMark(alert.severity), h("span", { class: "word" }, alert.severity)] : below ? [severityMark(below.severity), h("span", { class: "word" }, "below")] : []));
    parts.note.textContent = rootNote(row, depth, this.store);

    const asOf = row.as_of;
    if (asOf && days?.length) {
      const length = totalsOf(row).at(-1).window_days;
      const { drawing, shown } = plot(days, { ...lastDays(asOf, length), expected: row.baseline?.expected, threshold: alert ? row.threshold : null, severity: alert?.severity });
      parts.spark.replaceChildren(drawing, h("span", { class: "unseen" }, sparkWords(shown, length)));
    } else {
      parts.spark.replaceChildren(h("span", { class: "none" }, days ? "no days" : ""));
    }
    parts.rate.replaceChildren(rateCell(row, alert?.severity), trendLine(this.store.trend(row.flow), row));
    const week = mainTotal(row);
    parts.week.replaceChildren(
      ...(week
        ? [
            h("span", { class: "figure" }, number(week.best)),
            h("span", { class: week.high === null ? "range open" : "range" }, interval(week.low, week.high)),
            untilWords(week, this.store.flows.get(row.flow.split(":")[0])?.as_of),
            week.projected ? projected(week) : "",
            row.unlikely?.some((claim) => claim.last_day >= before(week.as_of, week.window_days)) ? h("span", { class: "until unlikely" }, "rests on an unlikely figure") : "",
          ]
        : [h("span", { class: "none" }, "no total")]),
    );
    const { spoken, known: all } = week?.reporting ?? { spoken: 0, known: 0 };
    parts.reporting.replaceChildren(
      all ? h("span", { class: spoken < all ? "some" : "" }, `${spoken} of ${all}`) : h("span", { class: "none", "aria-label": "no child flows" }, "–"),
      all && !spoken && week?.covered_days ? h("span", { class: "whole" }, "reported as a whole") : "");
  }

  #toggle(flow) {
    const depth = Number(this.rows.get(flow).element.dataset.depth);
    this.folded.set(flow, !this.#isFolded(flow, depth));
    this.draw();
  }

  /** Up and down move between rows, right unfolds, left folds or goes to the parent. */
  #steer(event) {
    const row = event.target.closest(".row");
    if (!row?.dataset.flow || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...this.body.querySelectorAll("[data-flow]")];
    const at = rows.indexOf(row);
    const flow = row.dataset.flow;
    const go = (to) => to?.querySelector("a.name").focus();
    const folds = !this.rows.get(flow).toggle.disabled;
    const folded = this.#isFolded(flow, Number(row.dataset.depth));
    if (event.key === "ArrowDown") go(rows[at + 1]);
    else if (event.key === "ArrowUp") go(rows[at - 1]);
    else if (event.key === "Home") go(rows[0]);
    else if (event.key === "End") go(rows.at(-1));
    else if (event.key === "ArrowRight" && folds && folded) this.#toggle(flow);
    else if (event.key === "ArrowLeft" && folds && !folded) this.#toggle(flow);
    else if (event.key === "ArrowLeft") go(this.rows.get(this.store.flows.get(flow).parent)?.element);
    else return;
    event.preventDefault();
  }
}

/** What stands below the name of a row: the code of the flow, or whom an origin counts. */
function rootNote(row, depth, store) {
  if (depth > 0) return row.flow;
  if (row.flow.startsWith("*")) return `everyone entering · ${row.flow}`;
  if (!store.isReturn(row.flow)) return "everyone leaving";
  const back = store.children(row.flow).map((child) => place(child.flow.split(":").at(-1)));
  return `returning to ${back.join(", ")}`;
}

/** The newest day against the day before it: arrow, change, and since when. */
export function trendLine(trend, row) {
  if (!trend && row.comparable === false) return h("span", { class: "trend none" }, "change not known: other parts report than the day before");
  if (!trend) return row.rate_day ? h("span", { class: "trend none" }, `on ${day(row.rate_day)}`) : "";
  const way = direction(trend);
  return h("span", { class: `trend ${way}` },
    h("span", { "aria-hidden": "true" }, h("b", null, ARROWS[way]), ` ${trendWords(trend)}`, trend.partly ? ", of the parts that report" : ""), h("span", { class: "unseen" }, trendSpoken(trend)));
}

/** The last day of a total, and by how many days it lies behind the total of its origin, which ends at `whole`. */
function untilWords(total, whole) {
  const behind = whole ? Math.round((dayMs(whole) - dayMs(total.as_of)) / DAY_MS) : 0;
  return h("span", { class: behind > 0 ? "until behind" : "until" }, `until ${day(before(total.as_of))}`, behind > 0 ? `, ${plural(behind, "day")} behind` : "");
}

/** The projected part of a total, in people and as a share, with a bar: reported people solid, projected ones hatched. */
export function projected(total) {
  const part = total.best > 0 ? total.projected / total.best : 0;
  return h("span", { class: part >= MUCH ? "projected much" : "projected" },
    h("span", { class: "share", "aria-hidden": "true", vars: { "--part": `${100 * part}%` } }),
    `${number(total.projected)} projected (${share(total.projected, Math.max(1, total.best))})`);
}
