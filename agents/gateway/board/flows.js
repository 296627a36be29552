// The tree of flows, one row each. Rows are created once and refilled, so that the focus stays where it is.

import { h, inner } from "./dom.js";
import { lastDays, plot, rateCell, rateScale, severityMark, sparkWords } from "./marks.js";
import { mainTotal, totalsOf } from "./spans.js";
import { before, day, flowName, interval, lastPart, number, plural } from "./words.js";

const COLUMNS = ["Flow", "Last days", "Latest day", "Low to high", "Reporting"];
const [LAST, TOTAL] = [1, 3]; // the columns whose titles name a window, once there is a total

export class FlowTree {
  constructor(place, store, { onShown }) {
    this.store = store;
    this.onShown = onShown;
    this.rows = new Map();
    this.folded = new Map();
    this.wanted = "";
    const cells = COLUMNS.map((title, at) => h("div", { role: "columnheader", class: `c${at}` }, title, at === 2 ? rateScale() : null));
    this.titles = { last: cells[LAST], total: cells[TOTAL] };
    this.body = h("div", { role: "rowgroup", class: "rows" });
    this.none = h("p", { class: "empty", hidden: true });
    this.table = h("div", { role: "table", class: "tree", "aria-label": "Flows" }, h("div", { role: "rowgroup" }, h("div", { role: "row", class: "row head" }, cells)), this.body);
    place.replaceChildren(this.table, this.none);
    this.body.addEventListener("keydown", (event) => this.#steer(event));
  }

  find(text) {
    this.wanted = text.trim().toLowerCase();
    this.draw();
  }

  unfoldAll(unfolded) {
    for (const flow of this.store.flows.keys()) this.folded.set(flow, !unfolded);
    this.draw();
  }

  /** Put every row in its place; refill only the rows that changed. */
  draw() {
    const shown = [];
    const walk = (flow, depth) => {
      for (const row of this.store.children(flow)) {
        const children = this.store.children(row.flow);
        if ([row.flow, ...row.aliases].some((name) => this.#matches(name))) shown.push({ row, depth, children: children.length });
        if (this.wanted || !this.#isFolded(row.flow, depth)) walk(row.flow, depth + 1);
      }
    };
    walk(null, 0);
    const focused = document.activeElement;
    const order = shown.map(({ row, depth, children }) => this.#row(row, depth, children).element);
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
    this.none.textContent = this.wanted ? "No flow has this name." : "No figures yet. The first report will appear here without a reload.";
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

  #matches(flow) {
    return !this.wanted || flow.toLowerCase().includes(this.wanted) || flowName(flow).toLowerCase().includes(this.wanted);
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
    const print = JSON.stringify([row, depth, children, folded, this.wanted !== "", alert?.id, alert?.severity, below?.severity, days?.length, days?.at(-1)]);
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
    toggle.disabled = children === 0 || this.wanted !== "";
    toggle.setAttribute("aria-expanded", String(!folded));
    toggle.setAttribute("aria-label", `${folded ? "Unfold" : "Fold"} ${flowName(row.flow)}`);
    toggle.hidden = children === 0;
    link.setAttribute("aria-label", `${flowName(row.flow)}${alert ? `, ${alert.severity}` : ""}: details`);
    parts.mark.replaceChildren(...(alert ? [severityMark(alert.severity), h("span", { class: "word" }, alert.severity)] : below ? [severityMark(below.severity), h("span", { class: "word" }, "below")] : []));
    parts.note.textContent = depth === 0 ? "everyone leaving" : row.flow;

    const asOf = row.as_of;
    if (asOf && days?.length) {
      const length = totalsOf(row).at(-1).window_days;
      const { drawing, shown } = plot(days, { ...lastDays(asOf, length), expected: row.baseline?.expected, threshold: alert ? row.threshold : null, severity: alert?.severity });
      parts.spark.replaceChildren(drawing, h("span", { class: "unseen" }, sparkWords(shown, length)));
    } else {
      parts.spark.replaceChildren(h("span", { class: "none" }, days ? "no days" : ""));
    }
    parts.rate.replaceChildren(rateCell(row, alert?.severity), row.rate_day ? h("span", { class: "on" }, day(row.rate_day)) : "");
    const week = mainTotal(row);
    parts.week.replaceChildren(
      ...(week
        ? [
            h("span", { class: "figure" }, number(week.best)),
            h("span", { class: week.high === null ? "range open" : "range" }, interval(week.low, week.high)),
            h("span", { class: "until" }, `until ${day(before(week.as_of))}`),
            week.projected ? h("span", { class: "projected" }, `${number(week.projected)} projected`) : "",
            row.unlikely?.some((claim) => claim.last_day >= before(week.as_of, week.window_days)) ? h("span", { class: "until unlikely" }, "rests on an unlikely figure") : "",
          ]
        : [h("span", { class: "none" }, "no total")]),
    );
    const { spoken, known: all } = week?.reporting ?? { spoken: 0, known: 0 };
    parts.reporting.replaceChildren(all ? h("span", { class: spoken < all ? "some" : "" }, `${spoken} of ${all}`) : h("span", { class: "none", "aria-label": "no child flows" }, "–"));
  }

  #toggle(flow) {
    const depth = Number(this.rows.get(flow).element.dataset.depth);
    this.folded.set(flow, !this.#isFolded(flow, depth));
    this.draw();
  }

  /** Up and down move between rows, right unfolds, left folds or goes to the parent. */
  #steer(event) {
    const row = event.target.closest(".row");
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...this.body.children];
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
