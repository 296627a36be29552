// One flow for a frame on another site: its figure, its chart, its date, and a link to its page.

import { get } from "../shared/api.js";
import { alertSpan, Chart } from "./chart.js";
import { byId, h, page, put } from "../shared/dom.js";
import { pieces, t } from "../shared/language.js";
import { open, parameters, startPage } from "../shell/page.js";
import { steps } from "./series.js";
import { mainTotal } from "../shared/spans.js";
import { before, count, DAY_MS, day, dayMs, flowName, interval, moment, number } from "../shared/words.js";

const flow = parameters().get("flow") ?? "";
const DAYS = Number(parameters().get("days")) || 30;

async function read() {
  const [{ flows }, { days }, { alerts }] = await Promise.all([get("v1/flows", { flow, limit: 1 }), get("v1/days", { flow }), get("v1/alerts", { state: "all", flow, limit: 50 })]);
  return { row: flows[0], days, alerts: alerts.filter((alert) => alert.flow === flow && alert.state !== "withdrawn") };
}

startPage();
const { row, days, alerts } = await open(read);
const total = mainTotal(row);
const link = page("flow", { flow }, { target: "_blank", rel: "noopener" }, flowName(flow));
document.title = flowName(flow);
put(byId("page"),
  h("h1", { class: "embed-title" }, link),
  total ? h("p", { class: "headline" }, pieces("total.people", { n: total.best, people: h("b", null, number(total.best)), days: count(total.window_days, "day"), date: day(before(total.as_of), { year: true }) }), `, ${interval(total.low, total.high)}`) : null,
  h("div", { id: "chart" }),
  h("p", { class: "note" }, t("embed.as_of", { at: moment(row.published) })));
const to = row.as_of ? dayMs(row.as_of) : dayMs(days.at(-1)?.day ?? "1970-01-01") + DAY_MS;
new Chart(byId("chart"), { name: flowName(flow) }).draw({ from: to - DAYS * DAY_MS, to, steps: steps(days, row.calendar), level: row.baseline?.population === "people" ? { expected: row.baseline.expected, threshold: row.threshold } : null, alerts: alerts.map((alert) => alertSpan(alert, dayMs)) });
