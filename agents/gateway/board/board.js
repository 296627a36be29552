// The board: reads everything once per connection, follows the stream, and updates the page.

import { follow, get, getAll } from "./api.js";
import { drawAlerts } from "./alerts.js";
import { byId, h } from "./dom.js";
import { Drawer } from "./drawer.js";
import { FlowTree } from "./flows.js";
import { startTheme } from "./page.js";
import { severityMark } from "./marks.js";
import { at } from "./moments.js";
import { startPast } from "./past.js";
import { drawFilters, readFilters } from "./filters.js";
import { drawMap } from "./map.js";
import { drawOverview } from "./overview.js";
import { Finder, queryOf } from "./search.js";
import { askForToken, letIn } from "./signin.js";
import { drawSources } from "./sources.js";
import { saveCsv } from "./takealong.js";
import { Store } from "./store.js";
import { ago, DAY_MS, flowName, moment } from "./words.js";

const SOURCES_MS = 60_000;
const REDRAW_MS = 250; // changes within this time are drawn together
const CATCH_UP_MS = 3_000;
const EVIDENCE_MS = [1_000, 3_000, 9_000]; // evidence reaches Redis later than totals: read it again this long after a change
const FLOWS_AT_ONCE = 40;

const store = new Store();
const finder = new Finder();
const tree = new FlowTree(byId("tree"), store, finder, { onShown: fetchDays, onOpen: (flow) => { location.hash = `flow=${flow}`; } });
const drawer = new Drawer(byId("drawer"), store, { onClosed: () => { if (hashParts().flow) history.pushState(null, "", location.pathname + location.search); } });
let loaded = false;
let heardAt = null;
let waiting = null;
let soon = null;
let early = null;
let filters = readFilters();
let again = null;
const changed = new Set();
const asked = new Set();

// --- reading from the gateway -------------------------------------------------------------------------------------

