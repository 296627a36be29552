// The board: reads everything once per connection, follows the stream, and updates the page.

import { follow, get, getAll } from "../shared/api.js";
import { drawAlerts } from "../alerts/alerts.js";
import { byId, h, put } from "../shared/dom.js";
import { Drawer } from "../flow/drawer.js";
import { FlowTree } from "../flow/flows.js";
import { named, pieces, t } from "../shared/language.js";
import { startPage } from "../shell/page.js";
import { severityMark } from "../shared/marks.js";
import { at } from "../shared/moments.js";
import { startPast } from "../shell/past.js";
import { drawFilters, readFilters } from "./filters.js";
import { drawMap } from "./map.js";
import { drawOverview } from "./overview.js";
import { Finder, queryOf } from "../shared/search.js";
import { askForToken, letIn } from "../shared/signin.js";
import { drawSources } from "./sources.js";
import { saveCsv } from "../flow/takealong.js";
import { Store } from "../shared/store.js";
import { ago, DAY_MS, factorWords, flowName, moment } from "../shared/words.js";

const SOURCES_MS = 60_000;
const REDRAW_MS = 250; // changes within this time are drawn together
const CATCH_UP_MS = 3_000;
const EVIDENCE_MS = [1_000, 3_000, 9_000]; // evidence reaches Redis later than totals: read it again this long after a change
const FLOWS_AT_ONCE = 40;
const LEVELS_AT_FIRST = 1; // origins and destinations, and the countries below them

const store = new Store();
const finder = new Finder();
const tree = new FlowTree(byId("tree"), store, finder, { onShown: fetchDays, onOpen: (flow) => { location.hash = `flow=${flow}`; } });
const drawer = new Drawer(byId("drawer"), store, { onClosed: () => { if (hashParts().flow) history.pushState(null, "", location.pathname + location.search); } });
let loaded = false;
let heardAt = null;
let waiting = null;
let soon = null;
let early = null; // events since a reading began
let loads = 0;
let complete = false; // whether the store has every flow
let filters = readFilters();
let again = null;
const changed = new Set();
const asked = new Set();

// --- reading from the gateway -------------------------------------------------------------------------------------

/** Read all flows, or only those shown at first where they fill more than a page; and the alerts and sources. */
async function load({ whole = true } = {}) {
  const mine = ++loads;
  early ??= [];
  const [flows, open, all, sources] = await Promise.all([
    whole ? getAll("v1/flows", "flows", {}, drawReading) : readFirst(), get("v1/alerts", { state: "open", limit: 1000 }), get("v1/alerts", { state: "all", limit: 50 }), get("v1/sources"),
  ]);
  if (mine !== loads) return; // a later reading will show what this one would
  if (!finder.places.length) readPlaces();
  const below = whole || complete ? [] : store.flows.values(); // of the connection before, until they are read again
  store.replace({ flows: [...below, ...flows], alerts: [...all.alerts, ...open.alerts], sources: sources.sources });
  store.days.clear();
  asked.clear();
  if (store.setMuted(open.quiet)) readSilences();
  finder.warm([...store.flows.keys()]);
  loaded = true;
  heardAt = Date.now();
  trouble(null);
  drawAll();
  complete ||= whole;
  if (complete) drawReading(null);
  const late = early ?? [];
  early = null;
  for (const [kind, data] of late) apply(kind, data);
  if (drawer.flow) drawer.refresh();
  else followHash();
}

/** Every flow, where they fit on a page; else only the upper levels, which are shown at first: 100,000 flows take minutes. */
async function readFirst() {
  const page = await get("v1/flows");
  complete = !page.next;
  if (complete) return page.flows;
  drawReading(0);
  return getAll("v1/flows", "flows", { depth: LEVELS_AT_FIRST });
}

/** Read all flows; while some are missing, try again. */
async function readRest() {
  try {
    await load();
  } catch {
    if (!complete) setTimeout(readRest, CATCH_UP_MS);
  }
}

/** Read the days of the rows shown that are not known yet. */
async function fetchDays(flows) {
  const missing = flows.filter((flow) => !store.days.has(flow) && !asked.has(flow));
  for (const flow of missing) asked.add(flow);
  for (let at = 0; at < missing.length; at += FLOWS_AT_ONCE) {
    const some = missing.slice(at, at + FLOWS_AT_ONCE);
    try {
      const { days } = await get("v1/days", { flow: some });
      const byFlow = new Map(some.map((flow) => [flow, []]));
      for (const figure of days) byFlow.get(figure.flow)?.push(figure);
      for (const [flow, figures] of byFlow) if (!store.days.has(flow)) store.days.set(flow, figures);
    } catch {
      for (const flow of some) asked.delete(flow); // asked for again with the next connection
    }
  }
  if (missing.length) { tree.draw(); drawOverview(byId("overview"), store); }
}

