// The moment that the page shows: from `?at=` in its address, or now.

/** A moment as text that the API takes, from a field of a form or an address; null if it is none. */
export function momentOf(text) {
  if (!text) return null;
  const zoned = /(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`;
  const ms = Date.parse(zoned);
  return Number.isFinite(ms) ? new Date(ms).toISOString().replace(/(:00)?\.000Z$/, "Z") : null;
}

export const at = momentOf(new URLSearchParams(globalThis.location?.search ?? "").get("at"));

/** The moment as the API wants it: with seconds. */
export const atParameter = at && (at.length === "2022-09-27T09:00Z".length ? at.replace("Z", ":00Z") : at);

const THEN = /^v1\/(flows|totals|periods|days|alerts|evidence|sources)\b/;

/** Whether a path of the API answers as of a past moment. */
export const knowsThen = (path) => THEN.test(path);
