// The token, where the gateway asks for one: kept for this tab, and gone with it.

import { byId, kept } from "./dom.js";

const area = () => sessionStorage;
let token = kept.get(area, "token");
let given = null; // what waits for a token

/** The headers that every question carries; `accept` is a media type. */
export function headers(accept) {
  return token ? { Accept: accept, Authorization: `Bearer ${token}` } : { Accept: accept };
}

/** Ask for a token, because of this answer; done once there is one. Asked more than once, it is one form. */
export function askForToken(refusal) {
  const form = byId("signin");
  byId("signin-why").textContent = token
    ? `The gateway did not accept this token: ${refusal.message}.`
    : "This gateway requires an access token for reading.";
  byId("signin-why").classList.toggle("refused", Boolean(token));
  if (form.hidden) {
    form.hidden = false;
    byId("token").focus();
  }
  given ??= Promise.withResolvers?.() ?? resolvers();
  return given.promise;
}

function resolvers() {
  const made = {};
  made.promise = new Promise((resolve) => { made.resolve = resolve; });
  return made;
}

/** The gateway answered: nothing is asked for. */
export function letIn() {
  byId("signin").hidden = true;
  byId("signout").hidden = !token;
}

function keep(text) {
  token = text || null;
  kept.set(area, "token", token);
}

byId("signin").addEventListener("submit", (event) => {
  event.preventDefault();
  keep(byId("token").value.trim());
  byId("token").value = "";
  given?.resolve();
  given = null;
});
byId("signout").addEventListener("click", () => {
  keep(null);
  location.reload();
});
