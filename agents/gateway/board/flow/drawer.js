// The explanation of one total, its days, claims and child flows; in the drawer of the overview, or on the page of a flow.

import { get } from "../shared/api.js";
import { claimGroups, counterLanes } from "./claims.js";
import { h, inner, page } from "../shared/dom.js";
import { explanation } from "../shared/explanation.js";
import { named, pieces, t } from "../shared/language.js";
import { eachDay, plot, severityMark } from "../shared/marks.js";
import { mainTotal, partsOf, stretch, totalsOf, totalWords, windowName, windowOf } from "../shared/spans.js";
import { whySentences } from "./why.js";
import { baselineWords, before, compact, count, DAY_MS, day, dayMs, flowName, interval, isoDay, number, partName, place, populationWords } from "../shared/words.js";

const MOST_FLOWS = 50; // of one request for days

/** `onWindow(name)`: the reader chose another window. `withDays`: draw the days too. */
export class Explanation {
  constructor(home, store, { onWindow, withDays = true }) {
    Object.assign(this, { home, store, onWindow, withDays, flow: null, window: null, evidence: null, trouble: null });
  }

  /** Show a flow, in the window of this name (such as 7d) if the flow has that window. */
  show(flow, window) {
    const wanted = window ?? null;
    if (flow !== this.flow || wanted !== this.window) [this.evidence, this.trouble] = [null, null];
    [this.flow, this.window] = [flow, wanted];
    this.draw();
    return this.refresh();
  }

  /** What stands above the explanation. */
  head() {
    return [];
  }

  /** Whether a change of this flow changes what the explanation shows. */
  concerns(flow) {
    return this.flow !== null && (flow === this.flow || flow.startsWith(`${this.flow}:`));
  }

  /** Read the evidence and the days behind the figure again. */
  async refresh() {
    const { flow, window } = this;
    if (!this.store.flows.has(flow)) return;
    const total = this.#total(this.store.flows.get(flow));
    const { from, to } = total ? windowOf(total) : {};
    const flows = [flow, ...this.store.parts(flow).map((row) => row.flow)].slice(0, MOST_FLOWS);
    try {
      const [evidence, days] = await Promise.all([
        get("v1/evidence", total ? { flow, from: isoDay(from), to: isoDay(to) } : { flow }),
        get("v1/days", { flow: flows }),
      ]);
      if (flow !== this.flow || window !== this.window) return;
      Object.assign(this, { evidence, trouble: null });
      for (const name of flows) this.store.days.set(name, days.days.filter((figure) => figure.flow === name));
    } catch (error) {
      if (flow !== this.flow || window !== this.window) return;
      this.trouble = error.message;
    }
    this.draw();
  }

