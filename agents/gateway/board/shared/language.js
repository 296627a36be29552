// The language of the page: its table of texts, and how that language writes numbers, days and plurals.

/** The language of the page, as the gateway has chosen it. */
export const lang = globalThis.document?.documentElement.lang || "en";

const { default: table } = await import(`../languages/${lang}.js`);
const plurals = new Intl.PluralRules(lang, { maximumFractionDigits: 0 });
const whole = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });

/** A number of people: "53,000". */
export const number = (value) => whole.format(value);

/** The text of a key for `n` things; for languages that have one, the form of the plural. */
function textOf(key, n) {
  const entry = table[key];
  if (entry === undefined) throw new RangeError(`no text has the key ${key}`);
  return typeof entry === "string" ? entry : entry[plurals.select(n)];
}

const filled = (value) => (typeof value === "number" ? number(value) : value ?? "");

/** The pieces of the text of a key: words, and the values in place of `{name}`, which may be elements. `n` chooses the plural. */
export const pieces = (key, values = {}) => textOf(key, values.n).split(/\{(\w+)\}/).map((piece, at) => (at % 2 ? filled(values[piece]) : piece));

/** The text of a key, with values in place of `{name}`; numbers are written as the language writes them. */
export const t = (key, values) => pieces(key, values).join("");

/** Whether the language has a text with this key. */
export const has = (key) => key in table;

/** The text of a value from outside, such as the name of a rule: that of `kind.value`, else the value in words. */
export const named = (kind, value) => table[`${kind}.${value}`] ?? String(value).replaceAll("_", " ");

/** The language of sentences that the pipeline writes, such as explanations: null where the page has the same one. */
export const recorded = lang === "en" ? null : "en";
