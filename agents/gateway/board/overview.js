// The overview: for each origin how many people left, where they went, whether it gets worse, how sure that is, and who says so.

import { h, inner } from "./dom.js";
import { projected, trendLine } from "./flows.js";
import { severityMark } from "./marks.js";
import { mainTotal } from "./spans.js";
import { before, day, flowName, interval, isBelow, lastPart, number, plural } from "./words.js";

const MOST = 3; // origins with a card of their own: the others are in the list of flows
const DESTINATIONS = 4;

function card(row, store) {
  const total = mainTotal(row);
  const alerts = store.openAlerts.filter((alert) => alert.flow === row.flow || isBelow(alert.flow, row.flow));
  const parts = store.children(row.flow).filter((child) => mainTotal(child)?.best).sort((a, b) => mainTotal(b).best - mainTotal(a).best);
  const { spoken, known } = total.reporting;
  return h("article", { class: "glance", "data-origin": row.flow },
    h("h3", null, inner(`flow=${row.flow}`, null, flowName(row.flow))),
    h("p", { class: "sum" }, h("b", null, number(total.best)), ` people in ${plural(total.window_days, "day")} to ${day(before(total.as_of))}`),
    h("p", { class: "sure" }, h("span", null, interval(total.low, total.high)), total.projected ? projected(total) : h("span", null, "nothing projected")),
    h("p", { class: "worse" }, row.rate === null ? "no daily rate yet" : h("span", null, h("b", null, number(row.rate)), " a day "), trendLine(store.trend(row.flow), row)),
    parts.length ? h("p", { class: "where" }, "Mostly to ", parts.slice(0, DESTINATIONS).map((child, at) => [at ? ", " : "", h("span", { class: "part" }, lastPart(child.flow), " ", h("b", null, number(mainTotal(child).best)))])) : null,
    h("p", { class: "who" }, plural(total.report_count, "report"), known ? `, ${spoken} of ${known} parts report` : "",
      alerts.length ? [" · ", severityMark(alerts[0].severity), ` ${plural(alerts.length, "open alert")}`] : ""));
}

/** Draw a card for each of the most urgent origins. */
export function drawOverview(home, store) {
  const origins = store.children(null).filter((row) => store.groupOf(row.flow) === "departures" && mainTotal(row));
  const focused = document.activeElement?.closest?.("[data-origin]")?.dataset.origin;
  home.hidden = !origins.length;
  home.replaceChildren(...origins.slice(0, MOST).map((row) => card(row, store)));
  if (focused) home.querySelector(`[data-origin="${CSS.escape(focused)}"] a`)?.focus();
}
