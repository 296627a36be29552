// The gateway's JSON API and its stream of events.

import { t } from "./language.js";
import { at, atParameter, knowsThen } from "./moments.js";
import { headers } from "./signin.js";

/** The gateway refused a request, with its reason; `status` is 0 when the gateway did not respond. */
class GatewayError extends Error {
  constructor(status, message, field = null) {
    super(message);
    this.status = status;
    this.field = field; // the field of the request that is wrong
  }
}

const SILENT_MS = 45_000; // heartbeats are far more frequent: after this long without a byte the connection counts as lost
const ANSWER_MS = 15_000;
const MAKING_MS = 700; // between two looks at a replay
const RETRY_MS = { first: 500, longest: 15_000 };

const address = (path) => new URL(path, document.baseURI);

async function refusal(answer) {
  let why = answer.statusText || t("api.no_reason");
  let field = null;
  try {
    const problem = await answer.json();
    if (typeof problem.detail === "string") why = problem.detail;
    if (typeof problem.field === "string") field = problem.field;
  } catch {
    // not JSON: the status text is the reason
  }
  return new GatewayError(answer.status, why, field);
}

/** The JSON at a path; `query` values may be lists. Raises GatewayError. */
export async function get(path, query = {}) {
  const url = address(path);
  for (const [key, value] of Object.entries(query)) for (const item of [value].flat()) url.searchParams.append(key, item);
  if (at && knowsThen(path)) url.searchParams.set("at", atParameter);
  for (let waited = false; ; waited = true) {
    let answer;
    try {
      answer = await fetch(url, { headers: headers("application/json"), cache: "no-cache", signal: AbortSignal.timeout(ANSWER_MS) });
    } catch {
      throw new GatewayError(0, t("api.no_answer"));
    }
    if (!answer.ok) throw await refusal(answer);
    if (answer.status !== 202) {
      if (waited) dispatchEvent(new CustomEvent("making", { detail: null }));
      return answer.json();
    }
    dispatchEvent(new CustomEvent("making", { detail: await answer.json() })); // a past moment is being replayed
    await new Promise((go) => { setTimeout(go, MAKING_MS); });
  }
}

/** Send a record as JSON; returns the record of the response. Raises GatewayError. */
export async function send(method, path, body = undefined) {
  let answer;
  try {
    const options = { method, headers: { ...headers("application/json"), "Content-Type": "application/json" }, signal: AbortSignal.timeout(2 * ANSWER_MS) };
    answer = await fetch(address(path), body === undefined ? options : { ...options, body: JSON.stringify(body) });
  } catch {
    throw new GatewayError(0, t("api.no_answer"));
  }
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

/** All rows of a paginated list: those under `name` of every page at a path; `onPage` is told how many there are so far. Raises GatewayError. */
export async function getAll(path, name, query = {}, onPage = () => {}) {
  const rows = [];
  for (let asked = query; asked; ) {
    const page = await get(path, asked);
    rows.push(...page[name]);
    onPage(rows.length);
    asked = page.next ? { ...query, after: page.next } : null;
  }
  return rows;
}

/** Parse server-sent events (HTML standard) from pieces of text. */
function* events(parser, text) {
  parser.rest += text;
  const lines = parser.rest.split(/\r\n|\n|\r(?!$)/);
  parser.rest = lines.pop();
  for (const line of lines) {
    if (line === "") {
      if (parser.data.length) yield { kind: parser.kind || "message", data: parser.data.join("\n") };
      parser.data = [];
      parser.kind = "";
    } else if (!line.startsWith(":")) {
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") parser.kind = value;
      else if (field === "data") parser.data.push(value);
    }
  }
}

/**
 * Follow the stream for as long as the page is open. Uses fetch, because EventSource hides heartbeats and a lost connection
 * would look live. Every new connection calls `onOpen`, which reads everything again, so there is no gap to resume over.
 * `onLost` returns whether to reconnect at once; otherwise the pause between attempts grows, with jitter, and ends early when
 * the browser is online again. A page of a past moment follows nothing: `onOpen` is called until it returns false.
 */
export async function follow({ onOpen, onEvent, onLost }) {
  if (at) { // the past does not change
    while (await onOpen());
    return;
  }
  let wait = RETRY_MS.first;
  for (;;) {
    const stop = new AbortController();
    let watch = setTimeout(() => stop.abort(), ANSWER_MS);
    let lost;
    try {
      const answer = await fetch(address("v1/stream?kinds=totals,alerts,quiet,desk"), { headers: headers("text/event-stream"), cache: "no-store", signal: stop.signal });
      if (!answer.ok) throw await refusal(answer);
      const heard = () => {
        clearTimeout(watch);
        watch = setTimeout(() => stop.abort(), SILENT_MS);
      };
      heard();
      wait = RETRY_MS.first;
      onOpen();
      const parser = { rest: "", kind: "", data: [] };
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        heard();
        for (const event of events(parser, piece.value)) onEvent(event.kind, event.data);
      }
      lost = new GatewayError(0, t("api.ended"));
    } catch (error) {
      lost = error instanceof GatewayError ? error : new GatewayError(0, t("api.no_answer"));
    }
    clearTimeout(watch);
    stop.abort();
    const pause = Math.round(wait * (0.75 + Math.random() / 2));
    if (await onLost(lost, pause)) {
      wait = RETRY_MS.first;
      continue;
    }
    await new Promise((go) => {
      const timer = setTimeout(go, pause);
      addEventListener("online", () => { clearTimeout(timer); go(); }, { once: true });
    });
    wait = Math.min(wait * 2, RETRY_MS.longest);
  }
}
