// The sources, and the time of each source's last report.

import { contact, h, outer } from "../shared/dom.js";
import { t } from "../shared/language.js";
import { gradeMark } from "../shared/marks.js";
import { ago, day, DAY_MS, moment, share } from "../shared/words.js";

/** How long ago; the day itself where that is longer than a month. */
const ageWords = (iso) => (Date.now() - Date.parse(iso) > 30 * DAY_MS ? day(iso.slice(0, 10), { year: true }) : ago(iso));

/** Which share of the figures of a source are exact numbers rather than rounded ones. */
const exactWords = (part) => (part === 1 ? t("sources.exact_all") : t("sources.exact", { share: share(part, 1) }));

export function drawSources(place, store) {
  const sources = [...store.sources.values()].sort(
    (a, b) =>
      Number(b.overdue ?? false) - Number(a.overdue ?? false) ||
      (b.last_published ?? "").localeCompare(a.last_published ?? "") ||
      a.name.localeCompare(b.name),
  );
  if (!sources.length) {
    place.replaceChildren(h("p", { class: "empty" }, t("sources.none")));
    return;
  }
  const item = (source) =>
    h(
      "li",
      { class: source.overdue ? "overdue" : "", "data-source": source.source },
      gradeMark(source.grade),
      h("span", { class: "who" }, source.url ? outer(source.url, null, h("bdi", null, source.name)) : h("bdi", null, source.name),
        source.relays ? ` ${t("sources.relays", { source: store.sourceName(source.relays) })}` : null,
        !source.exactness ? null : ` · ${exactWords(source.exactness)}`,
        source.contact ? [" · ", contact(source.contact)] : null),
      h("span", { class: "heard" },
        source.overdue ? h("b", null, `${t("sources.overdue")} `) : null,
        source.last_published ? h("time", { datetime: source.last_published, title: moment(source.last_published) }, ageWords(source.last_published)) : t("sources.never"),
      ),
    );
  const old = store.newest !== null && Date.now() - Date.parse(store.newest) > 30 * DAY_MS;
  place.replaceChildren(h("p", { class: "note" }, t(old ? "sources.note_old" : "sources.note")), h("ul", { class: "sourcelist" }, sources.map(item)));
}
