// The page of an alert: what it says, the days it covers, its history, and the words that it rests on.

import { acts } from "./acts.js";
import { get } from "./api.js";
import { alertSpan, Chart, figureTable } from "./chart.js";
import { acknowledgedWords } from "./desk_words.js";
import { byId, h, page, put } from "./dom.js";
import { gradeMark, severityMark } from "./marks.js";
import { startPast } from "./past.js";
import { getOr, open, parameters, startTheme } from "./page.js";
import { steps, within } from "./series.js";
import { periodMs } from "./spans.js";
import { Store } from "./store.js";
import { claimWords, DAY_MS, day, dayMs, flowName, moment, number, populationWords, ratioWords } from "./words.js";

const BEFORE_DAYS = 14; // shown before the first day of the alert
const AFTER_DAYS = 4;
const RULES = { "daily-rate": "Above normal", drop: "A drop", record: "A record", silence: "A silence", conflict: "A conflict", "checkpoint-share": "A shift" };

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
  if (!previous) return ["opened"];
  const words = [];
  const moved = (name, write) => { if (record[name] !== previous[name]) words.push(write(previous[name], record[name])); };
  if (record.state === "withdrawn") words.push(record.merged_into ? "became one with another alert" : "newer reports took it away");
  else if (record.state === "resolved" && previous.state !== "resolved") words.push("ended");
  else if (previous.state === "resolved") words.push("open again");
  moved("severity", (was, is) => `${was} to ${is}`);
  moved("day", (was, is) => `day ${day(was)} to ${day(is)}`);
  moved("rate", (was, is) => `${number(was)} to ${number(is)} a day`);
  moved("expected", (was, is) => `normal ${number(was)} to ${number(is)}`);
  moved("since", (was, is) => `since ${day(was)} to since ${day(is)}`);
  moved("report_count", (was, is) => `${number(was)} to ${number(is)} reports`);
  return words.length ? words : ["evidence only"];
}

function history(records) {
  const titles = ["Reports up to", "State", "Severity", "Rate", "Normal", "What changed", "In words"];
  return h("section", { "aria-label": "History" }, h("h2", null, "History"),
    h("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Table of the records" },
      h("table", { class: "history" },
        h("thead", null, h("tr", null, titles.map((title) => h("th", { scope: "col" }, title)))),
        h("tbody", null, records.map((record, at) => h("tr", { class: record.minor ? "minor" : "" },
          h("th", { scope: "row" }, moment(record.published)),
          h("td", null, record.state), h("td", null, severityMark(record.severity), " ", record.severity),
          h("td", { class: "people" }, number(record.rate)), h("td", { class: "people" }, number(record.expected)),
          h("td", { class: "words" }, changes(record, records[at - 1]).join(", "), record.minor ? " (nobody was notified)" : ""),
          h("td", { class: "words" }, h("bdi", null, record.explanation))))))));
}

function quotes(alert, evidence) {
  const names = new Map(evidence.claims.map((claim) => [claim.source, claim]));
  if (!alert.quotes?.length) return null;
  return h("section", { "aria-label": "In the words of its sources" }, h("h2", null, "In the words of its sources"),
    alert.quotes.map((quote) => {
      const claim = names.get(quote.source);
      return h("figure", { class: "quote" }, h("blockquote", { dir: "auto" }, h("bdi", null, quote.text)),
        h("figcaption", null, claim ? gradeMark(claim.grade) : null, " ", h("bdi", null, claim?.source_name ?? quote.source), ` · report ${quote.report}`));
    }));
}

function cause(alert, evidence) {
  const cited = new Set(alert.reports);
  const claims = evidence.claims.filter((claim) => cited.has(`${claim.source}/${claim.report}`) && claim.flow === alert.flow);
  if (!claims.length) return null;
  return h("section", { "aria-label": "Reports" }, h("h2", null, "Reports that it cites"),
    h("ul", { class: "cited" }, claims.slice(0, 20).map((claim) => h("li", null, gradeMark(claim.grade), " ", h("b", null, claimWords(claim)), ` · ${claim.period.replace("/", " to ")} · `, h("bdi", null, claim.source_name), ` · ${moment(claim.published)}`,
      claim.text ? h("blockquote", { dir: "auto" }, h("bdi", null, claim.text)) : null))));
}

