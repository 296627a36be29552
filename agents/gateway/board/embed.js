// One flow for a frame on another site: its figure, its chart, its date, and a link to its page.

import { get } from "./api.js";
import { alertSpan, Chart } from "./chart.js";
import { byId, h, page, put } from "./dom.js";
import { open, parameters, startTheme } from "./page.js";
import { steps } from "./series.js";
import { mainTotal } from "./spans.js";
import { before, DAY_MS, day, dayMs, flowName, interval, moment, number, plural } from "./words.js";

const flow = parameters().get("flow") ?? "";
const DAYS = Number(parameters().get("days")) || 30;

async function read() {
  const [{ flows }, { days }, { alerts }] = await Promise.all([get("v1/flows", { flow, limit: 1 }), get("v1/days", { flow }), get("v1/alerts", { state: "all", flow, limit: 50 })]);
  return { row: flows[0], days, alerts: alerts.filter((alert) => alert.flow === flow && alert.state !== "withdrawn") };
}

startTheme();
const { row, days, alerts } = await open(read);
const total = mainTotal(row);
const link = page("flow", { flow }, { target: "_blank", rel: "noopener" }, flowName(flow));
document.title = flowName(flow);
put(byId("page"),
  h("h1", { class: "embed-title" }, link),
  total ? h("p", { class: "headline" }, h("b", null, number(total.best)), ` people in ${plural(total.window_days, "day")} to ${day(before(total.as_of), { year: true })}, ${interval(total.low, total.high)}`) : null,
  h("div", { id: "chart" }),
  h("p", { class: "note" }, `bordertally, as of ${moment(row.published)}`));
const to = row.as_of ? dayMs(row.as_of) : dayMs(days.at(-1)?.day ?? "1970-01-01") + DAY_MS;
new Chart(byId("chart"), { name: flowName(flow) }).draw({ from: to - DAYS * DAY_MS, to, steps: steps(days, row.calendar), level: row.baseline?.population === "people" ? { expected: row.baseline.expected, threshold: row.threshold } : null, alerts: alerts.map((alert) => alertSpan(alert, dayMs)) });
