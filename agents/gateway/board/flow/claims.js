// Claims on a timeline of days, with source, quoted words, and the part each claim plays in the figure.

import { contact, h, inner, outer } from "../shared/dom.js";
import { eachDay, gradeMark } from "../shared/marks.js";
import { pieces, recorded, t } from "../shared/language.js";
import { claimWords, count as counted, DAY_MS, day, dayMs, moment, number, place, populationWords } from "../shared/words.js";
import { periodMs, periodWords } from "../shared/periods.js";

const SIGNS = { counted: "✓", conflict: "≠", noted: "○", withdrawn: "✕" };

/** The name of a flow relative to the flow above it: "Finland › Vaalimaa". */
const whereWords = (flow, about) => flow.slice(about.length + 1).split(":").map(place).join(" › ");

/** From this share of the larger figure on, in per cent, a conflict is listed before the others. */
const GRAVE = 10;
const grave = (claim) => (claim.role === "conflict" && claim.percent >= GRAVE ? 0 : 1);

const clamp = (value) => Math.min(1, Math.max(0, value));

/** A bar for a period on a lane from `from` to `to`; an edge outside the lane is drawn open. */
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

/** Whom to ask about a claim, where the registry says it. */
const asks = (source, store) => (store.sources.get(source)?.contact ? [" · ", contact(store.sources.get(source).contact)] : null);

/** One claim. `about`: the flow of the drawer; a claim on another flow shows its name, as a link. */
function claimItem(claim, span, about, store) {
  const role = SIGNS[claim.role] ? claim.role : "counted";
  return h(
    "li",
    { class: `claim ${role}`, "data-report": claim.report },
    lane(periodMs(claim.period), span, role),
    h("p", { class: "figures" },
      h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[role]),
      h("b", null, claimWords(claim)),
      h("span", { class: "when" }, periodWords(claim)),
      claim.flow === about ? null : inner(`flow=${claim.flow}`, { class: "where" }, whereWords(claim.flow, about)),
    ),
    claim.why ? h("p", { class: "verdict" }, h("bdi", { lang: recorded }, claim.why)) : null,
    claim.unlikely ? h("p", { class: "verdict unlikely" }, h("b", null, t("claim.unlikely")), " ", h("bdi", { lang: recorded }, claim.unlikely)) : null,
    claim.text ? h("blockquote", { dir: "auto" }, h("bdi", null, claim.text)) : null,
    h("p", { class: "by" },
      gradeMark(claim.grade),
      h("bdi", null, claim.source_name ?? claim.source), ` · ${moment(claim.published)} · `,
      claim.url ? outer(claim.url, null, pieces("claim.report", { report: h("bdi", null, claim.report) })) : pieces("claim.report", { report: h("bdi", null, claim.report) }),
      asks(claim.source, store),
    ),
  );
}

/** Claims grouped by role, in order of their days; conflicts of 10 % or more come first. */
export function claimGroups(claims, span, about, store) {
  const start = (claim) => periodMs(claim.period)?.start ?? 0;
  return Object.entries(SIGNS).map(([role, sign]) => {
    const some = claims.filter((claim) => claim.role === role).sort((a, b) => grave(a) - grave(b) || start(a) - start(b) || a.published.localeCompare(b.published));
    if (!some.length) return null;
    return h("section", { class: `group ${role}` }, h("h4", null, h("span", { class: "sign", "aria-hidden": "true" }, sign), t(`role.${role}`, { claims: some.length })), h("ol", { class: "claims" }, some.map((claim) => claimItem(claim, span, about, store))));
  });
}

/** Counters: one lane each, one column a day. */
export function counterLanes(counts, span, about, store) {
  if (!counts.length) return null;
  const sources = new Map();
  for (const count of counts) {
    const key = `${count.source}\n${count.flow}`;
    if (!sources.has(key)) sources.set(key, []);
    sources.get(key).push(count);
  }
  const top = Math.max(1, ...counts.map((count) => count.people));
  const items = [...sources.values()].map((some) => {
    const byDay = new Map(some.map((count) => [count.day, count]));
    const inside = some.filter((count) => dayMs(count.day) >= span.from && dayMs(count.day) < span.to);
    const people = inside.reduce((sum, count) => sum + count.people, 0);
    const readings = inside.reduce((sum, count) => sum + count.readings, 0);
    return h("li", { class: "counter" },
      h("div", { class: "lane columns", "aria-hidden": "true", vars: { "--days": Math.round((span.to - span.from) / DAY_MS) } },
        eachDay(span.from, span.to).map((date) => h("span", { title: byDay.has(date) ? `${day(date)}: ${number(byDay.get(date).people)}` : "", vars: { "--height": `${byDay.has(date) ? Math.max(4, (100 * byDay.get(date).people) / top) : 0}%` } }))),
      h("p", { class: "figures" }, h("span", { class: "sign", "aria-hidden": "true" }, "✓"), h("b", null, t("claim.words", { qualifier: t("qualifier.count"), people, population: populationWords(some[0].population, some[0].unit) })), h("span", { class: "when" }, counted(readings, "reading")),
        some[0].flow === about ? null : inner(`flow=${some[0].flow}`, { class: "where" }, whereWords(some[0].flow, about))),
      some.filter((count) => count.unlikely).map((count) => h("p", { class: "verdict unlikely" }, h("b", null, t("claim.unlikely_on", { date: day(count.day) })), " ", h("bdi", { lang: recorded }, count.unlikely))),
      h("p", { class: "by" }, gradeMark(some[0].grade), h("bdi", null, some[0].source_name ?? some[0].source), asks(some[0].source, store)));
  });
  return h("section", { class: "group counted" }, h("h4", null, h("span", { class: "sign", "aria-hidden": "true" }, "✓"), t("role.counters", { claims: items.length })), h("ol", { class: "claims" }, items));
}