/** Who has seen the alert, the newest first. */
const seenBy = (alert, acknowledged) => (acknowledged.length ? h("section", { "aria-label": "Acknowledged" }, h("h2", null, "Acknowledged"),
  h("ul", { class: "cited" }, acknowledged.toReversed().map((record) => h("li", null, h("bdi", null, acknowledgedWords(alert, record)))))) : null);

function draw({ alert, history: records, evidence, quiet, acknowledged, row, days }) {
  document.title = `${alert.severity}: ${flowName(alert.flow)} · bordertally`;
  byId("asof").replaceChildren("Record of ", h("b", null, moment(alert.published)));
  const fact = (title, value) => h("div", null, h("dt", null, title), h("dd", null, value));
  put(byId("page"),
    h("div", { class: `page-head alert-head ${alert.severity}` },
      h("p", { class: "kind" }, severityMark(alert.severity), " ", h("b", null, alert.severity), ` · ${RULES[alert.rule] ?? alert.rule} · ${alert.state}`, quiet ? " · muted" : ""),
      h("h1", null, page("flow", { flow: alert.flow }, null, flowName(alert.flow))),
      h("p", { class: "sentence" }, h("bdi", null, alert.explanation)),
      OPEN.includes(alert.state) ? acts(alert, store) : null),
    h("dl", { class: "facts" },
      fact("Rate", `${number(alert.rate)} a day`), fact("Normal", number(alert.expected)), fact("Alert above", number(alert.threshold)),
      fact("Ratio", alert.ratio === null ? "from nothing" : ratioWords(alert.ratio)), fact("Peak", `${number(alert.peak_rate)} on ${day(alert.peak_day)}`),
      fact("Counted", populationWords(alert.population)), fact("Since", day(alert.since, { year: true })), fact("Until", alert.until ? day(alert.until, { year: true }) : "open"), fact("Reports", number(alert.report_count))),
    h("section", { "aria-label": "Along time" }, h("h2", null, "Along time"), h("div", { id: "chart" }), h("details", { id: "chart-table" })),
    quotes(alert, evidence), cause(alert, evidence), history(records), seenBy(alert, acknowledged),
    h("p", { class: "links" },
      page("flow", { flow: alert.flow }, null, "The flow"), " ", links(alert)));
  const span = alertSpan(alert, dayMs);
  const all = steps(days, row?.calendar ?? []);
  const from = span.from - BEFORE_DAYS * DAY_MS;
  const to = span.to + AFTER_DAYS * DAY_MS;
  const level = alert.population === "people" && alert.rule === "daily-rate" ? { expected: alert.expected, threshold: alert.threshold } : null;
  const conflicts = evidence.claims.filter((claim) => claim.role === "conflict" && claim.flow === alert.flow)
    .map((claim) => ({ from: periodMs(claim.period)?.start ?? 0, to: periodMs(claim.period)?.end ?? 0, words: `in conflict: ${claimWords(claim)} by ${claim.source_name}` }));
  new Chart(byId("chart"), { name: flowName(alert.flow) }).draw({ from, to, steps: all, level, alerts: [span], conflicts });
  byId("chart-table").replaceChildren(h("summary", null, "Figures as a table"), figureTable(within(all, from, to)));
}

function links(alert) {
  const link = (path, words) => {
    const made = h("a", null, words);
    made.href = path;
    return made;
  };
  const other = (name, words) => (name ? [" ", page("alert", { id: name }, null, words)] : "");
  return [link(`v1/alerts/${alert.id}.cap`, "CAP message"), " ", link(`v1/alerts/${alert.id}`, "JSON"), other(alert.previous, "The alert before"), other(alert.merged_into, "The alert it became one with")];
}

startTheme();
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
