// The map: flows between countries as arrows, as wide as they have people and coloured by alert, and dots for checkpoints.

import { h, inner, s } from "../shared/dom.js";
import { named, t } from "../shared/language.js";
import { mainTotal } from "../shared/spans.js";
import { count, flowWords, interval, isCheckpoint, number, place } from "../shared/words.js";

const MOST_ARROWS = 30;
const WIDEST = 15; // pixels, of the flow with the most people
const THINNEST = 2;
const MARGIN = 0.12; // of the extent, on each side
const LABEL_HEIGHT = 17;
const BESIDE = "(min-width: 66.01rem)"; // the map stands beside the alerts, as in board.css
const HALF_TURN = 1800; // tenths of a degree
let world = null; // outlines of countries: rings of longitude and latitude in turn, in tenths of a degree
let asked = false;

/** Where the arrows of a flow end: the mean of the members of a bloc by people, else the capital. */
function anchor(code, flow, store, capitals) {
  const members = flow ? store.children(flow).filter((row) => !isCheckpoint(row.flow) && mainTotal(row)?.best) : [];
  const known = members.map((row) => ({ people: mainTotal(row).best, at: capitals.get(row.flow.split(":").at(-1)) })).filter(({ at }) => at);
  if (!known.length || !flow.split(":")[1]) return capitals.get(code) ?? null;
  const people = known.reduce((sum, row) => sum + row.people, 0);
  return [0, 1].map((axis) => known.reduce((sum, row) => sum + row.at[axis] * row.people, 0) / people);
}

/** The flows between countries that have people. */
const between = (store) => [...store.flows.values()].filter((row) => !isCheckpoint(row.flow) && row.flow.split(":").length === 2 && !row.flow.startsWith("*") && mainTotal(row)?.best > 0);

/** The arrows of flows between countries that have a place: `{row, target, from, to, people, severity}`, the largest first. */
export function arrows(store, capitals, flows = between(store)) {
  return flows
    .map((row) => {
      const [origin, target] = row.flow.split(":");
      const severity = store.urgency(row.flow) ? (store.alertOf(row.flow) ?? store.alertBelow(row.flow)).severity : undefined;
      return { row, target, from: anchor(origin, null, store, capitals), to: anchor(target, row.flow, store, capitals), people: mainTotal(row).best, severity };
    })
    .filter(({ from, to }) => from && to)
    .sort((a, b) => b.people - a.people);
}

/** What the map leaves out, in words; empty where it shows every flow. */
export function leftOut(placed, known, drawn) {
  const words = [];
  if (placed > drawn) words.push(t("map.largest", { n: drawn, flows: count(placed, "flow") }));
  if (known > placed) words.push(t("map.no_place", { flows: count(known - placed, "flow") }));
  return words.join(" ");
}

/** The checkpoints with coordinates that have a flow: `{row, at, severity}`. */
function dots(store, places) {
  return [...store.flows.values()].flatMap((row) => {
    const at = isCheckpoint(row.flow) ? places.get(row.flow.split(":").at(-1)) : null;
    return at ? [{ row, at, severity: store.alertOf(row.flow)?.severity }] : [];
  });
}

/** A projection that fits points (degrees north, east) into a box: equirectangular, true to scale at their middle. */
function fit(points, width, height) {
  const north = points.map(([lat]) => lat);
  const east = points.map(([, lon]) => lon);
  const middle = (Math.min(...north) + Math.max(...north)) / 2;
  const squeeze = Math.cos((middle * Math.PI) / 180);
  const extent = (values, least) => Math.max(least, (Math.max(...values) - Math.min(...values)) * (1 + 2 * MARGIN));
  const scale = Math.min(width / (extent(east, 12) * squeeze), height / extent(north, 8));
  const centre = (Math.min(...east) + Math.max(...east)) / 2;
  return ([lat, lon]) => [width / 2 + (lon - centre) * squeeze * scale, height / 2 - (lat - middle) * scale];
}

