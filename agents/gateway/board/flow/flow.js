// The page of a flow: its figure, its chart along time, its alerts, what is behind it, and what can be taken along.

import { get, getAll } from "../shared/api.js";
import { alertLinks, alertSpan, Chart, figureTable } from "./chart.js";
import { byId, h, page, put } from "../shared/dom.js";
import { pieces, t } from "../shared/language.js";
import { Explanation } from "./drawer.js";
import { startPast } from "../shell/past.js";
import { getOr, open, parameters, setParameters, startPage } from "../shell/page.js";
import { shifted, steps, within, YEAR_OF_WEEKS } from "./series.js";
import { periodMs } from "../shared/periods.js";
import { mainTotal } from "../shared/spans.js";
import { Store } from "../shared/store.js";
import { citation, fileName, saveCsv, savePng, saveSvg } from "./takealong.js";
import { trendLine } from "./flows.js";
import { before, claimWords, count, DAY_MS, day, dayMs, flowName, flowWords, interval, isoDay, moment, number, place } from "../shared/words.js";

const ZOOMS = [[7, "day"], [30, "day"], [90, "day"], [365, "year"]];
const AGAIN_MS = 30_000;
const MOST_FLOWS = 50; // of one request for days
const YEAR = "year"; // what `compare` says for the same weeks a year before

const asked = parameters();
const flow = asked.get("flow") ?? "";
const store = new Store();
let data = null;
let chart = null;
let explanation = null;

// --- reading ------------------------------------------------------------------------------------------------

/** The flow whose figures are compared with; null without one. */
const rival = () => {
  const compare = parameters().get("compare");
  return compare && compare !== YEAR ? compare : null;
};

async function read() {
  const root = flow.startsWith("*") ? flow : flow.split(":")[0];
  const other = rival();
  const [flows, alerts, sources, about] = await Promise.all([
    getAll("v1/flows", "flows", { flow: [root, ...(other ? [other] : [])] }),
    get("v1/alerts", { state: "all", flow, limit: 200 }),
    getOr("v1/sources", {}, { sources: [] }),
    get("v1/about"),
  ]);
  store.replace({ flows, alerts: alerts.alerts, sources: sources.sources });
  const names = [...new Set([flow, ...(other ? [other] : []), ...store.children(flow).map((child) => child.flow)])].slice(0, MOST_FLOWS);
  const { days } = await get("v1/days", { flow: names });
  for (const name of names) store.days.set(name, days.filter((figure) => figure.flow === name));
  const row = store.flows.get(flow);
  return { row, about, steps: steps(store.days.get(flow), row.calendar), conflicts: data?.conflicts ?? [] };
}

/** Read the claims in conflict on the days that the chart shows. */
async function readConflicts({ from, to }) {
  const evidence = await getOr("v1/evidence", { flow, from: isoDay(from), to: isoDay(to) }, { claims: [] });
  data.conflicts = evidence.claims.filter((claim) => claim.role === "conflict" && claim.flow === flow).map((claim) => {
    const span = periodMs(claim.period);
    return span ? { from: span.start, to: span.end, words: t("chart.conflict", { claim: claimWords(claim), source: claim.source_name }) } : null;
  }).filter(Boolean);
  drawChart();
}

// --- the days shown --------------------------------------------------------------------------------------------

/** The days of the chart, ms [from, to), by the address: from and to, or the newest days. */
function range() {
  const { row } = data;
  const query = parameters();
  const [from, to] = [query.get("from"), query.get("to")].map((iso) => (/^\d{4}-\d{2}-\d{2}$/.test(iso ?? "") ? dayMs(iso) : null));
  const end = to ?? (row.as_of ? dayMs(row.as_of) : dayMs(isoDay(Date.now())));
  const start = from ?? end - (Number(query.get("days")) || 30) * DAY_MS;
  return start < end ? { from: start, to: end } : { from: end - 30 * DAY_MS, to: end };
}

