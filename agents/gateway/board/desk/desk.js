// The review desk: claims found in statements wait here for a person, who accepts, edits or rejects them.

import { get, send } from "../shared/api.js";
import { FIELDS, peopleText, pieces, QUALIFIERS, valueOf } from "./desk_words.js";
import { byId, h, outer } from "../shared/dom.js";
import { named, pieces as said, recorded, t } from "../shared/language.js";
import { startPage } from "../shell/page.js";
import { askForToken, letIn } from "../shared/signin.js";
import { count, flowName, moment, peopleWords, populationWords, share } from "../shared/words.js";

const EVERY_MS = 5_000;
let rows = []; // the items that wait, as the gateway lists them
let decided = [];
let own = null; // the source of the token; null where it has none
let sources = [];
let names = new Map(); // of sources by id
let chosen = null; // the id of the item shown
let busy = false;

// --- reading ------------------------------------------------------------------------------------------------------

async function load() {
  try {
    const [waiting, done, registry] = await Promise.all([
      get("v1/review", { state: "waiting" }), get("v1/review", { state: "decided", limit: 20 }), names.size ? null : get("v1/sources").catch(() => null),
    ]);
    if (registry) names = new Map(registry.sources.map((source) => [source.source, source.name]));
    letIn();
    trouble(null);
    own = waiting.source;
    sources = waiting.sources;
    show(waiting, done.items);
  } catch (error) {
    if (error.status === 401 || error.status === 403) {
      await askForToken(error);
      return load();
    }
    trouble(t("desk.trouble", { why: error.message }));
  }
}

function show(waiting, done) {
  const known = rows.map((row) => row.item.id).join();
  rows = waiting.items;
  decided = done;
  byId("count").textContent = `${count(waiting.waiting, "waiting")}, ${t("desk.decided_count", { n: waiting.decided })}`;
  drawDecided();
  if (known === rows.map((row) => row.item.id).join() && chosen !== null) return; // nothing moves under the reviewer's hands
  const gone = chosen !== null && !rows.some((row) => row.item.id === chosen);
  if (chosen === null || gone) chosen = rows[0]?.item.id ?? null;
  drawWaiting();
  if (gone || !byId("claim").hasChildNodes() || chosen === null) drawClaim();
}

function trouble(why) {
  byId("trouble").hidden = why === null;
  byId("trouble").textContent = why ?? "";
}

// --- drawing ------------------------------------------------------------------------------------------------------

const nameOf = (source) => names.get(source) ?? source;

function claimLine(claim) {
  const figure = claim.people === undefined ? "?" : peopleWords(claim.people);
  return [figure, populationWords(claim.population ?? "people", claim.unit ?? "people")].join(" ");
}

const chosenRow = () => rows.find((row) => row.item.id === chosen) ?? null;

function drawWaiting() {
  const focused = byId("waiting").contains(document.activeElement);
  byId("waiting").replaceChildren(...rows.map(({ item }) => h(
    "li",
    {
      role: "option", id: `item-${item.id}`, "data-item": item.id, tabindex: item.id === chosen ? 0 : -1, "aria-selected": String(item.id === chosen),
      on: { click: () => choose(item.id, true) },
    },
    h("p", null, h("span", { class: "figure" }, claimLine(item.claim)), " ", item.claim.flow ? flowName(item.claim.flow) : t("desk.where")),
    h("p", { class: "said" }, h("bdi", null, nameOf(item.source)), `, ${moment(item.published)}; ${item.doubts.map((doubt) => named("doubt", doubt)).join(", ")}`),
  )));
  if (!rows.length) byId("waiting").replaceChildren(h("li", { role: "option", "aria-disabled": "true", "aria-selected": "false", class: "none" }, t("desk.none")));
  if (focused) byId("waiting").querySelector('[aria-selected="true"]')?.focus();
}

const fieldWords = (fields) => fields.map((field) => named("field", field)).join(", ");

/** The words of an item: every stretch that a field was read from is marked with the field. */
const markedWords = (item) => pieces(item).map(({ words, quoted, fields, ending }) => (fields.length
  ? h("mark", { class: quoted ? "quoted" : null, "data-field": fields.join(" "), title: fieldWords(fields) }, words, ending.length ? h("sup", null, fieldWords(ending)) : null)
  : h("span", { class: quoted ? "quoted" : null }, words)));

function field(name, value, props = {}) {
  const input = name === "qualifier"
    ? h("select", { name, id: `field-${name}` }, ["", ...QUALIFIERS].map((word) => h("option", { value: word, selected: word === value }, word && named("qualifier_name", word))))
    : h("input", { name, id: `field-${name}`, value, autocomplete: "off", spellcheck: "false", ...props });
  input.dataset.before = value;
  input.addEventListener("input", () => { input.classList.toggle("changed", input.value !== input.dataset.before); input.classList.remove("refused"); drawAccept(); });
  return h("label", { for: `field-${name}` }, named("field", name), input);
}

