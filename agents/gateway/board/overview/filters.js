// The form of filters. The choices are those that the open alerts, the sources and the flows of the board have.

import { h } from "../shared/dom.js";
import { named, t } from "../shared/language.js";
import { CHOICES, filtersIn } from "../shared/search.js";
import { flowName, populationWords } from "../shared/words.js";

const SEVERITIES = ["notice", "warning", "critical"];
const STATES = ["firing", "updated", "loud", "muted"];

/** The filters in the address. */
export const readFilters = (query = location.search) => filtersIn(query);

function choices(store) {
  const alerts = store.openAlerts;
  const some = (values, words) => [...new Set(values)].sort().map((value) => [value, words(value)]);
  return {
    severity: SEVERITIES.map((severity) => [severity, t(`filter.${severity}`)]),
    state: STATES.map((state) => [state, named("state", state)]),
    rule: some(alerts.map((alert) => alert.rule), (rule) => named("rule", rule)),
    source: some(store.sources.keys(), store.sourceName),
    population: some(alerts.map((alert) => alert.population), (population) => populationWords(population)),
    flow: some([...store.flows.values()].filter((row) => row.parent === null).map((row) => row.flow), flowName),
  };
}

/** Draw the form with the filters chosen. Redrawn only if a choice is new, so that an open list stays open. */
export function drawFilters(form, store, filters) {
  const offered = choices(store);
  const print = JSON.stringify([offered, filters]);
  if (form.dataset.print === print) return;
  const focused = form.contains(document.activeElement) ? document.activeElement.name : null;
  form.dataset.print = print;
  const select = (name) => {
    const known = offered[name].some(([value]) => value === filters[name]) || !filters[name] ? offered[name] : [...offered[name], [filters[name], filters[name]]];
    const field = h("select", { name, id: `filter-${name}` }, h("option", { value: "" }, t("filter.any")), known.map(([value, words]) => h("option", { value, selected: value === filters[name] }, words)));
    return h("label", { for: `filter-${name}` }, h("span", null, t(`filter.by.${name}`)), field);
  };
  const chosen = CHOICES.filter((name) => filters[name]).length;
  form.replaceChildren(
    h("details", { open: chosen > 0 || (form.querySelector("details")?.open ?? false) },
      h("summary", null, chosen ? t("filter.chosen", { chosen }) : t("filter.title")),
      h("div", { class: "choices" }, CHOICES.map(select), h("button", { type: "reset", class: "quiet" }, t("filter.clear")))));
  if (focused) form.querySelector(`[name="${focused}"]`)?.focus();
}
