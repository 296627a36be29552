// Acting on alerts: mute with a preview of what it covers, end a silence, acknowledge.

import { get, send } from "../shared/api.js";
import { acknowledgedWords, LENGTHS, untilAfter } from "../desk/desk_words.js";
import { h, storage } from "../shared/dom.js";
import { named, pieces, t } from "../shared/language.js";
import { at } from "../shared/moments.js";
import { count, flowName, moment } from "../shared/words.js";

const PREVIEW_MS = 250; // after the last key
const memory = () => localStorage;

/** The line and the buttons below an alert: who has seen it, acknowledge, mute, end the silence. */
export function acts(alert, store) {
  const record = store.acknowledged.get(alert.id);
  const seen = record ? h("p", { class: "muted" }, pieces("act.acknowledged", { by: h("bdi", null, acknowledgedWords(alert, record)), word: h("b", null, t("act.acknowledged_word")) })) : null;
  if (at) return seen; // nobody acts on the past
  const silence = store.silences.get(store.muted.get(alert.id)?.silenced_by);
  const button = (words, open) => h("button", { type: "button", class: "quiet", "aria-label": t("act.on", { act: words, flow: flowName(alert.flow) }), on: { click: open } }, words);
  return h(
    "div",
    { class: "does above" },
    seen,
    h("p", null,
      button(t(record ? "act.acknowledge_again" : "act.acknowledge"), () => acknowledge(alert)),
      silence ? button(t("act.end_silence"), () => endSilence(silence)) : button(t("act.mute"), () => mute(alert, store))),
  );
}

// --- the dialogs --------------------------------------------------------------------------------------------------

const input = (label, name, props = {}, tag = "input", ...children) => h("label", null, label, h(tag, { name, autocomplete: "off", ...props }, ...children));

function dialog(title, children, act, done) {
  const before = document.activeElement;
  const why = h("p", { class: "fault refused", role: "alert" });
  const form = h("form", { method: "dialog" }, h("h2", { id: "act-title" }, title), children, why, h("p", { class: "buttons" },
    h("button", { type: "submit", class: "first" }, act), h("button", { type: "button", class: "quiet", on: { click: () => box.close() } }, t("act.cancel"))));
  const box = h("dialog", { class: "act", "aria-labelledby": "act-title", on: { close: () => { box.remove(); before?.isConnected ? before.focus() : document.querySelector("main h2")?.focus(); } } }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      await done(form.elements);
      if (form.elements.author) storage.set(memory, "author", form.elements.author.value);
      box.close();
    } catch (error) {
      why.textContent = error.status === 401 || error.status === 403 ? t("act.no_scope", { why: error.message }) : error.message;
      button.disabled = false;
    }
  });
  document.body.append(box);
  box.showModal();
  return form.elements;
}

const author = () => input(t("act.author"), "author", { required: true, maxlength: 200, value: storage.get(memory, "author") ?? "" });

function acknowledge(alert) {
  dialog(t("act.on", { act: t("act.acknowledge"), flow: flowName(alert.flow) }), [
    h("p", null, t("act.acknowledge_means")),
    author(), input(t("act.note"), "note", { maxlength: 1000 }),
  ], t("act.acknowledge"), (fields) => send("POST", `v1/alerts/${encodeURIComponent(alert.id)}/acknowledgements`, { author: fields.author.value, note: fields.note.value }));
}

function endSilence(silence) {
  dialog(t("act.end_silence"), [
    h("p", null, pieces("muted.silenced_by", { word: t("muted.silenced"), until: moment(silence.until), author: h("bdi", null, silence.author), comment: h("bdi", null, silence.comment) })),
  ], t("act.end_now"), () => send("DELETE", `v1/silences/${encodeURIComponent(silence.id)}`));
}

function mute(alert, store) {
  const covers = h("div", { class: "covers", role: "status" });
  const fields = dialog(t("act.on", { act: t("act.mute"), flow: flowName(alert.flow) }), [
    input(t("act.mute_flow"), "flow", { required: true, value: alert.flow, spellcheck: "false" }),
    input(t("filter.by.rule"), "rule", {}, "select", h("option", { value: alert.rule }, t("act.only_rule", { rule: named("rule", alert.rule) })), h("option", { value: "" }, t("act.all_rules"))),
    input(t("act.for"), "hours", {}, "select", LENGTHS.map(([n, unit, hours]) => h("option", { value: hours, selected: hours === 4 }, count(n, unit)))),
    author(), input(t("act.why"), "comment", { required: true, maxlength: 1000 }), covers,
  ], t("act.mute"), (given) => send("POST", "v1/silences", { flow: given.flow.value, rule: given.rule.value || null, until: untilAfter(Number(given.hours.value)), author: given.author.value, comment: given.comment.value }));
  let timer = null;
  let turn = 0;
  async function preview() {
    const mine = ++turn;
    try {
      const query = { pattern: fields.flow.value, ...(fields.rule.value ? { rule: fields.rule.value } : {}) };
      const { alerts, flows } = await get("v1/silences/preview", query);
      if (mine !== turn) return;
      covers.replaceChildren(
        h("p", null, pieces("act.covers", { alerts: h("b", null, count(alerts.length, "open_alert")), flows: count(flows.length, "flow") })),
        h("ul", null, alerts.slice(0, 8).map((covered) => h("li", null, `${named("severity", covered.severity)}, ${named("rule", covered.rule)}: ${flowName(covered.flow)}`)), alerts.length > 8 ? h("li", null, t("act.more", { n: alerts.length - 8 })) : null),
      );
    } catch (error) {
      if (mine === turn) covers.replaceChildren(h("p", { class: "refused" }, error.message));
    }
  }
  for (const field of [fields.flow, fields.rule]) field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(preview, PREVIEW_MS); });
  preview();
}