  #total(row) {
    return row ? row.totals[this.window] ?? mainTotal(row) : null;
  }

  draw() {
    const { store, flow } = this;
    if (flow === null) return;
    const row = store.flows.get(flow);
    const focused = document.activeElement?.closest?.("[data-hold]")?.dataset.hold;
    const total = this.#total(row);
    this.home.replaceChildren(...this.head(row), h("div", { class: "inside" }, ...this.#body(row, total)));
    if (focused) this.home.querySelector(`[data-hold="${CSS.escape(focused)}"]`)?.focus();
  }

  #body(row, total) {
    if (!row) return [h("p", { class: "empty" }, t("flow.no_reports"))];
    const { claims, counts, truncated } = this.evidence ?? { claims: [], counts: [], truncated: false };
    const own = claims.filter((claim) => claim.flow === this.flow);
    const parts = claims.filter((claim) => claim.flow !== this.flow);
    const days = this.store.days.get(this.flow) ?? [];
    const children = this.store.parts(this.flow);
    const sections = [this.#figure(row, total)];
    const alert = this.store.alertOf(this.flow);
    if (alert) sections.push(h("p", { class: `alertline ${alert.severity}` }, severityMark(alert.severity), h("b", null, named("severity", alert.severity)), " ", explanation(alert)));
    const span = total ? stretch(total, claims, days) : null;
    const inWindow = total ? partsOf(children, (name) => this.store.days.get(name), windowOf(total)) : [];
    if (total && this.evidence) sections.push(this.#why(total));
    if (total && children.length) sections.push(this.#parts(total, inWindow));
    if (total && this.withDays) sections.push(this.#days(row, total, days, span, alert));
    if (row.calendar?.length) sections.push(this.#calendar(row.calendar));
    sections.push(...this.#claims(own, parts, counts, span ?? fallback(claims), truncated));
    return sections;
  }

  /** The explanation in sentences, without the first sentence: it repeats the figure above. */
  #why(total) {
    const { added_up: sum } = this.evidence;
    const title = sum > total.best * 1.005 && sum > total.best ? t("why.and_not", { best: total.best, sum }) : t("why.title", { best: total.best });
    return h("section", { class: "why", "aria-label": t("why.label") }, h("h3", null, title), h("ul", null, whySentences(this.evidence).map((sentence) => h("li", null, h("bdi", null, sentence)))));
  }

  #figure(row, total) {
    const choices = totalsOf(row).map((choice) =>
      h("label", null,
        h("input", { type: "radio", name: "window", value: windowName(choice), checked: choice === total, "data-hold": `window${windowName(choice)}`, on: { change: () => { this.onWindow(windowName(choice)); } } }),
        h("span", null, count(choice.window_days, "day"))));
    if (!total) return h("p", { class: "empty" }, t("total.no_claim"));
    return h(
      "section",
      { class: "total", "aria-label": t("total.title") },
      h("fieldset", { class: "windows" }, h("legend", { class: "unseen" }, t("total.window")), choices),
      h("p", { class: "big" }, pieces("total.big", { n: total.best, people: h("b", null, number(total.best)) })),
      h("p", { class: "range" }, total.low === total.best && total.best === total.high ? t("total.exact") : [`${interval(total.low, total.high)}`, total.high === null ? h("span", { class: "up", "aria-hidden": "true" }, " ↗") : null]),
      total.after_revisions ? h("p", { class: "range" }, t("total.after_revisions", { range: interval(total.after_revisions.low, total.after_revisions.high) })) : null,
      h("p", { class: "of" }, `${totalWords(total)} · ${t("total.covered", { covered: total.covered_days, n: total.window_days })} · ${count(total.report_count, "report")}`,
        total.reporting.known ? ` · ${t("total.reporting", { spoken: total.reporting.spoken, known: total.reporting.known })}` : ""),
    );
  }

  /** The newest calendar weeks, months and years: what claims cover, with nothing projected. */
  #calendar(periods) {
    const rows = periods.map((one) => h("tr", null, h("th", { scope: "row" }, one.period), h("td", null, number(one.best)), h("td", null, interval(one.low, one.high)), h("td", null, count(one.covered_days, "day"))));
    return h("section", { class: "calendar" },
      h("details", null, h("summary", { "data-hold": "calendar" }, t("calendar.title")),
        h("table", null, h("thead", null, h("tr", null, ["period", "people", "interval", "covered"].map((title) => h("th", { scope: "col" }, t(`column.${title}`))))), h("tbody", null, rows))));
  }

  #days(row, total, days, span, alert) {
    const { from, to } = windowOf(total);
    const every = eachDay(span.from, span.to);
    const { drawing, top, shown } = plot(days, { ...span, expected: row.baseline?.expected, threshold: row.threshold, severity: alert?.severity });
    const byDay = new Map(shown.map((figure) => [figure.day, figure]));
    const part = (ms) => `${(100 * (ms - span.from)) / (span.to - span.from)}%`;
    const step = every.length <= 14 ? 1 : every.length <= 24 ? 2 : 5;
    const level = row.baseline
      ? h("p", { class: "level" }, h("span", { class: "dash", "aria-hidden": "true" }), t("level.words", { expected: row.baseline.expected, population: row.baseline.population === "people" ? "" : ` (${populationWords(row.baseline.population)})`, origin: baselineWords(row.baseline, this.store.sourceName), threshold: row.threshold }))
      : h("p", { class: "level" }, t("level.none"));
    return h(
      "section",
      { class: "days", "aria-label": t("days.title") },
      h("h3", null, t("days.title")),
      h("div", { class: "chart", vars: { "--days": every.length } },
        h("span", { class: "top", "aria-hidden": "true" }, compact(top / 1.12)),
        h("span", { class: "window", "aria-hidden": "true", vars: { "--left": part(Math.max(from, span.from)), "--width": `${(100 * (Math.min(to, span.to) - Math.max(from, span.from))) / (span.to - span.from)}%` } }, count(total.window_days, "day")),
        drawing,
      ),
      h("ol", { class: "axis", "aria-hidden": "true", vars: { "--days": every.length } },
        every.map((date, at) => {
          const figure = byDay.get(date);
          return h("li", { class: at % step ? "skipped" : "" }, h("span", { class: "value" }, figure && every.length <= 14 ? compact(figure.best) : ""), h("span", { class: "date" }, at % step ? "" : dateLabel(date, at)));
        })),
      level,
      h("details", null, h("summary", { "data-hold": "figures" }, t("days.table")),
        h("table", null,
          h("thead", null, h("tr", null, ["day", "low", "best", "high"].map((title) => h("th", { scope: "col" }, t(`column.${title}`))))),
          h("tbody", null, shown.map((figure) => h("tr", null, h("th", { scope: "row" }, day(figure.day, { year: true })), h("td", null, number(figure.low)), h("td", null, number(figure.best)), h("td", null, figure.high === null ? t("interval.no_high") : number(figure.high))))))),
    );
  }

  #claims(own, parts, counts, span, truncated) {
    const title = h("h3", null, t("evidence.title"));
    if (this.trouble) return [h("section", null, title, h("p", { class: "empty" }, t("evidence.trouble", { why: this.trouble })))];
    if (!this.evidence) return [h("section", null, title, h("p", { class: "empty", "aria-busy": "true" }, t("evidence.loading")))];
    const groups = claimGroups(own, span, this.flow, this.store).filter(Boolean);
    const below = claimGroups(parts, span, this.flow, this.store).filter(Boolean);
    const ownCounters = counterLanes(counts.filter((count) => count.flow === this.flow), span, this.flow, this.store);
    const countersBelow = counterLanes(counts.filter((count) => count.flow !== this.flow), span, this.flow, this.store);
    return [
      h("section", { class: "evidence" }, title,
        groups.length || ownCounters ? [groups, ownCounters] : h("p", { class: "empty" }, t("evidence.sum")),
        truncated ? h("p", { class: "note" }, t("evidence.truncated")) : null),
      below.length || countersBelow ? h("section", { class: "evidence below" }, h("h3", null, t("evidence.below")), h("p", { class: "note" }, t("evidence.included")), below, countersBelow) : null,
    ].filter(Boolean);
  }

  #parts(total, parts) {
    const sum = parts.reduce((all, part) => all + part.best, 0);
    const widest = Math.max(1, total.best, sum);
    const line = (name, best, kind, note) =>
      h("tr", { class: kind }, h("th", { scope: "row" }, name), h("td", { class: "barcell" }, h("span", { class: "bar", "aria-hidden": "true", vars: { "--to": `${(100 * Math.max(0, best)) / widest}%` } })), h("td", null, number(best)), h("td", { class: "remark" }, note));
    const rest = total.best - sum - total.projected;
    const rounding = parts.length * total.window_days;
    return h(
      "section",
      { class: "parts" },
      h("h3", null, t("parts.title")),
      h("table", null,
        h("thead", { class: "unseen" }, h("tr", null, ["flow", "share", "people", "remark"].map((title) => h("th", { scope: "col" }, t(`column.${title}`))))),
        h("tbody", null,
          parts.map((part) => line(inner(`flow=${part.flow}`, { "data-hold": part.flow }, partName(part.flow, total.flow)), part.best, "", part.known === 0 ? t("parts.none") : part.until ? t("parts.until", { date: day(before(part.until)) }) : "")),
          total.projected ? line(t("parts.projected"), total.projected, "projected", t("parts.projected_why")) : null,
          rest > rounding ? line(t("parts.rest"), rest, "rest", t("parts.rest_why")) : null,
          line(t("total.title"), total.best, "whole", ""))),
    );
  }
}