async function load() {
  const [flows, open, all, sources] = await Promise.all([
    getAll("v1/flows", "flows"), get("v1/alerts", { state: "open", limit: 1000 }), get("v1/alerts", { state: "all", limit: 50 }), get("v1/sources"),
  ]);
  if (!finder.places.length) readPlaces();
  store.replace({ flows, alerts: [...all.alerts, ...open.alerts], sources: sources.sources });
  store.days.clear();
  asked.clear();
  if (store.setMuted(open.quiet)) readSilences();
  loaded = true;
  heardAt = Date.now();
  trouble(null);
  drawAll();
  const late = early ?? [];
  early = null;
  for (const [kind, data] of late) apply(kind, data);
  if (drawer.flow) drawer.refresh();
  else followHash();
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
    if (store.applyAlert(alert)) announce(`New alert, ${alert.severity}: ${flowName(alert.flow)}`);
    changed.add(alert.flow);
  } else if (kind === "quiet") {
    if (store.setMuted(JSON.parse(data))) readSilences();
  } else if (kind === "desk") {
    store.setDesk(JSON.parse(data));
    byId("waits").textContent = store.waiting ? `Review (${store.waiting})` : "Review";
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

function drawAll() {
  tree.filter(filters);
  drawOverview(byId("overview"), store);
  drawAlerts(byId("alerts"), byId("alerts-title"), store, filters);
  drawFilters(byId("filters"), store, filters);
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
  byId("asof").replaceChildren(
    ...(newest === null
      ? [loaded ? "No reports yet" : ""]
      : ["As of ", h("b", null, h("time", { datetime: newest }, moment(newest))), h("span", { class: "gone" }, old ? `the newest report is ${ago(newest).replace(" ago", " old")}: not today’s figures` : ago(newest))]),
  );
}

function link(state, words) {
  byId("link").dataset.state = state;
  if (byId("link-words").textContent !== words) byId("link-words").textContent = words;
}

function trouble(why, { retry = false } = {}) {
  const place = byId("trouble");
  place.hidden = why === null;
  document.body.classList.toggle("stale", why !== null && loaded);
  place.replaceChildren(...(why === null ? [] : [h("span", null, why), retry ? h("button", { type: "button", on: { click: () => location.reload() } }, "Try now") : ""]));
}

function announce(words) {
  byId("announcement").textContent = words;
}

// --- the connection --------------------------------------------------------------------------------------------

async function opened() {
  early = [];
  try {
    await load();
    letIn();
    if (at) {
      link("past", "Past");
      return false;
    }
    link("live", "Live");
    const since = heardAt;
    // Redis may lag behind the stream: by then it has the changes from just before the connection.
    setTimeout(() => { if (heardAt === since) load().catch(() => {}); }, CATCH_UP_MS);
  } catch (error) {
    return lost(error);
  }
  return false;
}

/** The stream was interrupted; the figures may still be readable. Returns whether to reconnect at once. */
async function lost(error, pause = SOURCES_MS) {
  if (error.status === 401 || error.status === 403) {
    link("down", "Not signed in");
    trouble(null);
    await askForToken(error);
    link("connecting", "Connecting");
    return true;
  }
  try {
    await load();
    link("stale", `Not live; reloading in ${Math.max(1, Math.round(pause / 1000))} s`);
    trouble(`Live updates are interrupted; reconnecting: ${error.message}. The figures shown are current.`);
  } catch (why) {
    link("down", "Not connected");
    const age = loaded ? ` The figures shown are from ${moment(new Date(heardAt).toISOString())} and are not being updated.` : "";
    const reason = why.status ? `The gateway reports an error: ${why.message}.` : "The gateway does not answer.";
    trouble(`${reason}${age} Reconnecting automatically.`, { retry: true });
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
  const severity = (word, from) => h("span", { class: "key" }, severityMark(word), ` ${word} ${from}`);
  byId("legend").replaceChildren(
    ...(about ? [severity("notice", "above the threshold"), severity("warning", `from ${about.warning}× normal`), severity("critical", `from ${about.critical}×`)] : []),
    about?.own_rules ? h("span", { class: "key" }, "some flows have rules of their own") : "",
    h("span", { class: "key" }, h("span", { class: "swatch band", "aria-hidden": "true" }), "low to high"),
    h("span", { class: "key" }, h("span", { class: "swatch openhigh", "aria-hidden": "true" }), "no upper limit"),
    h("span", { class: "key" }, h("span", { class: "swatch hatched", "aria-hidden": "true" }), "projected"),
    h("span", { class: "key keys" }, "↑ ↓ move, → ← unfold and fold, Enter opens, / searches"),
  );
}

/** Show what the filters choose, and put them into the address. */
function setFilters(chosen) {
  filters = chosen;
  history.replaceState(null, "", `${location.pathname}${queryOf(filters, location.search)}${location.hash}`);
  drawAll();
}

byId("csv").addEventListener("click", () => saveCsv("v1/flows", filters.flow ? { flow: filters.flow } : {}, "bordertally-flows").catch((error) => announce(`Not saved: ${error.message}`)));
byId("find").value = filters.q;
byId("find").addEventListener("input", (event) => setFilters({ ...filters, q: event.target.value }));
byId("find").addEventListener("keydown", (event) => { if (event.key === "Enter") tree.openFirst(); });
byId("filters").addEventListener("change", (event) => setFilters({ ...filters, [event.target.name]: event.target.value }));
byId("filters").addEventListener("reset", () => { byId("find").value = ""; setFilters(readFilters("")); });
byId("unfold").addEventListener("click", (event) => {
  const unfolded = event.currentTarget.getAttribute("aria-pressed") !== "true";
  event.currentTarget.setAttribute("aria-pressed", String(unfolded));
  event.currentTarget.textContent = unfolded ? "Fold all" : "Unfold all";
  tree.unfoldAll(unfolded);
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input, textarea") && !drawer.flow) {
    event.preventDefault();
    byId("find").focus();
  }
});
addEventListener("hashchange", followHash);
addEventListener("popstate", () => { filters = readFilters(); byId("find").value = filters.q; if (loaded) drawAll(); followHash(); });
setInterval(() => { drawAge(); drawSources(byId("sources"), store); }, 30_000);
setInterval(readSources, SOURCES_MS);

startTheme();
legend();
startPast();
follow({ onOpen: opened, onEvent: apply, onLost: lost });
