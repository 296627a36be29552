// What an alert says, in the language of the page: records hold an English sentence, other languages make one of its figures.

import { h } from "./dom.js";
import { has, lang, t } from "./language.js";
import { day, flowWords, populationWords, ratioWords } from "./words.js";

/** The sentence of an alert, isolated from the text around it. */
export function explanation(alert) {
  if (lang === "en" || !has(`explain.${alert.rule}`)) return h("bdi", lang === "en" ? null : { lang: "en" }, alert.explanation);
  return h("bdi", null, t(`explain.${alert.rule}`, {
    flow: flowWords(alert.flow),
    rate: alert.rate,
    population: populationWords(alert.population),
    date: day(alert.day, { year: true }),
    expected: alert.expected,
    ratio: alert.ratio === null ? t("ratio.none_expected") : ratioWords(alert.ratio),
  }));
}
