// Claims on a timeline of days: who said it, in which words, what became of it.

import { h, inner, outer } from "./dom.js";
import { eachDay, gradeMark } from "./marks.js";
import { claimWords, DAY_MS, day, dayMs, dayRange, isoDay, moment, number, place, plural, populationWords } from "./words.js";
import { periodMs } from "./spans.js";

const ROLES = {
  counted: { title: "Counted", sign: "✓" },
  conflict: { title: "In conflict", sign: "≠" },
  noted: { title: "Shown, not totalled", sign: "○" },
  withdrawn: { title: "Withdrawn", sign: "✕" },
};

/** A flow below another, said from there: "Finland › Vaalimaa". */
const whereWords = (flow, about) => flow.slice(about.length + 1).split(":").map(place).join(" › ");

const clamp = (value) => Math.min(1, Math.max(0, value));

/** A bar from one moment to another on a lane that spans the stretch; an edge beyond it is left open. */
function lane(period, { from, to }, role) {
  const box = h("div", { class: "lane", "aria-hidden": "true", vars: { "--days": Math.round((to - from) / DAY_MS) } });
  if (!period || period.end <= from || period.start >= to) return box;
  const left = clamp((period.start - from) / (to - from));
  const right = clamp((period.end - from) / (to - from));
  box.append(
    h("span", {
      class: `span ${role} ${period.start < from ? "earlier" : ""} ${period.end > to ? "later" : ""}`,
      vars: { "--left": `${100 * left}%`, "--width": `${100 * (right - left)}%` },
    }),
  );
  return box;
}

function periodWords(claim) {
  const period = periodMs(claim.period);
  if (!period) return claim.period;
  const whole = period.start % DAY_MS === 0 && period.end % DAY_MS === 0;
  return whole ? dayRange(isoDay(period.start), isoDay(period.end)) : `${moment(new Date(period.start).toISOString())} – ${moment(new Date(period.end).toISOString())}`;
}

/** One claim. `about`: the flow the drawer is on; another one is named and led to. */
function claimItem(claim, span, about) {
  const role = ROLES[claim.role] ? claim.role : "counted";
  return h(
    "li",
    { class: `claim ${role}`, "data-report": claim.report },
    lane(periodMs(claim.period), span, role),
    h("p", { class: "said" },
      h("span", { class: "sign", "aria-hidden": "true" }, ROLES[role].sign),
      h("b", null, claimWords(claim)),
      h("span", { class: "when" }, periodWords(claim)),
      claim.flow === about ? null : inner(`flow=${claim.flow}`, { class: "where" }, whereWords(claim.flow, about)),
    ),
    claim.why ? h("p", { class: "verdict" }, h("bdi", null, claim.why)) : null,
    claim.text ? h("blockquote", { dir: "auto" }, h("bdi", null, claim.text)) : null,
    h("p", { class: "by" },
      gradeMark(claim.grade),
      h("bdi", null, claim.source_name ?? claim.source), ` · ${moment(claim.published)} · `,
      claim.url ? outer(claim.url, null, `report ${claim.report}`) : h("bdi", null, `report ${claim.report}`),
    ),
  );
}

/** Claims in groups by what became of them, in order of their days. */
export function claimGroups(claims, span, about) {
  const start = (claim) => periodMs(claim.period)?.start ?? 0;
  return Object.entries(ROLES).map(([role, { title, sign }]) => {
    const some = claims.filter((claim) => claim.role === role).sort((a, b) => start(a) - start(b) || a.published.localeCompare(b.published));
    if (!some.length) return null;
    return h("section", { class: `group ${role}` }, h("h4", null, h("span", { class: "sign", "aria-hidden": "true" }, sign), `${title} (${some.length})`), h("ol", { class: "claims" }, some.map((claim) => claimItem(claim, span, about))));
  });
}

/** Counters: a lane each, a column a day. */
export function counterLanes(counts, span, about) {
  if (!counts.length) return null;
  const sources = new Map();
  for (const one of counts) {
    const key = `${one.source}\n${one.flow}`;
    if (!sources.has(key)) sources.set(key, []);
    sources.get(key).push(one);
  }
  const top = Math.max(1, ...counts.map((one) => one.people));
  const items = [...sources.values()].map((some) => {
    const by = new Map(some.map((one) => [one.day, one]));
    const inside = some.filter((one) => dayMs(one.day) >= span.from && dayMs(one.day) < span.to);
    const people = inside.reduce((sum, one) => sum + one.people, 0);
    const readings = inside.reduce((sum, one) => sum + one.readings, 0);
    return h("li", { class: "counter" },
      h("div", { class: "lane columns", "aria-hidden": "true", vars: { "--days": Math.round((span.to - span.from) / DAY_MS) } },
        eachDay(span.from, span.to).map((one) => h("span", { title: by.has(one) ? `${day(one)}: ${number(by.get(one).people)}` : "", vars: { "--height": `${by.has(one) ? Math.max(4, (100 * by.get(one).people) / top) : 0}%` } }))),
      h("p", { class: "said" }, h("span", { class: "sign", "aria-hidden": "true" }, "✓"), h("b", null, `counted ${number(people)} ${populationWords(some[0].population, some[0].unit)}`), h("span", { class: "when" }, plural(readings, "reading")),
        some[0].flow === about ? null : inner(`flow=${some[0].flow}`, { class: "where" }, whereWords(some[0].flow, about))),
      h("p", { class: "by" }, gradeMark(some[0].grade), h("bdi", null, some[0].source_name ?? some[0].source)));
  });
  return h("section", { class: "group counted" }, h("h4", null, h("span", { class: "sign", "aria-hidden": "true" }, "✓"), `Counters (${items.length})`), h("ol", { class: "claims" }, items));
}
