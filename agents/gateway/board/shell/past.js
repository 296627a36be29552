// Time travel: the whole page as known on a moment, with an address to share.

import { at, momentOf } from "../shared/moments.js";
import { byId, h } from "../shared/dom.js";
import { pieces, t } from "../shared/language.js";
import { moment } from "../shared/words.js";

/** The address of this page as known on a moment; null: now. */
export function addressAt(text) {
  const query = new URLSearchParams(location.search);
  if (text) query.set("at", text);
  else query.delete("at");
  const search = query.toString().replaceAll("%3A", ":");
  return `${location.pathname}${search ? `?${search}` : ""}${location.hash}`;
}

/** Draw the control, and the banner if the page shows a past moment. */
export function startPast() {
  const field = h("input", { type: "datetime-local", id: "past-at", required: true, value: at ? at.slice(0, 16) : null, max: new Date().toISOString().slice(0, 16) });
  const form = h("form", { class: "past-form" }, h("label", { for: "past-at" }, t("past.field"), " "), field, " ", h("button", { type: "submit", class: "quiet" }, t("past.show")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(addressAt(momentOf(field.value)));
  });
  byId("past").replaceChildren(h("details", { class: "past" }, h("summary", null, t("past.title")), form));
  if (!at) return;
  const progress = h("span", { id: "past-progress" });
  const back = h("button", { type: "button", id: "past-back", on: { click: () => location.assign(addressAt(null)) } }, t("past.back"));
  byId("past").prepend(h("div", { class: "past-banner", role: "status" }, pieces("past.banner", { known: h("b", null, t("past.known", { at: moment(at) })) }), " ", progress, back));
  addEventListener("making", ({ detail }) => { progress.textContent = detail ? progressWords(detail) : ""; });
}

/** How far a replay is: reports read, then claims worked out. */
export function progressWords({ read, reports, applied, claims }) {
  if (!reports) return t("past.preparing");
  return claims ? t("past.working", { applied, claims }) : t("past.reading", { read, reports: Math.max(read, reports) });
}