function comparison() {
  const compare = parameters().get("compare");
  if (compare === YEAR) return { steps: shifted(data.steps, YEAR_OF_WEEKS), words: t("compare.year_before") };
  if (!compare || !store.flows.has(compare)) return null;
  return { steps: steps(store.days.get(compare) ?? [], store.flows.get(compare).calendar), words: flowWords(compare) };
}

const spans = () => [...store.alerts.values()].filter((alert) => alert.flow === flow && alert.state !== "withdrawn").map((alert) => alertSpan(alert, dayMs));

/** Between which people a day the mean of the newest total may come to lie after revisions; null where that is not known. */
function afterRevisions(row) {
  const total = mainTotal(row);
  if (!total?.after_revisions) return null;
  const { low, high } = total.after_revisions;
  return { from: dayMs(total.as_of) - total.window_days * DAY_MS, to: dayMs(total.as_of), low: low / total.window_days, high: high / total.window_days };
}

function drawChart() {
  const { row } = data;
  const { from, to } = range();
  const other = comparison();
  const level = row.baseline ? { expected: row.baseline.population === "people" ? row.baseline.expected : null, threshold: row.baseline.population === "people" ? row.threshold : null } : null;
  const revised = afterRevisions(row);
  chart.draw({ from, to, steps: data.steps, level, alerts: spans(), conflicts: data.conflicts, other, revised });
  const shown = within(data.steps, from, to);
  const coarse = shown.some((step) => step.kind !== "day");
  byId("chart-notes").replaceChildren(
    h("p", { class: "note" }, t("chart.range", { from: day(isoDay(from), { year: true }), to: day(isoDay(to - DAY_MS), { year: true }) }), " ",
      coarse ? `${t("chart.coarse")} ` : "",
      parameters().get("compare") === YEAR && !within(other.steps, from, to).length ? t("compare.nothing_known") : ""),
    h("ul", { class: "keys-list" },
      [...["line", "band", "expected", "threshold", "alert", "conflict", ...(revised ? ["revised"] : [])].map((kind) => [kind, t(`key.${kind}`)]), ...(other ? [["other", other.words]] : [])]
        .map(([kind, words]) => h("li", { class: "key" }, h("span", { class: `swatch ${kind}-key`, "aria-hidden": "true" }), words))),
  );
  byId("chart-table").replaceChildren(h("summary", null, t("chart.table")), figureTable(shown, other));
  for (const input of document.querySelectorAll("[name=days]")) input.checked = !parameters().get("from") && input.value === (parameters().get("days") ?? "30");
  byId("from").value = isoDay(from);
  byId("to").value = isoDay(to - DAY_MS);
}

function change(changes) {
  setParameters(changes);
  drawChart();
  readConflicts(range());
}

// --- the page --------------------------------------------------------------------------------------------------

function controls() {
  const zoom = ([value, unit]) => h("label", null, h("input", { type: "radio", name: "days", value, on: { change: () => change({ days: value, from: null, to: null }) } }), h("span", null, count(unit === "year" ? 1 : value, unit)));
  const edge = (name, words) => h("label", { class: "field" }, h("span", null, words), h("input", { type: "date", id: name, on: { change: () => change({
    days: null, from: byId("from").value, to: byId("to").value ? isoDay(dayMs(byId("to").value) + DAY_MS) : null }) } }));
  const names = [...store.flows.keys()].filter((name) => name !== flow).slice(0, 300);
  const compare = h("select", { id: "compare", on: { change: async (event) => { setParameters({ compare: event.target.value || null }); data = await read(); drawChart(); } } },
    h("option", { value: "" }, t("compare.nothing")),
    h("option", { value: YEAR, selected: parameters().get("compare") === YEAR }, t("compare.year")),
    names.map((name) => h("option", { value: name, selected: parameters().get("compare") === name }, flowName(name))));
  return h("div", { class: "controls" },
    h("fieldset", { class: "windows zoom" }, h("legend", { class: "unseen" }, t("chart.days")), ZOOMS.map(zoom)),
    edge("from", t("chart.from")), edge("to", t("chart.to")),
    h("label", { class: "field" }, h("span", null, t("compare.title")), compare));
}

