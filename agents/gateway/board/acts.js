// Acting on alerts: mute with a preview of what it covers, end a silence, acknowledge.

import { get, send } from "./api.js";
import { acknowledgedWords, LENGTHS, untilAfter } from "./desk_words.js";
import { h, storage } from "./dom.js";
import { at } from "./moments.js";
import { flowName, moment, plural } from "./words.js";

const PREVIEW_MS = 250; // after the last key
const memory = () => localStorage;

/** The line and the buttons below an alert: who has seen it, acknowledge, mute, end the silence. */
export function acts(alert, store) {
  const record = store.acknowledged.get(alert.id);
  const seen = record ? h("p", { class: "muted" }, h("b", null, "acknowledged"), " ", h("bdi", null, acknowledgedWords(alert, record))) : null;
  if (at) return seen; // nobody acts on the past
  const silence = store.silences.get(store.muted.get(alert.id)?.silenced_by);
  const button = (words, open) => h("button", { type: "button", class: "quiet", "aria-label": `${words}: ${flowName(alert.flow)}`, on: { click: open } }, words);
  return h(
    "div",
    { class: "does above" },
    seen,
    h("p", null,
      button(record ? "Acknowledge again" : "Acknowledge", () => acknowledge(alert)),
      silence ? button("End the silence", () => endSilence(silence)) : button("Mute", () => mute(alert, store))),
  );
}

// --- the dialogs --------------------------------------------------------------------------------------------------

const input = (label, name, props = {}, tag = "input", ...children) => h("label", null, label, h(tag, { name, autocomplete: "off", ...props }, ...children));

function dialog(title, children, act, done) {
  const before = document.activeElement;
  const why = h("p", { class: "fault refused", role: "alert" });
  const form = h("form", { method: "dialog" }, h("h2", { id: "act-title" }, title), children, why, h("p", { class: "buttons" },
    h("button", { type: "submit", class: "first" }, act), h("button", { type: "button", class: "quiet", on: { click: () => box.close() } }, "Cancel")));
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
      why.textContent = error.status === 401 || error.status === 403 ? `${error.message}. Sign in with a token of scope admin.` : error.message;
      button.disabled = false;
    }
  });
  document.body.append(box);
  box.showModal();
  return form.elements;
}

const author = () => input("Who you are", "author", { required: true, maxlength: 200, value: storage.get(memory, "author") ?? "" });

function acknowledge(alert) {
  dialog(`Acknowledge: ${flowName(alert.flow)}`, [
    h("p", null, "Everybody sees that you have seen the alert. It stays open and is not muted."),
    author(), input("Note", "note", { maxlength: 1000 }),
  ], "Acknowledge", (fields) => send("POST", `v1/alerts/${encodeURIComponent(alert.id)}/acknowledgements`, { author: fields.author.value, note: fields.note.value }));
}

function endSilence(silence) {
  dialog("End the silence", [
    h("p", null, "Muted until ", moment(silence.until), " by ", h("bdi", null, silence.author), ": ", h("bdi", null, silence.comment)),
  ], "End it now", () => send("DELETE", `v1/silences/${encodeURIComponent(silence.id)}`));
}

function mute(alert, store) {
  const covers = h("div", { class: "covers", role: "status" });
  const fields = dialog(`Mute: ${flowName(alert.flow)}`, [
    input("Flow, with all flows below it; * stands for any one part", "flow", { required: true, value: alert.flow, spellcheck: "false" }),
    input("Rule", "rule", {}, "select", h("option", { value: alert.rule }, `only ${alert.rule}`), h("option", { value: "" }, "all rules")),
    input("For", "hours", {}, "select", LENGTHS.map(([words, hours]) => h("option", { value: hours, selected: hours === 4 }, words))),
    author(), input("Why", "comment", { required: true, maxlength: 1000 }), covers,
  ], "Mute", (given) => send("POST", "v1/silences", { flow: given.flow.value, rule: given.rule.value || null, until: untilAfter(Number(given.hours.value)), author: given.author.value, comment: given.comment.value }));
  let timer = null;
  let turn = 0;
  async function preview() {
    const mine = ++turn;
    try {
      const query = { pattern: fields.flow.value, ...(fields.rule.value ? { rule: fields.rule.value } : {}) };
      const { alerts, flows } = await get("v1/silences/preview", query);
      if (mine !== turn) return;
      covers.replaceChildren(
        h("p", null, h("b", null, `Covers ${plural(alerts.length, "open alert")}`), ` and ${plural(flows.length, "flow")}`),
        h("ul", null, alerts.slice(0, 8).map((covered) => h("li", null, `${covered.severity}, ${covered.rule}: ${flowName(covered.flow)}`)), alerts.length > 8 ? h("li", null, `and ${alerts.length - 8} more`) : null),
      );
    } catch (error) {
      if (mine === turn) covers.replaceChildren(h("p", { class: "refused" }, error.message));
    }
  }
  for (const field of [fields.flow, fields.rule]) field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(preview, PREVIEW_MS); });
  preview();
}