function drawClaim() {
  const row = chosenRow();
  const place = byId("claim");
  if (!row) {
    place.replaceChildren(h("h2", { id: "claim-title" }, t("desk.nothing")));
    return;
  }
  const { item } = row;
  const before = (name) => (name === "people" ? peopleText(item.claim.people) : item.claim[name] ?? "");
  place.replaceChildren(
    h("h2", { id: "claim-title" }, `${claimLine(item.claim)}, ${item.claim.flow ? flowName(item.claim.flow) : t("desk.flow_unknown")}`),
    h("p", { class: "from" }, said("desk.said", { source: h("bdi", null, nameOf(item.source)), at: moment(item.published), report: h("bdi", null, item.report), sure: share(item.confidence, 1) }), " ", item.url ? outer(item.url, null, t("desk.source")) : null),
    h("blockquote", { class: "words", dir: "auto", lang: item.language, tabindex: 0, "aria-label": t("desk.words") }, markedWords(item)),
    h("ul", { class: "doubts", "aria-label": t("desk.doubts") }, item.doubts.map((doubt) => h("li", null, named("doubt", doubt))), item.why ? h("li", { lang: recorded }, item.why) : null),
    h("form", { id: "decision", "aria-label": t("desk.decision") },
      h("div", { class: "fields" },
        FIELDS.map((name) => field(name, before(name))),
        own === null
          ? h("label", { for: "field-source" }, t("desk.decide_as"), h("select", { name: "source", id: "field-source" }, sources.map((source) => h("option", { value: source, selected: source === remembered }, nameOf(source)))))
          : h("p", null, said("desk.decided_as", { source: h("b", null, nameOf(own)) })),
        h("label", { class: "wide", for: "field-note" }, t("desk.note"), h("input", { name: "note", id: "field-note", maxlength: 1000, autocomplete: "off" }))),
      h("div", { class: "acts" }, h("button", { type: "submit", class: "first", id: "accept" }, t("desk.accept")), h("button", { type: "button", id: "reject", on: { click: () => decide("rejected") } }, t("desk.reject"))),
      h("p", { class: "verdict", id: "verdict", role: "status" })),
  );
  const words = place.querySelector(".words");
  const mark = words.querySelector("mark, .quoted");
  if (mark) words.scrollTop = mark.offsetTop - words.clientHeight / 3;
  byId("decision").addEventListener("submit", (event) => { event.preventDefault(); decide("accepted"); });
}

let remembered = null;

function drawAccept() {
  const changed = Object.keys(edits()).length;
  byId("accept").textContent = changed ? t("desk.accept_changes", { n: changed }) : t("desk.accept");
}

function drawDecided() {
  byId("decided").replaceChildren(...(decided.length ? decided.map(({ item, decision }) => h(
    "li",
    null,
    h("b", null, named("decision", decision.decision)), ` ${claimLine(item.claim)}${item.claim.flow ? `, ${flowName(item.claim.flow)}` : ""}: `, h("bdi", null, nameOf(decision.source)), `, ${moment(decision.published)}`,
    decision.note ? [": ", h("bdi", null, decision.note)] : null,
  )) : [h("li", { class: "none" }, t("desk.nothing_yet"))]));
}

// --- deciding -----------------------------------------------------------------------------------------------------

function edits() {
  const changed = [...byId("decision").querySelectorAll("[data-before]")].filter((input) => input.value !== input.dataset.before);
  return Object.fromEntries(changed.map((input) => [input.name, valueOf(input.name, input.value)]));
}

async function decide(decision) {
  const row = chosenRow();
  if (!row || busy) return;
  const form = byId("decision").elements;
  const body = { decision, edits: decision === "accepted" ? edits() : {}, note: form.note.value };
  if (own === null) {
    remembered = form.source.value;
    body.source = remembered;
  }
  busy = true;
  for (const button of byId("decision").querySelectorAll("button")) button.disabled = true;
  const index = rows.indexOf(row);
  let done;
  try {
    done = await send("POST", `v1/review/${encodeURIComponent(row.item.id)}`, body);
  } catch (error) {
    refuse(row, error);
    return;
  } finally {
    busy = false;
    for (const button of byId("decision")?.querySelectorAll("button") ?? []) button.disabled = false;
  }
  leave(index, t("desk.done", { decision: named("decision", done.decision), claim: claimLine(row.item.claim), source: nameOf(done.source) }));
}

/** The gateway refused: somebody else was first, or a field is wrong. */
function refuse(row, error) {
  if (error.status === 409 && /has (accepted|edited|rejected) it/.test(error.message)) {
    leave(rows.indexOf(row), t("desk.already", { why: error.message }));
    return;
  }
  if (error.status === 401 || error.status === 403) {
    askForToken(error).then(load);
    return;
  }
  byId("verdict").textContent = error.message;
  byId("verdict").classList.add("refused");
  const wrong = byId(`field-${error.field}`);
  wrong?.classList.add("refused");
  wrong?.focus();
}

function leave(index, words) {
  rows = rows.filter((_, at) => at !== index);
  chosen = (rows[index] ?? rows[index - 1])?.item.id ?? null;
  drawWaiting();
  drawClaim();
  byId("announcement").textContent = words;
  if (byId("verdict")) byId("verdict").textContent = words;
  (byId("waiting").querySelector('[aria-selected="true"]') ?? byId("claim")).focus();
  load();
}

// --- the keyboard -------------------------------------------------------------------------------------------------

function choose(id, focus) {
  chosen = id;
  drawWaiting();
  drawClaim();
  if (focus) byId("waiting").querySelector('[aria-selected="true"]')?.focus();
}

byId("waiting").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !rows.length) return;
  const at = rows.findIndex((row) => row.item.id === chosen);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to !== undefined) choose(rows[Math.min(Math.max(to, 0), rows.length - 1)].item.id, true);
  else if (event.key === "a") decide("accepted");
  else if (event.key === "r") decide("rejected");
  else if (event.key === "e" || event.key === "Enter") byId("field-flow")?.focus();
  else return;
  event.preventDefault();
});
byId("claim").addEventListener("keydown", (event) => {
  if (event.key === "Escape") byId("waiting").querySelector('[aria-selected="true"]')?.focus();
});

startPage();
await load();
byId("waiting").querySelector('[aria-selected="true"]')?.focus();
setInterval(load, EVERY_MS);
