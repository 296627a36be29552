// Text of the desk: the fields of a claim and the words they were read from, acknowledgements, silences. No page is needed here.

import { named, t } from "../shared/language.js";
import { moment } from "../shared/words.js";

export const FIELDS = ["flow", "period", "people", "qualifier", "population", "unit", "per", "attributed_to"];
export const QUALIFIERS = ["count", "stated", "about", "nearly", "more_than", "at_least", "at_most"];

/** The people of a claim as text: "98000", "5000-6000"; "" for none. */
export function peopleText(people) {
  if (people === null || people === undefined) return "";
  return Array.isArray(people) ? people.join("-") : String(people);
}

/** What a field's text means: people as a number or [low, high], an empty field as null. */
export function valueOf(name, text) {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (name !== "people") return trimmed;
  const parts = trimmed.split(/\s*(?:-|–|to)\s*/).map((part) => part.replace(/[\s,.'’]/g, ""));
  if (!parts.every((part) => /^\d+$/.test(part))) return trimmed;
  return parts.length === 1 ? Number(parts[0]) : parts.map(Number);
}

/** The context of an item in pieces: the words, whether they are quoted, the fields read from them, and those that end there. */
export function pieces(item) {
  const signs = Array.from(item.context); // spans count characters, not UTF-16 units
  const at = item.claim.text ? item.context.indexOf(item.claim.text) : -1;
  const start = at < 0 ? 0 : Array.from(item.context.slice(0, at)).length;
  const quote = [start, at < 0 ? 0 : start + Array.from(item.claim.text).length];
  const spans = Object.entries(item.spans).filter(([, span]) => span[0] < span[1]);
  const cuts = [...new Set([0, signs.length, ...quote, ...spans.flatMap(([, span]) => span)])].filter((cut) => cut <= signs.length).sort((a, b) => a - b);
  return cuts.slice(0, -1).map((from, index) => {
    const to = cuts[index + 1];
    const inside = spans.filter(([, span]) => span[0] <= from && to <= span[1]);
    return {
      words: signs.slice(from, to).join(""),
      quoted: quote[0] <= from && to <= quote[1],
      fields: inside.map(([name]) => name),
      ending: inside.filter(([, span]) => span[1] === to).map(([name]) => name),
    };
  });
}

/** How long a silence may last: a number, its unit, and both in hours. */
export const LENGTHS = [[1, "hour", 1], [4, "hour", 4], [1, "day", 24], [3, "day", 72], [7, "day", 168]];

/** The end of a silence that begins now, ISO 8601. */
export const untilAfter = (hours, now = Date.now()) => new Date(now + hours * 3_600_000).toISOString();

/** Who has acknowledged an alert, in words; "" where nobody has. */
export function acknowledgedWords(alert, record) {
  if (!record) return "";
  const worse = record.severity !== alert.severity ? t("act.worse", { was: named("severity", record.severity), is: named("severity", alert.severity) }) : "";
  return `${t("act.by", { author: record.author, at: moment(record.at) })}${worse}${record.note ? `: ${record.note}` : ""}`;
}