function outline(rings, project, width, height) {
  return rings.map((ring) => {
    const points = [];
    let turn = 0; // a ring that crosses the 180th meridian goes on beyond it
    for (let at = 0; at < ring.length; at += 2) {
      const step = at ? ring[at] - ring[at - 2] : 0;
      if (Math.abs(step) > HALF_TURN) turn -= 2 * HALF_TURN * Math.sign(step);
      points.push(project([ring[at + 1] / 10, (ring[at] + turn) / 10]));
    }
    const outside = points.every(([x]) => x < 0) || points.every(([x]) => x > width) || points.every(([, y]) => y < 0) || points.every(([, y]) => y > height);
    return outside ? "" : `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`;
  }).join("");
}

/** A curved arrow from one point to another, as a filled shape: it grows from nothing to its width. */
function shape([x1, y1], [x2, y2], width) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [nx, ny] = [-(y2 - y1) / length, (x2 - x1) / length];
  const bend = 0.14 * length;
  const head = Math.min(length / 3, Math.max(9, width * 1.5));
  const control = [(x1 + x2) / 2 + nx * bend, (y1 + y2) / 2 + ny * bend];
  const along = Math.hypot(x2 - control[0], y2 - control[1]) || 1;
  const [ux, uy] = [(x2 - control[0]) / along, (y2 - control[1]) / along];
  const [neckX, neckY] = [x2 - ux * head, y2 - uy * head];
  const point = (x, y, side) => `${(x - uy * side).toFixed(1)} ${(y + ux * side).toFixed(1)}`;
  const middle = (side) => `${(control[0] + nx * side).toFixed(1)} ${(control[1] + ny * side).toFixed(1)}`;
  const half = width / 2;
  return `M${x1.toFixed(1)} ${y1.toFixed(1)}Q${middle(half * 0.7)} ${point(neckX, neckY, half)}L${point(neckX, neckY, half + head * 0.4)}L${x2.toFixed(1)} ${y2.toFixed(1)}` +
    `L${point(neckX, neckY, -half - head * 0.4)}L${point(neckX, neckY, -half)}Q${middle(-half * 0.7)} ${x1.toFixed(1)} ${y1.toFixed(1)}Z`;
}

/** An SVG link to the drawer of a flow, with a name for those who do not see it. */
function linked(row, words, ...children) {
  const link = s("a", { "aria-label": words, "data-arrow": row.flow, tabindex: "0" }, s("title", null, words), ...children);
  link.setAttribute("href", inner(`flow=${row.flow}`).getAttribute("href"));
  return link;
}

/** Labels, moved down until none covers another. */
function spread(labels, height) {
  const placed = [];
  for (const label of labels.sort((a, b) => a.y - b.y)) {
    const covers = (other) => Math.abs(other.y - label.y) < LABEL_HEIGHT && Math.abs(other.x - label.x) < (other.width + label.width) / 2;
    for (let tries = 0; tries < 12 && placed.some(covers); tries += 1) label.y += 4;
    label.y = Math.min(label.y, height - 4);
    placed.push(label);
  }
  return placed;
}

const rowWords = (row) => {
  const total = mainTotal(row);
  return t("map.flow", { n: total.best, flow: flowWords(row.flow), people: total.best, days: count(total.window_days, "day"), interval: interval(total.low, total.high) });
};