function apply(kind, data) {
  heardAt = Date.now();
  early?.push([kind, data]); // `load` is reading, and may return data older than this event
  if (kind === "total") {
    const state = JSON.parse(data);
    store.applyState(state);
    changed.add(state.flow);
  } else if (kind === "alert") {
    const alert = JSON.parse(data);
    if (store.applyAlert(alert)) announce(t("alerts.new", { severity: named("severity", alert.severity), flow: flowName(alert.flow) }));
    changed.add(alert.flow);
  } else if (kind === "quiet") {
    if (store.setMuted(JSON.parse(data))) readSilences();
  } else if (kind === "desk") {
    store.setDesk(JSON.parse(data));
    byId("waits").textContent = store.waiting ? t("desk.link_waiting", { waiting: store.waiting }) : t("desk.link");
  } else if (kind === "reset") {
    load().catch(() => {});
    return;
  }
  waiting ??= setTimeout(redraw, REDRAW_MS);
}

function redraw() {
  waiting = null;
  drawAll();
  for (const flow of changed) tree.flash(flow);
  if ([...changed].some((flow) => drawer.concerns(flow))) refreshDrawer();
  changed.clear();
  if (!soon) soon = setTimeout(readSources, 2_000);
}

/** Read the evidence behind the open figure, and read it again until its newest reports are there too. */
function refreshDrawer(step = 0) {
  clearTimeout(again);
  drawer.refresh();
  if (step < EVIDENCE_MS.length) again = setTimeout(() => { if (drawer.flow) refreshDrawer(step + 1); }, EVIDENCE_MS[step]);
}

async function readSources() {
  soon = null;
  try {
    const { sources } = await get("v1/sources");
    store.sources = new Map(sources.map((source) => [source.source, source]));
    drawSources(byId("sources"), store);
  } catch {
    // the state of the connection shows the error
  }
}

/** Read the rules in force and the gazetteer: the legend, the search and the map rest on them. */
async function readPlaces() {
  try {
    const [about, { places }] = await Promise.all([get("v1/about"), get("v1/places")]);
    store.places = places;
    finder.setPlaces(places);
    legend(about);
    drawAll();
  } catch {
    // the board works without them
  }
}

/** Read who silenced which alerts, and why. */
async function readSilences() {
  try {
    const { silences } = await get("v1/silences");
    store.silences = new Map(silences.map((silence) => [silence.id, silence]));
    drawAlerts(byId("alerts"), byId("alerts-title"), store, filters);
  } catch {
    // the alert shows as silenced without this
  }
}

// --- drawing ---------------------------------------------------------------------------------------------

/** Draw what the filters and the search choose from: the alerts and the tree. */
function drawChosen() {
  tree.filter(filters);
  drawAlerts(byId("alerts"), byId("alerts-title"), store, filters);
  drawFilters(byId("filters"), store, filters);
}

function drawAll() {
  drawChosen();
  drawOverview(byId("overview"), store);
  drawMap(byId("map"), store);
  drawSources(byId("sources"), store);
  drawer.draw();
  drawAge();
  const open = store.openAlerts.length;
  document.title = open ? `(${open}) bordertally` : "bordertally";
}

function drawAge() {
  const newest = store.newest;
  const old = newest !== null && Date.now() - Date.parse(newest) > 2 * DAY_MS;
  byId("asof").classList.toggle("old", old);
  if (newest === null) put(byId("asof"), loaded ? t("asof.none") : "");
  else put(byId("asof"), pieces("asof.at", { at: h("b", null, h("time", { datetime: newest }, moment(newest))) }), h("span", { class: "gone" }, old ? t("asof.old", { ago: ago(newest) }) : ago(newest)));
}

/** How many flows have been read, while not all are there: until then the search and the rows lack the others. */
function drawReading(flows) {
  byId("reading").hidden = flows === null || complete;
  byId("reading").textContent = flows === null ? "" : t("flows.reading", { n: flows });
}

function link(state, words) {
  byId("link").dataset.state = state;
  if (byId("link-words").textContent !== words) byId("link-words").textContent = words;
}

function trouble(why, { retry = false } = {}) {
  const place = byId("trouble");
  place.hidden = why === null;
  document.body.classList.toggle("stale", why !== null && loaded);
  place.replaceChildren(...(why === null ? [] : [h("span", null, why), retry ? h("button", { type: "button", on: { click: () => location.reload() } }, t("link.try")) : ""]));
}

function announce(words) {
  byId("announcement").textContent = words;
}

