// The overview: for each origin how many people left, where they went, whether it gets worse, how sure that is, and who says so.

import { h, inner } from "../shared/dom.js";
import { projected, trendLine } from "../flow/flows.js";
import { severityMark } from "../shared/marks.js";
import { mainTotal } from "../shared/spans.js";
import { pieces, t } from "../shared/language.js";
import { before, count, day, flowName, interval, isBelow, lastPart, number } from "../shared/words.js";

const MOST = 3; // origins with a card of their own: the others are in the list of flows
const DESTINATIONS = 4;
const SOURCES = 3; // named on a card

/** Who says a total: its sources by name, those that speak for a country before counters, then by grade. */
function byWhom(total, store) {
  const cited = [...new Set(total.reports.map((report) => report.split("/")[0]))].map((id) => store.sources.get(id)).filter(Boolean);
  cited.sort((a, b) => Number(a.topic === "checkpoint") - Number(b.topic === "checkpoint") || a.grade.localeCompare(b.grade) || a.name.localeCompare(b.name));
  const names = cited.slice(0, SOURCES).map((source, at) => [at ? ", " : "", h("bdi", null, source.name)]);
  const reports = count(total.report_count, "report");
  if (!names.length) return reports;
  return pieces("glance.by", { reports, names: [names, cited.length > SOURCES ? ` ${t("glance.more", { n: cited.length - SOURCES })}` : ""] });
}

function card(row, store) {
  const total = mainTotal(row);
  const alerts = store.openAlerts.filter((alert) => alert.flow === row.flow || isBelow(alert.flow, row.flow));
  const parts = store.children(row.flow).filter((child) => mainTotal(child)?.best).sort((a, b) => mainTotal(b).best - mainTotal(a).best);
  const { spoken, known } = total.reporting;
  return h("article", { class: "glance", "data-origin": row.flow },
    h("h3", null, inner(`flow=${row.flow}`, null, flowName(row.flow))),
    h("p", { class: "sum" }, pieces("total.people", { n: total.best, people: h("b", null, number(total.best)), days: count(total.window_days, "day"), date: day(before(total.as_of)) })),
    h("p", { class: "sure" }, h("span", null, interval(total.low, total.high)), total.projected ? projected(total) : h("span", null, t("projected.none"))),
    h("p", { class: "worse" }, row.rate === null ? t("rate.none") : h("span", null, pieces("rate.day", { rate: h("b", null, number(row.rate)) }), " "), trendLine(store.trend(row.flow), row)),
    parts.length ? h("p", { class: "where" }, t("glance.mostly"), " ", parts.slice(0, DESTINATIONS).map((child, at) => [at ? ", " : "", h("span", { class: "part" }, lastPart(child.flow), " ", h("b", null, number(mainTotal(child).best)))])) : null,
    h("p", { class: "who" }, byWhom(total, store), known ? ` · ${t("glance.reporting", { n: known, spoken, known })}` : "",
      alerts.length ? [" · ", severityMark(alerts[0].severity), ` ${count(alerts.length, "open_alert")}`] : ""));
}

/** Draw a card for each of the most urgent origins. */
export function drawOverview(home, store) {
  const origins = store.children(null).filter((row) => store.groupOf(row.flow) === "departures" && mainTotal(row));
  const focused = document.activeElement?.closest?.("[data-origin]")?.dataset.origin;
  home.hidden = !origins.length;
  home.replaceChildren(...origins.slice(0, MOST).map((row) => card(row, store)));
  if (focused) home.querySelector(`[data-origin="${CSS.escape(focused)}"] a`)?.focus();
}
