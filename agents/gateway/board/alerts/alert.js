// The page of an alert: what it says, the days it covers, its history, and the words that it rests on.

import { acts } from "./acts.js";
import { get } from "../shared/api.js";
import { alertSpan, Chart, figureTable } from "../flow/chart.js";
import { acknowledgedWords } from "../desk/desk_words.js";
import { byId, h, page, put } from "../shared/dom.js";
import { explanation } from "../shared/explanation.js";
import { named, pieces, t } from "../shared/language.js";
import { gradeMark, severityMark } from "../shared/marks.js";
import { startPast } from "../shell/past.js";
import { getOr, open, parameters, startPage } from "../shell/page.js";
import { steps, within } from "../flow/series.js";
import { periodMs, periodWords } from "../shared/periods.js";
import { Store } from "../shared/store.js";
import { claimWords, DAY_MS, day, dayMs, flowName, moment, number, populationWords, ratioWords } from "../shared/words.js";

const BEFORE_DAYS = 14; // shown before the first day of the alert
const AFTER_DAYS = 4;
const OPEN = ["firing", "updated"];
const AGAIN_MS = 15_000;
const SOON_MS = [500, 1_500, 4_000]; // after a dialog closed
const store = new Store();
const id = parameters().get("id") ?? "";

async function read() {
  const detail = await get(`v1/alerts/${encodeURIComponent(id)}`);
  const { flow } = detail.alert;
  const [flows, days] = await Promise.all([getOr("v1/flows", { flow, limit: 1 }, { flows: [] }), getOr("v1/days", { flow }, { days: [] })]);
  const muted = detail.quiet ? { [id]: detail.quiet } : {};
  if (store.setMuted(muted)) store.silences = new Map((await getOr("v1/silences", {}, { silences: [] })).silences.map((silence) => [silence.id, silence]));
  store.acknowledged = new Map(detail.acknowledged.length ? [[id, detail.acknowledged.at(-1)]] : []);
  return { ...detail, row: flows.flows.find((row) => row.flow === flow) ?? null, days: days.days };
}

/** What changed from one record to the next, in words. */
export function changes(record, previous) {
  if (!previous) return [t("change.opened")];
  const words = [];
  const moved = (name, write) => { if (record[name] !== previous[name]) words.push(write(previous[name], record[name])); };
  if (record.state === "withdrawn") words.push(t(record.merged_into ? "change.merged" : "change.withdrawn"));
  else if (record.state === "resolved" && previous.state !== "resolved") words.push(t("change.ended"));
  else if (previous.state === "resolved") words.push(t("change.again"));
  moved("severity", (was, is) => t("change.severity", { was: named("severity", was), is: named("severity", is) }));
  moved("day", (was, is) => t("change.day", { was: day(was), is: day(is) }));
  moved("rate", (was, is) => t("change.rate", { was, is }));
  moved("expected", (was, is) => t("change.expected", { was, is }));
  moved("since", (was, is) => t("change.since", { was: day(was), is: day(is) }));
  moved("report_count", (was, is) => t("change.reports", { was, is }));
  return words.length ? words : [t("change.evidence")];
}

function history(records) {
  const titles = ["upto", "state", "severity", "rate", "normal", "changed", "words"];
  return h("section", { "aria-label": t("history.title") }, h("h2", null, t("history.title")),
    h("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": t("history.table") },
      h("table", { class: "history" },
        h("thead", null, h("tr", null, titles.map((title) => h("th", { scope: "col" }, t(`history.${title}`))))),
        h("tbody", null, records.map((record, at) => h("tr", { class: record.minor ? "minor" : "" },
          h("th", { scope: "row" }, moment(record.published)),
          h("td", null, named("state", record.state)), h("td", null, severityMark(record.severity), " ", named("severity", record.severity)),
          h("td", { class: "people" }, number(record.rate)), h("td", { class: "people" }, number(record.expected)),
          h("td", { class: "words" }, changes(record, records[at - 1]).join(", "), record.minor ? ` ${t("history.minor")}` : ""),
          h("td", { class: "words" }, explanation(record))))))));
}

function quotes(alert, evidence) {
  const names = new Map(evidence.claims.map((claim) => [claim.source, claim]));
  if (!alert.quotes?.length) return null;
  return h("section", { "aria-label": t("alert.quotes") }, h("h2", null, t("alert.quotes")),
    alert.quotes.map((quote) => {
      const claim = names.get(quote.source);
      return h("figure", { class: "quote" }, h("blockquote", { dir: "auto" }, h("bdi", null, quote.text)),
        h("figcaption", null, claim ? gradeMark(claim.grade) : null, " ", h("bdi", null, claim?.source_name ?? quote.source), " · ", pieces("claim.report", { report: h("bdi", null, quote.report) })));
    }));
}