/** The explanation in a dialog beside the overview; its address is the hash. */
export class Drawer extends Explanation {
  constructor(dialog, store, { onClosed }) {
    super(dialog, store, { onWindow: (window) => { location.hash = `flow=${this.flow}&window=${window}`; } });
    this.dialog = dialog;
    dialog.addEventListener("close", () => {
      this.flow = null;
      onClosed();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  open(flow, window) {
    const another = flow !== this.flow;
    if (!this.dialog.open) this.dialog.showModal();
    const refreshed = this.show(flow, window);
    if (another) {
      this.dialog.scrollTop = 0;
      this.dialog.querySelector("h2")?.focus();
    }
    return refreshed;
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }

  head(row) {
    const parts = this.flow.split(":");
    const path = parts.slice(0, -1).map((part, at) => h("li", null, inner(`flow=${parts.slice(0, at + 1).join(":")}`, { "data-hold": `path${at}` }, place(part))));
    return [h(
      "header",
      null,
      h("div", { class: "titles" },
        path.length ? h("nav", { "aria-label": t("flow.part_of") }, h("ol", { class: "path" }, path)) : null,
        h("h2", { id: "drawer-title", tabindex: "-1", "data-hold": "title" }, flowName(this.flow)),
        h("p", null, page("flow", { flow: this.flow }, { class: "topage", "data-hold": "page" }, t("flow.to_page"))),
        h("p", { class: "code" }, this.flow, row ? ` · ${t("flow.newest", { date: day(row.published.slice(0, 10), { year: true }) })}` : ""),
        row?.aliases.length ? h("p", { class: "code" }, t("flow.aliases", { names: row.aliases.join(", ") })) : null,
      ),
      h("button", { type: "button", class: "close", "aria-label": t("drawer.close"), "data-hold": "close", on: { click: () => this.dialog.close() } }, "×"),
    )];
  }
}

const fallback = (claims) => {
  const last = claims.reduce((newest, claim) => (claim.published > newest ? claim.published : newest), "1970-01-01T00:00:00Z");
  const to = dayMs(isoDay(Date.parse(last))) + DAY_MS;
  return { from: to - 14 * DAY_MS, to };
};

const dateLabel = (iso, at) => (at === 0 || iso.endsWith("-01") ? day(iso) : String(Number(iso.slice(8))));
