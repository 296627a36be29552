// Open alerts, the most severe first, each with its explanation; closed alerts are folded below.

import { acts } from "./acts.js";
import { h, inner, page } from "./dom.js";
import { bullet, severityMark } from "./marks.js";
import { day, dayMs, DAY_MS, flowName, moment, plural, ratioWords } from "./words.js";

const COMPARED_WITH = { record: "the highest week", silence: "the usual silence", conflict: "what others leave" };
const unfolded = new Set(); // alerts whose quotes are open
let names = new Map();

const RULES = { "daily-rate": "above normal", drop: "a drop", record: "a record", silence: "a silence", conflict: "a conflict", "checkpoint-share": "a shift" };

/** Why an alert is muted; null if it is not muted. */
function mutedLine(alert, store) {
  const muted = store.muted.get(alert.id);
  if (!muted) return null;
  const silence = store.silences.get(muted.silenced_by);
  const above = store.alerts.get(muted.inhibited_by);
  return h(
    "p",
    { class: "muted" },
    h("b", null, muted.silenced_by ? "silenced" : "inhibited"),
    muted.silenced_by
      ? silence ? [` until ${moment(silence.until)} by `, h("bdi", null, silence.author), ": ", h("bdi", null, silence.comment)] : null
      : above ? ` by the alert on ${flowName(above.flow)}` : null,
  );
}

function card(alert, store) {
  const length = Math.max(1, Math.round((dayMs(alert.day) - dayMs(alert.since)) / DAY_MS) + 1);
  return h(
    "article",
    { class: `alert ${alert.severity}`, "data-alert": alert.id },
    h("p", { class: "kind" }, severityMark(alert.severity), h("b", null, alert.severity), h("span", { class: "rule" }, RULES[alert.rule] ?? alert.rule)),
    h("h3", null, inner(`flow=${alert.flow}`, { class: "cover" }, flowName(alert.flow))),
    h("p", { class: "ratio" }, alert.ratio === null ? [h("b", null, "new"), h("span", null, " none expected")] : [h("b", null, ratioWords(alert.ratio)), h("span", null, ` ${COMPARED_WITH[alert.rule] ?? "normal"}`)]),
    mutedLine(alert, store),
    alert.expected > 0 ? bullet(alert.ratio, alert.threshold / alert.expected, alert.severity) : null,
    h("p", { class: "sentence" }, h("bdi", null, alert.explanation)),
    quotes(alert),
    h("p", { class: "since" }, `since ${day(alert.since)}, ${plural(length, "day")}; ${alert.state} ${moment(alert.published)} · `, page("alert", { id: alert.id }, { class: "above" }, "history")),
    acts(alert, store),
  );
}

/** The words that an alert rests on, the newest first, each with the name of its source in the registry, else its key. */
function quotes(alert) {
  const figures = (alert.quotes ?? []).map((quote) => h(
    "figure",
    { class: "quote" },
    h("blockquote", { dir: "auto" }, h("bdi", null, quote.text)),
    h("figcaption", null, h("bdi", null, names.get(quote.source)?.name ?? quote.source)),
  ));
  if (!figures.length) return null;
  return h("details", { class: "above", open: unfolded.has(alert.id), on: { toggle: (event) => unfolded[event.target.open ? "add" : "delete"](alert.id) } },
    h("summary", null, figures.length === 1 ? "In the source’s words" : `In the words of ${figures.length} reports`), figures);
}

function line(alert) {
  return h(
    "li",
    null,
    h("b", null, alert.state), " ", alert.severity, ": ",
    page("alert", { id: alert.id }, null, flowName(alert.flow)), " ",
    h("span", { class: "sentence" }, h("bdi", null, alert.explanation)),
  );
}

export function drawAlerts(place, title, store, filters) {
  names = store.sources;
  const every = store.openAlerts;
  const open = every.filter((alert) => store.passes(alert, filters));
  const closed = store.closedAlerts.filter((alert) => store.passes(alert, { ...filters, state: "" })).slice(0, 20);
  const wasOpen = place.querySelector("details")?.open ?? false;
  const focused = document.activeElement?.closest?.("[data-alert]")?.dataset.alert;
  const muted = open.filter((alert) => store.muted.has(alert.id)).length;
  title.textContent = open.length ? `${plural(open.length, "open alert")}${muted ? `, ${muted} muted` : ""}${every.length > open.length ? `, of ${every.length}` : ""}` : every.length ? `No open alert passes the filters, of ${every.length}` : "No open alerts";
  const past = closed.length
    ? h("details", { class: "closed", open: wasOpen }, h("summary", null, `${plural(closed.length, "alert")} closed`), h("ul", null, closed.map(line)))
    : null;
  place.replaceChildren(
    ...[
      open.length ? h("div", { class: "cards" }, open.map((alert) => card(alert, store))) : store.flows.size && !every.length ? h("p", { class: "calm" }, "No flow with a known normal level is above its threshold.") : null,
      past,
    ].filter(Boolean),
  );
  if (focused) [...place.querySelectorAll("[data-alert]")].find((element) => element.dataset.alert === focused)?.querySelector("a").focus();
}
