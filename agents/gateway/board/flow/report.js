// The situation report: one page about an origin, to print: figures, chart, alerts, sources, words, and date.

import { get, getAll } from "../shared/api.js";
import { alertSpan, Chart } from "./chart.js";
import { byId, contact, h, put } from "../shared/dom.js";
import { explanation } from "../shared/explanation.js";
import { named, pieces, t } from "../shared/language.js";
import { gradeMark, severityMark } from "../shared/marks.js";
import { startPast } from "../shell/past.js";
import { getOr, open, parameters, startPage } from "../shell/page.js";
import { steps } from "./series.js";
import { mainTotal } from "../shared/spans.js";
import { Store } from "../shared/store.js";
import { citation } from "./takealong.js";
import { trendWords } from "../shared/trend.js";
import { whySentences } from "./why.js";
import { before, count, DAY_MS, day, dayMs, flowName, interval, moment, number, partName, ratioWords, share } from "../shared/words.js";

const MOST_ROWS = 14;
const MOST_QUOTES = 4;
const MOST_SENTENCES = 8;
const DAYS = 30;

const flow = parameters().get("origin") ?? "";
const store = new Store();

async function read() {
  const [flows, alerts, evidence, about, registry] = await Promise.all([
    getAll("v1/flows", "flows", { flow }),
    get("v1/alerts", { state: "all", flow, limit: 100 }),
    getOr("v1/evidence", { flow }, { claims: [], says: [] }),
    get("v1/about"),
    getOr("v1/sources", {}, { sources: [] }),
  ]);
  store.replace({ flows, alerts: alerts.alerts, sources: registry.sources });
  const names = [flow, ...store.parts(flow).map((row) => row.flow)].slice(0, 50);
  const { days } = await get("v1/days", { flow: names });
  for (const name of names) store.days.set(name, days.filter((figure) => figure.flow === name));
  return { evidence, about };
}

function line(row, kind) {
  const total = mainTotal(row);
  const trend = store.trend(row.flow);
  const alert = store.alertOf(row.flow);
  const level = row.comparable === false ? t("rate.incomparable") : row.baseline?.expected > 0 && row.rate !== null ? t("rate.of_normal", { times: ratioWords(row.rate / row.baseline.expected), normal: row.baseline.expected }) : t("rate.no_normal");
  return h("tr", { class: kind },
    h("th", { scope: "row" }, kind ? flowName(row.flow) : partName(row.flow, flow), alert ? [" ", severityMark(alert.severity, { labelled: true })] : ""),
    h("td", null, total ? number(total.best) : "–"), h("td", null, total ? interval(total.low, total.high) : "–"),
    h("td", null, total?.projected ? share(total.projected, total.best) : "–"), h("td", null, row.rate === null ? "–" : number(row.rate)),
    h("td", null, trend ? trendWords(trend) : "–"), h("td", null, level), h("td", null, total ? day(before(total.as_of)) : "–"));
}

function sources(claims) {
  const known = new Map();
  for (const claim of claims) {
    const row = known.get(claim.source) ?? { ...claim, reports: new Set() };
    row.reports.add(claim.report);
    if (claim.published > row.published) row.published = claim.published;
    known.set(claim.source, row);
  }
  return [...known.values()].sort((a, b) => a.grade.localeCompare(b.grade) || a.source_name.localeCompare(b.source_name));
}

function draw({ evidence, about }) {
  const row = store.flows.get(flow);
  const total = mainTotal(row);
  const open = store.openAlerts;
  const titles = [t("column.flow"), total ? `${t("column.people")}, ${count(total.window_days, "day")}` : t("column.people"), ...["interval", "projected", "daily", "change", "normal", "until"].map((title) => t(`column.${title}`))];
  const title = t("report.title", { flow: flowName(flow) });
  const quoted = evidence.claims.filter((claim) => claim.text && claim.role === "counted").slice(0, MOST_QUOTES);
  document.title = title;
  put(byId("asof"), pieces("asof.at", { at: h("b", null, moment(row.published)) }));
  put(byId("page"),
    h("div", { class: "page-head" }, h("h1", null, title),
      h("p", { class: "headline" }, total ? [pieces("total.people", { n: total.best, people: h("b", null, number(total.best)), days: count(total.window_days, "day"), date: day(before(total.as_of), { year: true }) }), `, ${interval(total.low, total.high)}`] : t("total.none")),
      h("button", { type: "button", class: "quiet no-print", on: { click: () => window.print() } }, t("report.print"))),
    h("section", { "aria-label": t("report.figures") },
      h("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": t("report.table") },
        h("table", { class: "report-table" }, h("thead", null, h("tr", null, titles.map((words) => h("th", { scope: "col" }, words)))),
          h("tbody", null, line(row, "whole"), store.parts(flow).slice(0, MOST_ROWS).map((child) => line(child, "")))))),
    h("section", { "aria-label": t("chart.axis") }, h("h2", null, t("chart.axis")), h("div", { id: "chart" })),
    h("section", { "aria-label": t("alerts.title") }, h("h2", null, open.length ? count(open.length, "open_alert") : t("alerts.none")),
      h("ul", { class: "cited" }, open.map((alert) => h("li", null, severityMark(alert.severity), " ", h("b", null, named("severity", alert.severity)), " ", explanation(alert))))),
    h("section", { "aria-label": t("report.why") }, h("h2", null, t("report.why")), h("ul", { class: "cited" }, whySentences(evidence).slice(0, MOST_SENTENCES).map((sentence) => h("li", null, h("bdi", null, sentence))))),
    h("section", { "aria-label": t("sources.title") }, h("h2", null, t("sources.title")),
      h("ul", { class: "cited" }, sources(evidence.claims).map((claim) => h("li", null, gradeMark(claim.grade), " ", h("bdi", null, claim.source_name), `, ${t("report.source", { reports: count(claim.reports.size, "report"), at: moment(claim.published) })}`, store.sources.get(claim.source)?.contact ? [" · ", contact(store.sources.get(claim.source).contact)] : null)))),
    quoted.length ? h("section", { "aria-label": t("report.words") }, h("h2", null, t("report.words")), quoted.map((claim) => h("figure", { class: "quote" }, h("blockquote", { dir: "auto" }, h("bdi", null, claim.text)), h("figcaption", null, h("bdi", null, claim.source_name), `, ${moment(claim.published)}`)))) : null,
    h("p", { class: "note" }, citation({ what: title, asOf: moment(row.published), version: about.version, address: location.href })));
  const to = row.as_of ? dayMs(row.as_of) : Date.now();
  const level = row.baseline?.population === "people" ? { expected: row.baseline.expected, threshold: row.threshold } : null;
  new Chart(byId("chart"), { name: flowName(flow) }).draw({ from: to - DAYS * DAY_MS, to, steps: steps(store.days.get(flow), row.calendar), level, alerts: open.filter((alert) => alert.flow === flow).map((alert) => alertSpan(alert, dayMs)) });
}

startPage();
startPast();
draw(await open(read));
