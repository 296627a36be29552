// The tree of flows, one row each. Rows are created once and refilled, so that the focus stays where it is.

import { h, inner } from "../shared/dom.js";
import { lastDays, plot, rateCell, rateScale, severityMark, sparkWords } from "../shared/marks.js";
import { mainTotal, totalsOf } from "../shared/spans.js";
import { ranked, rowPasses } from "../shared/search.js";
import { ARROWS, direction, trendSpoken, trendWords } from "../shared/trend.js";
import { named, t } from "../shared/language.js";
import { before, DAY_MS, day, dayMs, flowName, interval, lastPart, number, place, share } from "../shared/words.js";

const COLUMNS = ["flow", "days", "rate", "interval", "reporting"];
const [LAST, TOTAL] = [1, 3]; // the columns whose titles name a window, once there is a total

const GROUPS = { departures: 1, returns: 1 / 4, arrivals: 1 / 4 }; // how much of the rows drawn at first a group has at most
const SOME_ROWS = 60; // drawn at first, and more with each press of the button below: more are not read, and make every change slow
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
    const cells = COLUMNS.map((title, at) => h("div", { role: "columnheader", class: `c${at}` }, t(`column.${title}`), at === 2 ? rateScale() : null));
    this.titles = { last: cells[LAST], total: cells[TOTAL] };
    this.body = h("div", { role: "rowgroup", class: "rows" });
    this.none = h("p", { class: "empty", hidden: true });
    this.table = h("div", { role: "table", class: "tree", "aria-label": t("flows.title") }, h("div", { role: "rowgroup" }, h("div", { role: "row", class: "row head" }, cells)), this.body);
    this.most = SOME_ROWS;
    this.left = h("span");
    this.more = h("p", { class: "note", hidden: true }, this.left, " ", h("button", { type: "button", class: "quiet", on: { click: () => this.#showMore() } }, t("flows.show_more")));
    home.replaceChildren(this.table, this.none, this.more);
    this.body.addEventListener("keydown", (event) => this.#steer(event));
  }

  /** Show the flows that pass the filters; `q`: the words of the search. */
  filter(filters) {
    if (JSON.stringify(filters) !== JSON.stringify(this.filters)) this.most = SOME_ROWS;
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

  /** Draw more rows; where none are left, the last row takes the focus of the button that goes. */
  #showMore() {
    this.most += SOME_ROWS;
    this.draw();
    if (this.more.hidden) [...this.body.querySelectorAll("[data-flow] a.name")].at(-1)?.focus();
  }

  unfoldAll(unfolded) {
    for (const flow of this.store.flows.keys()) this.folded.set(flow, !unfolded);
    this.draw();
  }

  /** Put every row in its place; refill only the rows that changed. */
  draw() {
    const matches = this.finder.matcher(this.wanted, [...this.store.flows.keys()]);
    const alerts = ranked(this.store.openAlerts.filter((alert) => this.store.passes(alert, this.filters)));
    const wanted = (row) => (matches(row.flow) || row.aliases.some(matches)) && rowPasses(row, this.filters, alerts);
    const narrowed = this.#narrowed;
    let hidden = 0;
    const walk = (rows, depth, shown, most) => {
      for (const row of rows) {
        const children = this.store.children(row.flow);
        if (wanted(row)) {
          if (shown.length < most) shown.push({ row, depth, children: children.length });
          else hidden += 1;
        }
        if (narrowed || !this.#isFolded(row.flow, depth)) walk(children, depth + 1, shown, most);
      }
      return shown;
    };
    const roots = Map.groupBy(this.store.children(null), (row) => this.store.groupOf(row.flow));
    const groups = Object.entries(GROUPS).map(([kind, part]) => ({ kind, rows: walk(roots.get(kind) ?? [], 0, [], part * this.most) })).filter(({ rows }) => rows.length);
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
      this.titles.last.textContent = t("column.last_days", { n: windows.longest });
      this.titles.total.textContent = t("column.window", { n: windows.main });
    }
    this.table.hidden = !order.length;
    this.none.hidden = order.length > 0;
    this.more.hidden = hidden === 0;
    this.left.textContent = t("flows.more", { n: hidden });
    this.none.textContent = t(this.#narrowed ? (this.wanted ? "flows.no_name" : "flows.none_pass") : "flows.none");
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
    this.headings.set(kind, this.headings.get(kind) ?? h("div", { role: "row", class: "row group" }, h("div", { role: "cell", class: "c0" }, t(`group.${kind}`))));
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
    toggle.setAttribute("aria-label", t(folded ? "flows.unfold" : "flows.fold", { flow: flowName(row.flow) }));
    toggle.hidden = children === 0;
    link.setAttribute("aria-label", t("flows.details", { flow: `${flowName(row.flow)}${alert ? `, ${named("severity", alert.severity)}` : ""}` }));
    parts.mark.replaceChildren(...(alert ? [severityMark(alert.severity), h("span", { class: "word" }, named("severity", alert.severity))] : below ? [severityMark(below.severity), h("span", { class: "word" }, t("flows.below"))] : []));
    parts.note.textContent = rootNote(row, depth, this.store);

    const asOf = row.as_of;
    if (asOf && days?.length) {
      const length = totalsOf(row).at(-1).window_days;
      const { drawing, shown } = plot(days, { ...lastDays(asOf, length), expected: row.baseline?.expected, threshold: alert ? row.threshold : null, severity: alert?.severity });
      parts.spark.replaceChildren(drawing, h("span", { class: "unseen" }, sparkWords(shown, length)));
    } else {
      parts.spark.replaceChildren(h("span", { class: "none" }, days ? t("flows.no_days") : ""));
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
            row.unlikely?.some((claim) => claim.last_day >= before(week.as_of, week.window_days)) ? h("span", { class: "until unlikely" }, t("flows.unlikely")) : "",
          ]
        : [h("span", { class: "none" }, t("total.none"))]),
    );
    const { spoken, known: all } = week?.reporting ?? { spoken: 0, known: 0 };
    parts.reporting.replaceChildren(
      all ? h("span", { class: spoken < all ? "some" : "" }, t("flows.reporting", { spoken, known: all })) : h("span", { class: "none" }, h("span", { class: "unseen" }, t("flows.no_children")), h("span", { "aria-hidden": "true" }, "–")),
      all && !spoken && week?.covered_days ? h("span", { class: "whole" }, t("flows.whole")) : "");
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
  if (row.flow.startsWith("*")) return `${t("flows.entering")} · ${row.flow}`;
  if (!store.isReturn(row.flow)) return t("flows.leaving");
  const back = store.children(row.flow).map((child) => place(child.flow.split(":").at(-1)));
  return t("flows.returning", { places: back.join(", ") });
}

/** The newest day against the day before it: arrow, change, and since when. */
export function trendLine(trend, row) {
  if (!trend && row.comparable === false) return h("span", { class: "trend none" }, t("trend.unknown"));
  if (!trend) return row.rate_day ? h("span", { class: "trend none" }, t("date.on", { date: day(row.rate_day) })) : "";
  const way = direction(trend);
  return h("span", { class: `trend ${way}` },
    h("span", { "aria-hidden": "true" }, h("b", null, ARROWS[way]), ` ${trendWords(trend)}`, trend.partly ? t("trend.partly") : ""), h("span", { class: "unseen" }, trendSpoken(trend)));
}

/** The last day of a total, and by how many days it lies behind the total of its origin, which ends at `whole`. */
function untilWords(total, whole) {
  const behind = whole ? Math.round((dayMs(whole) - dayMs(total.as_of)) / DAY_MS) : 0;
  return h("span", { class: behind > 0 ? "until behind" : "until" }, t("total.until", { date: day(before(total.as_of)) }), behind > 0 ? `, ${t("total.behind", { n: behind })}` : "");
}

/** The projected part of a total, in people and as a share, with a bar: reported people solid, projected ones hatched. */
export function projected(total) {
  const part = total.best > 0 ? total.projected / total.best : 0;
  return h("span", { class: part >= MUCH ? "projected much" : "projected" },
    h("span", { class: "share", "aria-hidden": "true", vars: { "--part": `${100 * part}%` } }),
    t("projected.share", { people: total.projected, share: share(total.projected, Math.max(1, total.best)) }));
}
