// The gateway's JSON API and its stream of events.

import { headers } from "./signin.js";

/** What the gateway said when it refused; `status` 0 when it did not answer at all. */
class GatewayError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const SILENT_MS = 45_000; // heartbeats come far more often: so long without a byte, and the line is dead
const ANSWER_MS = 15_000;
const RETRY_MS = { first: 500, longest: 15_000 };

const address = (path) => new URL(path, document.baseURI);

async function refusal(answer) {
  let why = answer.statusText || "no reason given";
  try {
    const said = await answer.json();
    if (typeof said.detail === "string") why = said.detail;
  } catch {
    // not JSON: the status says it
  }
  return new GatewayError(answer.status, why);
}

/** The JSON at a path; `query` values may be lists. Raises GatewayError. */
export async function get(path, query = {}) {
  const url = address(path);
  for (const [key, value] of Object.entries(query)) for (const one of [value].flat()) url.searchParams.append(key, one);
  let answer;
  try {
    answer = await fetch(url, { headers: headers("application/json"), cache: "no-cache", signal: AbortSignal.timeout(ANSWER_MS) });
  } catch {
    throw new GatewayError(0, "the gateway does not answer");
  }
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

/** Server-sent events, as the HTML standard has them, out of pieces of text. */
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
 * Follows the stream for as long as the page lives. fetch, not EventSource: that one shows no heartbeats, so a dead line
 * would look live. Every new connection calls `onOpen`, which reads everything anew: no gap to
 * resume over. `onLost` answers whether to try again at once; else between two attempts it waits longer each time, with jitter, and
 * less once the machine is online again.
 */
export async function follow({ onOpen, onEvent, onLost }) {
  let wait = RETRY_MS.first;
  for (;;) {
    const stop = new AbortController();
    let watch = setTimeout(() => stop.abort(), ANSWER_MS);
    let lost;
    try {
      const answer = await fetch(address("v1/stream?kinds=totals,alerts,quiet"), { headers: headers("text/event-stream"), cache: "no-store", signal: stop.signal });
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
      lost = new GatewayError(0, "the gateway ended the stream");
    } catch (error) {
      lost = error instanceof GatewayError ? error : new GatewayError(0, "the gateway does not answer");
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
