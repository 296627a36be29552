// The tree of flows: a row each. Rows are made once and filled anew, so that focus stays where it is.

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

  /** Everything in its place; only what changed is filled anew. */
  draw() {
    const shown = [];
    const walk = (flow, depth) => {
      for (const row of this.store.children(flow)) {
        const children = this.store.children(row.flow);
        if (this.#matches(row.flow)) shown.push({ row, depth, children: children.length });
        if (this.wanted || !this.#isFolded(row.flow, depth)) walk(row.flow, depth + 1);
      }
    };
    walk(null, 0);
    const held = document.activeElement;
    const order = shown.map(({ row, depth, children }) => this.#row(row, depth, children).element);
    if (order.length !== this.body.children.length || order.some((one, at) => this.body.children[at] !== one)) {
      this.body.replaceChildren(...order);
      if (held && held !== document.activeElement && order.some((one) => one.contains(held))) held.focus();
    }
    for (const flow of [...this.rows.keys()]) if (!this.store.flows.has(flow)) this.rows.delete(flow);
    const { windows } = this.store;
    if (windows) {
      this.titles.last.textContent = `Last ${plural(windows.longest, "day")}`;
      this.titles.total.textContent = `${plural(windows.main, "day")}, low to high`;
    }
    this.table.hidden = !order.length;
    this.none.hidden = order.length > 0;
    this.none.textContent = this.wanted ? "No flow is called that." : "No figures yet: nothing has been reported. The first report shows up here by itself.";
    this.onShown(shown.map(({ row }) => row.flow));
  }

  /** A short mark on a row that has just changed. */
  flash(flow) {
    const element = this.rows.get(flow)?.element;
    if (!element) return;
    element.classList.remove("fresh");
    void element.offsetWidth; // so that the mark starts again
    element.classList.add("fresh");
  }

  #matches(flow) {
    return !this.wanted || flow.toLowerCase().includes(this.wanted) || flowName(flow).toLowerCase().includes(this.wanted);
  }

  #isFolded(flow, depth) {
    return this.folded.get(flow) ?? (depth >= 1 && !this.store.alertBelow(flow));
  }

  #row(row, depth, children) {
    const known = this.rows.get(row.flow) ?? this.#made(row.flow);
    const folded = this.#isFolded(row.flow, depth);
    const alert = this.store.alertOf(row.flow);
    const below = folded ? this.store.alertBelow(row.flow) : null;
    const days = this.store.days.get(row.flow);
    const print = JSON.stringify([row, depth, children, folded, this.wanted !== "", alert?.id, alert?.severity, below?.severity, days?.length, days?.at(-1)]);
    if (known.print === print && known.days === days) return known;
    Object.assign(known, { print, days });
    this.#fill(known, { row, depth, children, folded, alert, below, days });
    return known;
  }

  #made(flow) {
    const toggle = h("button", { type: "button", class: "toggle", on: { click: () => this.#toggle(flow) } });
    const link = inner(`flow=${flow}`, { class: "name" }, h("bdi", null, lastPart(flow)));
    const made = {
      flow, toggle, link,
      mark: h("span", { class: "at" }),
      note: h("span", { class: "code" }),
      spark: h("div", { role: "cell", class: "c1 spark" }),
      rate: h("div", { role: "cell", class: "c2" }),
      week: h("div", { role: "cell", class: "c3 week" }),
      speaking: h("div", { role: "cell", class: "c4 speaking" }),
    };
    const name = h("div", { role: "rowheader", class: "c0" }, toggle, h("span", { class: "naming" }, link, made.mark, made.note));
    made.element = h("div", { role: "row", class: "row", "data-flow": flow }, name, made.spark, made.rate, made.week, made.speaking);
    this.rows.set(flow, made);
    return made;
  }

  #fill(known, { row, depth, children, folded, alert, below, days }) {
    const { element, toggle, link } = known;
    element.style.setProperty("--depth", depth);
    element.dataset.depth = depth;
    element.classList.toggle("alerting", alert !== null);
    toggle.classList.toggle("leaf", children === 0);
    toggle.disabled = children === 0 || this.wanted !== "";
    toggle.setAttribute("aria-expanded", String(!folded));
    toggle.setAttribute("aria-label", `${folded ? "Unfold" : "Fold"} ${flowName(row.flow)}`);
    toggle.hidden = children === 0;
    link.setAttribute("aria-label", `${flowName(row.flow)}${alert ? `, ${alert.severity}` : ""}: what is behind it`);
    known.mark.replaceChildren(...(alert ? [severityMark(alert.severity), h("span", { class: "word" }, alert.severity)] : below ? [severityMark(below.severity), h("span", { class: "word" }, "below")] : []));
    known.note.textContent = depth === 0 ? "everyone leaving" : row.flow;

    const asOf = row.as_of;
    if (asOf && days?.length) {
      const length = totalsOf(row).at(-1).window_days;
      const { drawing, shown } = plot(days, { ...lastDays(asOf, length), expected: row.baseline?.expected, threshold: alert ? row.threshold : null, severity: alert?.severity });
      known.spark.replaceChildren(drawing, h("span", { class: "unseen" }, sparkWords(shown, length)));
    } else {
      known.spark.replaceChildren(h("span", { class: "none" }, days ? "no days" : ""));
    }
    known.rate.replaceChildren(rateCell(row, alert?.severity), row.rate_day ? h("span", { class: "on" }, day(row.rate_day)) : "");
    const week = mainTotal(row);
    known.week.replaceChildren(
      ...(week
        ? [
            h("span", { class: "figure" }, number(week.best)),
            h("span", { class: week.high === null ? "range open" : "range" }, interval(week.low, week.high)),
            h("span", { class: "carried" }, `until ${day(before(week.as_of))}`),
            week.projected ? h("span", { class: "carried" }, `${number(week.projected)} carried on`) : "",
          ]
        : [h("span", { class: "none" }, "nothing totalled")]),
    );
    const { spoken, known: all } = week?.reporting ?? { spoken: 0, known: 0 };
    known.speaking.replaceChildren(all ? h("span", { class: spoken < all ? "some" : "" }, `${spoken} of ${all}`) : h("span", { class: "none", "aria-label": "no parts" }, "–"));
  }

  #toggle(flow) {
    const depth = Number(this.rows.get(flow).element.dataset.depth);
    this.folded.set(flow, !this.#isFolded(flow, depth));
    this.draw();
  }

  /** Up and down walk the rows, right unfolds, left folds or goes to the parent. */
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