function cause(alert, evidence) {
  const [cited, quoted] = [new Set(alert.reports), new Set((alert.quotes ?? []).map((quote) => quote.text))];
  const claims = evidence.claims.filter((claim) => cited.has(`${claim.source}/${claim.report}`) && claim.flow === alert.flow);
  if (!claims.length) return null;
  return h("section", { "aria-label": t("alert.cites") }, h("h2", null, t("alert.cites")),
    h("ul", { class: "cited" }, claims.slice(0, 20).map((claim) => h("li", null, gradeMark(claim.grade), " ", h("b", null, claimWords(claim)), ` · ${periodWords(claim)} · `, h("bdi", null, claim.source_name), ` · ${moment(claim.published)}`,
      claim.text && !quoted.has(claim.text) ? h("blockquote", { dir: "auto" }, h("bdi", null, claim.text)) : null))));
}

/** Who has seen the alert, the newest first. */
const seenBy = (alert, acknowledged) => (acknowledged.length ? h("section", { "aria-label": t("alert.acknowledged") }, h("h2", null, t("alert.acknowledged")),
  h("ul", { class: "cited" }, acknowledged.toReversed().map((record) => h("li", null, h("bdi", null, acknowledgedWords(alert, record)))))) : null);

function draw({ alert, history: records, evidence, quiet, acknowledged, row, days }) {
  document.title = `${named("severity", alert.severity)}: ${flowName(alert.flow)} · bordertally`;
  put(byId("asof"), pieces("alert.record_of", { at: h("b", null, moment(alert.published)) }));
  const fact = (name, value) => h("div", null, h("dt", null, t(`fact.${name}`)), h("dd", null, value));
  put(byId("page"),
    h("div", { class: `page-head alert-head ${alert.severity}` },
      h("p", { class: "kind" }, severityMark(alert.severity), " ", h("b", null, named("severity", alert.severity)), ` · ${named("rule", alert.rule)} · ${named("state", alert.state)}`, quiet ? ` · ${t("state.muted")}` : ""),
      h("h1", null, page("flow", { flow: alert.flow }, null, flowName(alert.flow))),
      h("p", { class: "sentence" }, explanation(alert)),
      OPEN.includes(alert.state) ? acts(alert, store) : null),
    h("dl", { class: "facts" },
      fact("rate", t("rate.day", { rate: alert.rate })), fact("normal", number(alert.expected)), fact("threshold", number(alert.threshold)),
      fact("ratio", alert.ratio === null ? t("fact.from_nothing") : ratioWords(alert.ratio)), fact("peak", t("fact.peak_on", { rate: alert.peak_rate, date: day(alert.peak_day) })),
      fact("population", populationWords(alert.population)), fact("since", day(alert.since, { year: true })), fact("until", alert.until ? day(alert.until, { year: true }) : t("fact.open")), fact("reports", number(alert.report_count))),
    h("section", { "aria-label": t("chart.title") }, h("h2", null, t("chart.title")), h("div", { id: "chart" }), h("details", { id: "chart-table" })),
    quotes(alert, evidence), cause(alert, evidence), history(records), seenBy(alert, acknowledged),
    h("p", { class: "links" },
      page("flow", { flow: alert.flow }, null, t("alert.flow")), " ", links(alert)));
  const span = alertSpan(alert, dayMs);
  const all = steps(days, row?.calendar ?? []);
  const from = span.from - BEFORE_DAYS * DAY_MS;
  const to = span.to + AFTER_DAYS * DAY_MS;
  const level = alert.population === "people" && alert.rule === "daily-rate" ? { expected: alert.expected, threshold: alert.threshold } : null;
  const conflicts = evidence.claims.filter((claim) => claim.role === "conflict" && claim.flow === alert.flow)
    .map((claim) => ({ from: periodMs(claim.period)?.start ?? 0, to: periodMs(claim.period)?.end ?? 0, words: t("chart.conflict", { claim: claimWords(claim), source: claim.source_name }) }));
  new Chart(byId("chart"), { name: flowName(alert.flow) }).draw({ from, to, steps: all, level, alerts: [span], conflicts });
  byId("chart-table").replaceChildren(h("summary", null, t("chart.table")), figureTable(within(all, from, to)));
}

function links(alert) {
  const link = (path, words) => {
    const made = h("a", null, words);
    made.href = path;
    return made;
  };
  const other = (name, words) => (name ? [" ", page("alert", { id: name }, null, words)] : "");
  return [link(`v1/alerts/${alert.id}.cap`, t("alert.cap")), " ", link(`v1/alerts/${alert.id}`, "JSON"), other(alert.previous, t("alert.previous")), other(alert.merged_into, t("alert.merged_into"))];
}

startPage();
startPast();
/** Read the alert again and draw it if it changed; the focus stays where it is, as far as that is still there. */
async function again() {
  if (document.hidden || document.querySelector("dialog[open]")) return;
  try {
    const newer = await read();
    if (JSON.stringify(newer) === JSON.stringify(data)) return;
    const focused = document.activeElement?.getAttribute("aria-label");
    draw((data = newer));
    if (focused) byId("page").querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  } catch {
    // read again later
  }
}

let data = await open(read);
draw(data);
setInterval(again, AGAIN_MS);
document.addEventListener("close", () => SOON_MS.forEach((ms) => setTimeout(again, ms)), true); // what was done shows when it is read