function cite() {
  const total = mainTotal(data.row);
  const what = total
    ? t("take.figure", { n: total.best, flow: flowName(flow), people: total.best, interval: interval(total.low, total.high), days: count(total.window_days, "day"), date: day(before(total.as_of), { year: true }) })
    : flowName(flow);
  return citation({ what, asOf: moment(data.row.published), version: data.about.version, address: location.href });
}

function takeAlong() {
  const words = () => ({ title: t("take.chart_title", { flow: flowName(flow) }), citation: cite() });
  const act = (title, run) => h("button", { type: "button", class: "quiet", on: { click: () => Promise.resolve(run()).catch((error) => { byId("announcement").textContent = t("take.not_saved", { why: error.message }); }) } }, title);
  const embed = `<iframe src="${new URL(`embed?flow=${flow}`, document.baseURI)}" width="600" height="460" title="${flowWords(flow)}"></iframe>`;
  const root = flow.startsWith("*") ? flow : flow.split(":")[0];
  return h("section", { class: "take", "aria-label": t("take.title") }, h("h2", null, t("take.title")),
    h("div", { class: "buttons" },
      act(t("take.csv"), () => saveCsv("v1/days", { flow }, fileName(flow))),
      act(t("take.svg"), () => saveSvg(chart.drawing, words(), fileName(flow))),
      act(t("take.png"), () => savePng(chart.drawing, words(), fileName(flow))),
      page("report", { origin: root }, { class: "button quiet" }, t("take.report"))),
    h("label", { class: "field wide" }, h("span", null, t("take.cite")), h("textarea", { id: "cite", readonly: true, rows: 3 }, cite())),
    h("label", { class: "field wide" }, h("span", null, t("take.embed")), h("textarea", { id: "embed", readonly: true, rows: 2 }, embed)));
}

function drawPage() {
  const { row } = data;
  const parts = flow.split(":");
  const path = parts.slice(0, -1).map((part, at) => [parts.slice(0, at + 1).join(":"), part]).filter(([name]) => store.flows.has(name));
  const total = mainTotal(row);
  document.title = `${flowName(flow)} · bordertally`;
  put(byId("asof"), pieces("asof.at", { at: h("b", null, moment(row.published)) }));
  const alerts = spans();
  put(byId("page"),
    h("div", { class: "page-head" },
      path.length ? h("nav", { "aria-label": t("flow.part_of") }, h("ol", { class: "path" }, path.map(([name, part]) => h("li", null, page("flow", { flow: name }, null, place(part)))))) : null,
      h("h1", null, flowName(flow)),
      h("p", { class: "code" }, flow),
      total ? h("p", { class: "headline" }, pieces("rate.day", { rate: h("b", null, number(row.rate ?? 0)) }), row.rate_day ? ` ${t("date.on", { date: day(row.rate_day, { year: true }) })} ` : " ", trendLine(store.trend(flow), row)) : null),
    h("section", { class: "days", "aria-label": t("chart.title") }, h("h2", null, t("chart.title")), controls(), h("div", { id: "chart" }), h("div", { id: "chart-notes" }), h("details", { id: "chart-table" })),
    alerts.length ? h("section", { "aria-label": t("flow.alerts") }, h("h2", null, t("flow.alerts")), alertLinks(alerts)) : null,
    h("section", { class: "behind-it", "aria-label": t("flow.behind") }, h("h2", null, t("flow.behind")), h("div", { id: "explanation" })),
    takeAlong());
  chart = new Chart(byId("chart"), { name: flowName(flow) });
  explanation = new Explanation(byId("explanation"), store, { withDays: false, onWindow: (window) => { setParameters({ window }); explanation.show(flow, window); } });
  drawChart();
  readConflicts(range());
  explanation.show(flow, parameters().get("window"));
}

async function again() {
  if (document.hidden) return;
  try {
    data = await read();
    drawChart();
    explanation.refresh();
  } catch {
    // read again later; the figures shown keep their date
  }
}

startPage();
startPast();
data = await open(read);
drawPage();
setInterval(again, AGAIN_MS);
