// The board: reads everything once a connection, follows the stream, keeps the page in step.

import { follow, get } from "./api.js";
import { drawAlerts } from "./alerts.js";
import { byId, h, kept } from "./dom.js";
import { Drawer } from "./drawer.js";
import { FlowTree } from "./flows.js";
import { severityMark } from "./marks.js";
import { askForToken, letIn } from "./signin.js";
import { drawSources } from "./sources.js";
import { Store } from "./store.js";
import { ago, DAY_MS, flowName, moment } from "./words.js";

const SOURCES_MS = 60_000;
const SETTLE_MS = 250; // news that comes together is drawn together
const CATCH_UP_MS = 3_000;
const EVIDENCE_MS = [1_000, 3_000, 9_000]; // what is behind a figure is kept at its own pace: looked at again, so long after news
const FLOWS_AT_ONCE = 40;

const store = new Store();
const tree = new FlowTree(byId("tree"), store, { onShown: fetchDays });
const drawer = new Drawer(byId("drawer"), store, { onClosed: () => { if (hashParts().flow) history.pushState(null, "", location.pathname + location.search); } });
let loaded = false;
let heardAt = null;
let waiting = null;
let soon = null;
let early = null;
let again = null;
const changed = new Set();
const asked = new Set();

// --- what the gateway says -------------------------------------------------------------------------------------

async function load() {
  const [flows, open, all, sources] = await Promise.all([
    get("v1/flows"), get("v1/alerts", { state: "open", limit: 1000 }), get("v1/alerts", { state: "all", limit: 50 }), get("v1/sources"),
  ]);
  store.replace({ flows: flows.flows, alerts: [...all.alerts, ...open.alerts], sources: sources.sources });
  store.days.clear();
  asked.clear();
  if (store.takeQuiet(open.quiet)) readSilences();
  loaded = true;
  heardAt = Date.now();
  trouble(null);
  drawAll();
  const late = early ?? [];
  early = null;
  for (const [kind, data] of late) take(kind, data);
  if (drawer.flow) drawer.refresh();
  else followHash();
}

/** The days of rows that are shown and not known yet. */
async function fetchDays(flows) {
  const missing = flows.filter((flow) => !store.days.has(flow) && !asked.has(flow));
  for (const flow of missing) asked.add(flow);
  for (let at = 0; at < missing.length; at += FLOWS_AT_ONCE) {
    const some = missing.slice(at, at + FLOWS_AT_ONCE);
    try {
      const { days } = await get("v1/days", { flow: some });
      const by = new Map(some.map((flow) => [flow, []]));
      for (const one of days) by.get(one.flow)?.push(one);
      for (const [flow, figures] of by) if (!store.days.has(flow)) store.days.set(flow, figures);
    } catch {
      for (const flow of some) asked.delete(flow); // asked for again with the next connection
    }
  }
  if (missing.length) tree.draw();
}

function take(kind, data) {
  heardAt = Date.now();
  early?.push([kind, data]); // while everything is read, which may be a moment older
  if (kind === "total") {
    const state = JSON.parse(data);
    store.takeState(state);
    changed.add(state.flow);
  } else if (kind === "alert") {
    const alert = JSON.parse(data);
    if (store.takeAlert(alert)) say(`New alert, ${alert.severity}: ${flowName(alert.flow)}`);
    changed.add(alert.flow);
  } else if (kind === "quiet") {
    if (store.takeQuiet(JSON.parse(data))) readSilences();
  } else if (kind === "reset") {
    load().catch(() => {});
    return;
  }
  waiting ??= setTimeout(settle, SETTLE_MS);
}

function settle() {
  waiting = null;
  drawAll();
  for (const flow of changed) tree.flash(flow);
  if ([...changed].some((flow) => drawer.concerns(flow))) refreshDrawer();
  changed.clear();
  if (!soon) soon = setTimeout(readSources, 2_000);
}

/** Read what is behind the open figure, and again until its reports are there too. */
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
    // the connection says by itself that something is wrong
  }
}

/** Who silenced what, and why. */
async function readSilences() {
  try {
    const { silences } = await get("v1/silences");
    store.silences = new Map(silences.map((one) => [one.id, one]));
    drawAlerts(byId("alerts"), byId("alerts-title"), store);
  } catch {
    // that it is silenced is known all the same
  }
}

// --- what is drawn ---------------------------------------------------------------------------------------------

function drawAll() {
  tree.draw();
  drawAlerts(byId("alerts"), byId("alerts-title"), store);
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

function say(words) {
  byId("said").textContent = words;
}

// --- the connection --------------------------------------------------------------------------------------------

async function opened() {
  early = [];
  try {
    await load();
    letIn();
    link("live", "Live");
    const since = heardAt;
    // Redis may be a moment behind the stream: what was said just before the connection is there by then.
    setTimeout(() => { if (heardAt === since) load().catch(() => {}); }, CATCH_UP_MS);
  } catch (error) {
    await lost(error);
  }
}

/** The stream is gone; the figures may still be there to be read. Answers whether to try again at once. */
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
    link("stale", `Not live, read again in ${Math.max(1, Math.round(pause / 1000))} s`);
    trouble(`Live updates are interrupted; reconnecting: ${error.message}. The figures shown were read just now.`);
  } catch (why) {
    link("down", "Not connected");
    const held = loaded ? ` What you see was right at ${moment(new Date(heardAt).toISOString())}, and is not kept in step.` : "";
    const reason = why.status ? `The gateway cannot answer: ${why.message}.` : "The gateway does not answer.";
    trouble(`${reason}${held} Trying again by itself.`, { retry: true });
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
  if (flow && loaded) drawer.open(flow, window);
  else if (!flow) drawer.close();
}

const THEMES = [null, "light", "dark"];

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  kept.set(() => localStorage, "theme", theme);
  byId("theme").textContent = `Theme: ${theme ?? "auto"}`;
}

function legend() {
  const severity = (word, from) => h("span", { class: "key" }, severityMark(word), ` ${word} from ${from}× normal`);
  byId("legend").replaceChildren(
    severity("notice", "1.25"), severity("warning", "1.5"), severity("critical", "2"),
    h("span", { class: "key" }, h("span", { class: "swatch band", "aria-hidden": "true" }), "low to high"),
    h("span", { class: "key" }, h("span", { class: "swatch openhigh", "aria-hidden": "true" }), "no upper limit"),
    h("span", { class: "key keys" }, "↑ ↓ walk, → ← unfold and fold, Enter opens, / finds"),
  );
}

byId("theme").addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? null) + 1) % THEMES.length]));
byId("find").addEventListener("input", (event) => tree.find(event.target.value));
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
addEventListener("popstate", followHash);
setInterval(() => { drawAge(); drawSources(byId("sources"), store); }, 30_000);
setInterval(readSources, SOURCES_MS);

setTheme(document.documentElement.dataset.theme ?? null);
legend();
follow({ onOpen: opened, onEvent: take, onLost: lost });
