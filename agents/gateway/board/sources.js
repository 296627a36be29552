// The sources, and the time of each source's last report.

import { h, outer } from "./dom.js";
import { gradeMark } from "./marks.js";
import { ago, day, DAY_MS, moment } from "./words.js";

/** How long ago; the day itself where that is longer than a month. */
const ageWords = (iso) => (Date.now() - Date.parse(iso) > 30 * DAY_MS ? day(iso.slice(0, 10), { year: true }) : ago(iso));

export function drawSources(place, store) {
  const sources = [...store.sources.values()].sort(
    (a, b) =>
      Number(b.overdue ?? false) - Number(a.overdue ?? false) ||
      (b.last_published ?? "").localeCompare(a.last_published ?? "") ||
      a.name.localeCompare(b.name),
  );
  if (!sources.length) {
    place.replaceChildren(h("p", { class: "empty" }, "No source is registered."));
    return;
  }
  const item = (source) =>
    h(
      "li",
      { class: source.overdue ? "overdue" : "", "data-source": source.source },
      gradeMark(source.grade),
      h("span", { class: "who" }, source.url ? outer(source.url, null, source.name) : source.name,
        source.relays ? ` relays ${store.sourceName(source.relays)}` : null,
        source.exactness === null || source.exactness === undefined ? null : ` · ${Math.round(100 * source.exactness)} % exact`),
      h("span", { class: "heard" },
        source.overdue ? h("b", null, "overdue ") : null,
        source.last_published ? h("time", { datetime: source.last_published, title: moment(source.last_published) }, ageWords(source.last_published)) : "never",
      ),
    );
  const old = store.newest !== null && Date.now() - Date.parse(store.newest) > 30 * DAY_MS;
  place.replaceChildren(h("p", { class: "note" }, old ? "Grade, name, day of the last report" : "Grade, name, age of the last report"), h("ul", { class: "sourcelist" }, sources.map(item)));
}