// --- the connection --------------------------------------------------------------------------------------------

async function opened() {
  complete = false;
  try {
    await load({ whole: false });
    letIn();
    if (at) {
      link("past", t("link.past"));
      if (!complete) readRest();
      return false;
    }
    link("live", t("link.live"));
    const since = heardAt;
    // Redis may lag behind the stream: by then it has the changes from just before the connection.
    setTimeout(() => { if (!complete || heardAt === since) readRest(); }, CATCH_UP_MS);
  } catch (error) {
    return lost(error);
  }
  return false;
}

/** The stream was interrupted; the figures may still be readable. Returns whether to reconnect at once. */
async function lost(error, pause = SOURCES_MS) {
  if (error.status === 401 || error.status === 403) {
    link("down", t("link.signed_out"));
    trouble(null);
    await askForToken(error);
    link("connecting", t("link.connecting"));
    return true;
  }
  try {
    await load();
    link("stale", t("link.stale", { seconds: Math.max(1, Math.round(pause / 1000)) }));
    trouble(t("link.interrupted", { why: error.message }));
  } catch (why) {
    link("down", t("link.down"));
    const reason = why.status ? t("link.error", { why: why.message }) : t("link.no_answer");
    const age = loaded ? t("link.age", { at: moment(new Date(heardAt).toISOString()) }) : "";
    trouble([reason, age, t("link.reconnecting")].filter(Boolean).join(" "), { retry: true });
  }
  return false;
}

// --- the page --------------------------------------------------------------------------------------------------

function hashParts() {
  const parts = new URLSearchParams(location.hash.slice(1));
  return { flow: parts.get("flow"), window: parts.get("window") };
}

function followHash() {
  const { flow, window } = hashParts();
  if (flow && loaded) drawer.open(store.placeOf(flow), window);
  else if (!flow) drawer.close();
}

/** The legend: the severities of the rules in force, and the signs of the drawings. */
function legend(about) {
  const severity = (word, from) => h("span", { class: "key" }, severityMark(word), ` ${from}`);
  byId("legend").replaceChildren(
    ...(about ? ["notice", "warning", "critical"].map((word) => severity(word, t(`legend.${word}`, { times: about[word] && factorWords(about[word]) }))) : []),
    about?.own_rules ? h("span", { class: "key" }, t("legend.own_rules")) : "",
    h("span", { class: "key" }, h("span", { class: "swatch band", "aria-hidden": "true" }), t("key.band")),
    h("span", { class: "key" }, h("span", { class: "swatch openhigh", "aria-hidden": "true" }), t("key.open")),
    h("span", { class: "key" }, h("span", { class: "swatch hatched", "aria-hidden": "true" }), t("key.projected")),
    h("span", { class: "key keys" }, t("legend.keys")),
  );
}

/** Show what the filters choose, and put them into the address. */
function setFilters(chosen) {
  filters = chosen;
  history.replaceState(null, "", `${location.pathname}${queryOf(filters, location.search)}${location.hash}`);
  drawChosen();
}

byId("csv").addEventListener("click", () => saveCsv("v1/flows", filters.flow ? { flow: filters.flow } : {}, "bordertally-flows").catch((error) => announce(t("take.not_saved", { why: error.message }))));
byId("find").value = filters.q;
byId("find").addEventListener("input", (event) => setFilters({ ...filters, q: event.target.value }));
byId("find").addEventListener("keydown", (event) => { if (event.key === "Enter") tree.openFirst(); });
byId("filters").addEventListener("change", (event) => setFilters({ ...filters, [event.target.name]: event.target.value }));
byId("filters").addEventListener("reset", () => { byId("find").value = ""; setFilters(readFilters("")); });
byId("unfold").addEventListener("click", (event) => {
  const unfolded = event.currentTarget.getAttribute("aria-pressed") !== "true";
  event.currentTarget.setAttribute("aria-pressed", String(unfolded));
  event.currentTarget.textContent = t(unfolded ? "flows.fold_all" : "flows.unfold_all");
  tree.unfoldAll(unfolded);
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input, textarea") && !drawer.flow) {
    event.preventDefault();
    byId("find").focus();
  }
});
addEventListener("hashchange", followHash);
addEventListener("popstate", () => {
  const before = queryOf(filters);
  filters = readFilters();
  byId("find").value = filters.q;
  if (loaded && queryOf(filters) !== before) drawChosen();
  followHash();
});
setInterval(() => { drawAge(); drawSources(byId("sources"), store); }, 30_000);
setInterval(readSources, SOURCES_MS);

startPage();
legend();
startPast();
follow({ onOpen: opened, onEvent: apply, onLost: lost });