/** Draw the map of all flows; hides it where nothing has a place. */
export function drawMap(home, store) {
  if (!store.places?.length) return;
  const capitals = new Map(store.places.filter((row) => row.at && /^[A-Z]{2}$/.test(row.place)).map((row) => [row.place, row.at]));
  const points = new Map(store.places.filter((row) => row.at && !capitals.has(row.place)).map((row) => [row.place, row.at]));
  const flows = between(store);
  const placed = arrows(store, capitals, flows);
  const drawn = placed.slice(0, MOST_ARROWS);
  home.hidden = !drawn.length;
  if (!drawn.length) return;
  if (!world) {
    if (!asked) load(home, store);
    return;
  }
  const width = Math.max(280, Math.round(home.clientWidth));
  const [tallest, tall] = matchMedia(BESIDE).matches ? [600, 0.8] : [430, 0.62];
  const height = Math.round(Math.min(tallest, Math.max(240, width * tall)));
  const missing = leftOut(placed.length, flows.length, drawn.length);
  const print = JSON.stringify([width, missing, [...placed].map(({ row, people, severity }) => [row.flow, people, severity])]);
  if (home.dataset.print === print) return;
  home.dataset.print = print;
  const focused = home.contains(document.activeElement) ? document.activeElement.dataset.arrow : null;
  const marks = dots(store, points);
  const project = fit([...drawn.flatMap(({ from, to }) => [from, to]), ...marks.map(({ at }) => at)], width, height);
  const most = drawn[0].people;
  const involved = new Set(drawn.flatMap(({ row }) => row.flow.split(":")));
  const labels = new Map();
  const label = (code, at, people, from = at) => {
    const [x, y] = project(at);
    const below = project(from)[1] < y - LABEL_HEIGHT; // the arrow comes from above
    const known = labels.get(code) ?? { code, x, y: below ? y + LABEL_HEIGHT : y - 13, people: 0, width: 0 };
    known.people += people;
    known.words = [place(code), known.people ? number(known.people) : ""].filter(Boolean).join(" ");
    known.width = known.words.length * 7.6;
    known.x = Math.min(Math.max(known.x, known.width / 2 + 4), width - known.width / 2 - 4);
    labels.set(code, known);
  };
  for (const { row, target, from, to } of drawn) {
    label(row.flow.split(":")[0], from, 0);
    label(target, to, 0, from);
  }
  const leaving = new Map(); // a country that more people leave than enter is labelled without a number
  for (const { row, people } of placed) leaving.set(row.flow.split(":")[0], (leaving.get(row.flow.split(":")[0]) ?? 0) + people);
  const entering = Map.groupBy(placed.filter(({ target }) => labels.has(target)), ({ target }) => target);
  for (const [target, some] of entering) {
    if (some.reduce((sum, { people }) => sum + people, 0) > (leaving.get(target) ?? 0)) for (const { to, people } of some) label(target, to, people);
  }
  const drawing = s("svg", { class: "world", viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": t("map.title") },
    s("rect", { class: "sea", width, height }),
    s("g", { "aria-hidden": "true" }, Object.entries(world).map(([code, rings]) => {
      const d = outline(rings, project, width, height);
      return d ? s("path", { class: involved.has(code) ? "land involved" : "land", d }) : null;
    })),
    [...drawn].reverse().map(({ row, from, to, people, severity }) =>
      linked(row, `${rowWords(row)}${severity ? `, ${named("severity", severity)}` : ""}`, s("path", { class: `arrow ${severity ?? ""}`, d: shape(project(from), project(to), Math.max(THINNEST, (WIDEST * people) / most)) }))),
    marks.map(({ row, at, severity }) => {
      const [cx, cy] = project(at);
      return linked(row, mainTotal(row) ? rowWords(row) : flowWords(row.flow), s("circle", { class: `dot ${severity ?? ""}`, cx: cx.toFixed(1), cy: cy.toFixed(1), r: 3.5 }));
    }),
    s("g", { "aria-hidden": "true" }, spread([...labels.values()], height).map(({ words, x, y }) => s("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": "middle" }, words))),
  );
  home.replaceChildren(drawing, h("figcaption", null, t("map.caption"), " ", missing, missing ? " " : "", t("map.outlines")));
  if (focused) home.querySelector(`[data-arrow="${CSS.escape(focused)}"]`)?.focus();
}

async function load(home, store) {
  asked = true;
  try {
    world = await (await fetch(new URL("board/overview/world.json", document.baseURI))).json();
    new ResizeObserver(() => drawMap(home, store)).observe(home);
    drawMap(home, store);
  } catch {
    asked = false; // asked for again with the next change
  }
}
