// Open alerts, the worst first, each with its sentence; closed ones folded below.

import { h, inner } from "./dom.js";
import { bullet, severityMark } from "./marks.js";
import { day, dayMs, DAY_MS, flowName, moment, plural, ratioWords } from "./words.js";

const OF = { record: "the highest week", silence: "the usual silence", conflict: "what others leave" };
let names = new Map();

const RULES = { "daily-rate": "above normal", drop: "a drop", record: "a record", silence: "a silence", conflict: "a conflict", "checkpoint-share": "a shift" };

/** Why nobody is told of it; null if somebody is. */
function quietLine(alert, store) {
  const quiet = store.quiet.get(alert.id);
  if (!quiet) return null;
  const silence = store.silences.get(quiet.silenced_by);
  const above = store.alerts.get(quiet.inhibited_by);
  return h(
    "p",
    { class: "hushed" },
    h("b", null, quiet.silenced_by ? "silenced" : "inhibited"),
    quiet.silenced_by
      ? silence ? [` until ${moment(silence.until)} by `, h("bdi", null, silence.author), ": ", h("bdi", null, silence.comment)] : null
      : above ? ` by the alert on ${flowName(above.flow)}` : null,
  );
}

function card(alert, store) {
  const length = Math.max(1, Math.round((dayMs(alert.day) - dayMs(alert.since)) / DAY_MS) + 1);
  return h(
    "article",
    { class: `alert ${alert.severity}`, "data-alert": alert.id },
    h("p", { class: "what" }, severityMark(alert.severity), h("b", null, alert.severity), h("span", { class: "rule" }, RULES[alert.rule] ?? alert.rule)),
    h("h3", null, inner(`flow=${alert.flow}`, { class: "cover" }, flowName(alert.flow))),
    h("p", { class: "ratio" }, h("b", null, ratioWords(alert.ratio)), h("span", null, ` ${OF[alert.rule] ?? "normal"}`)),
    quietLine(alert, store),
    alert.expected > 0 ? bullet(alert.ratio, alert.threshold / alert.expected, alert.severity) : null,
    h("p", { class: "sentence" }, h("bdi", null, alert.explanation)),
    quotes(alert),
    h("p", { class: "since" }, `since ${day(alert.since)}, ${plural(length, "day")}; ${alert.state} ${moment(alert.published)}`),
  );
}

/** The words it rests on, the newest first; who said them is by their name in the registry, if it has one. */
function quotes(alert) {
  return (alert.quotes ?? []).map((one) => h(
    "figure",
    { class: "quote" },
    h("blockquote", { dir: "auto" }, h("bdi", null, one.text)),
    h("figcaption", null, h("bdi", null, names.get(one.source)?.name ?? one.source)),
  ));
}

function line(alert) {
  return h(
    "li",
    null,
    h("b", null, alert.state), " ", alert.severity, ": ",
    inner(`flow=${alert.flow}`, null, flowName(alert.flow)), " ",
    h("span", { class: "sentence" }, h("bdi", null, alert.explanation)),
  );
}

export function drawAlerts(place, title, store) {
  names = store.sources;
  const open = store.openAlerts;
  const closed = store.closedAlerts.slice(0, 20);
  const wasOpen = place.querySelector("details")?.open ?? false;
  const held = document.activeElement?.closest?.("[data-alert]")?.dataset.alert;
  const hushed = open.filter((alert) => store.quiet.has(alert.id)).length;
  title.textContent = open.length ? `${plural(open.length, "open alert")}${hushed ? `, ${hushed} quiet` : ""}` : "No open alerts";
  const past = closed.length
    ? h("details", { class: "closed", open: wasOpen }, h("summary", null, `${plural(closed.length, "alert")} closed`), h("ul", null, closed.map(line)))
    : null;
  place.replaceChildren(
    ...[
      open.length ? h("div", { class: "cards" }, open.map((alert) => card(alert, store))) : store.flows.size ? h("p", { class: "calm" }, "No flow with a known normal level is above its threshold.") : null,
      past,
    ].filter(Boolean),
  );
  if (held) [...place.querySelectorAll("[data-alert]")].find((one) => one.dataset.alert === held)?.querySelector("a").focus();
}
