// Open alerts, the most severe first, each with its explanation; closed alerts are folded below.

import { acts } from "./acts.js";
import { h, inner, page } from "../shared/dom.js";
import { explanation } from "../shared/explanation.js";
import { has, named, pieces, t } from "../shared/language.js";
import { bullet, severityMark } from "../shared/marks.js";
import { count, day, dayMs, DAY_MS, flowName, moment, ratioWords } from "../shared/words.js";

const unfolded = new Set(); // alerts whose quotes are open
let names = new Map();

/** Why an alert is muted; null if it is not muted. */
function mutedLine(alert, store) {
  const muted = store.muted.get(alert.id);
  if (!muted) return null;
  const silence = store.silences.get(muted.silenced_by);
  const above = store.alerts.get(muted.inhibited_by);
  return h(
    "p",
    { class: "muted" },
    muted.silenced_by
      ? silence ? pieces("muted.silenced_by", { word: h("b", null, t("muted.silenced")), until: moment(silence.until), author: h("bdi", null, silence.author), comment: h("bdi", null, silence.comment) }) : h("b", null, t("muted.silenced"))
      : above ? pieces("muted.inhibited_by", { word: h("b", null, t("muted.inhibited")), flow: flowName(above.flow) }) : h("b", null, t("muted.inhibited")),
  );
}

/** What the ratio of an alert is to: the level before a stated change is no normal level. */
function compared(alert) {
  if (alert.rule === "daily-rate" && alert.baseline === "derived") return t("compared.change");
  return has(`compared.${alert.rule}`) ? t(`compared.${alert.rule}`) : t("compared.daily-rate");
}

function card(alert, store) {
  const length = Math.max(1, Math.round((dayMs(alert.day) - dayMs(alert.since)) / DAY_MS) + 1);
  return h(
    "article",
    { class: `alert ${alert.severity}`, "data-alert": alert.id },
    h("p", { class: "kind" }, severityMark(alert.severity), h("b", null, named("severity", alert.severity)), h("span", { class: "rule" }, named("rule", alert.rule))),
    h("h3", null, inner(`flow=${alert.flow}`, { class: "cover" }, flowName(alert.flow))),
    h("p", { class: "ratio" }, alert.ratio === null ? [h("b", null, t("ratio.new")), " ", h("span", null, t("ratio.none_expected"))] : [h("b", null, ratioWords(alert.ratio)), " ", h("span", null, compared(alert))]),
    mutedLine(alert, store),
    alert.expected > 0 ? bullet(alert.ratio, alert.threshold / alert.expected, alert.severity) : null,
    h("p", { class: "sentence" }, explanation(alert)),
    quotes(alert),
    h("p", { class: "since" }, `${t("alert.since", { date: day(alert.since), days: count(length, "day"), state: named("state", alert.state), at: moment(alert.published) })} · `, page("alert", { id: alert.id }, { class: "above" }, t("alert.history"))),
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
    h("summary", null, t("alert.words", { n: figures.length })), figures);
}

function line(alert) {
  return h(
    "li",
    null,
    h("b", null, named("state", alert.state)), " ", named("severity", alert.severity), ": ",
    page("alert", { id: alert.id }, null, flowName(alert.flow)), " ",
    h("span", { class: "sentence" }, explanation(alert)),
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
  title.textContent = open.length ? [count(open.length, "open_alert"), muted ? t("alerts.muted", { n: muted }) : "", every.length > open.length ? t("alerts.of", { all: every.length }) : ""].join("") : every.length ? t("alerts.none_pass", { all: every.length }) : t("alerts.none");
  const past = closed.length
    ? h("details", { class: "closed", open: wasOpen }, h("summary", null, t("alerts.closed", { n: closed.length })), h("ul", null, closed.map(line)))
    : null;
  place.replaceChildren(
    ...[
      open.length ? h("div", { class: "cards" }, open.map((alert) => card(alert, store))) : store.flows.size && !every.length ? h("p", { class: "calm" }, t("alerts.calm")) : null,
      past,
    ].filter(Boolean),
  );
  if (focused) [...place.querySelectorAll("[data-alert]")].find((element) => element.dataset.alert === focused)?.querySelector("a").focus();
}
