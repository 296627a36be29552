// The access token, where the gateway requires one: kept in this tab only.

import { byId, storage } from "./dom.js";
import { t } from "./language.js";

const area = () => sessionStorage;
let token = storage.get(area, "token");
let pending = null; // resolved when a token is entered

/** The headers of every request; `accept` is a media type. */
export function headers(accept) {
  return token ? { Accept: accept, Authorization: `Bearer ${token}` } : { Accept: accept };
}

/** Show the token form after this refusal; resolves when a token is entered. Repeated calls share one form. */
export function askForToken(refusal) {
  const form = byId("signin");
  byId("signin-why").textContent = token ? t("signin.refused", { why: refusal.message }) : t("signin.why");
  byId("signin-why").classList.toggle("refused", Boolean(token));
  if (form.hidden) {
    form.hidden = false;
    byId("token").focus();
  }
  pending ??= Promise.withResolvers?.() ?? resolvers();
  return pending.promise;
}

function resolvers() {
  const result = {};
  result.promise = new Promise((resolve) => { result.resolve = resolve; });
  return result;
}

/** The gateway accepted the request: hide the form. */
export function letIn() {
  byId("signin").hidden = true;
  byId("signout").hidden = !token;
}

function keep(text) {
  token = text || null;
  storage.set(area, "token", token);
}

byId("signin").addEventListener("submit", (event) => {
  event.preventDefault();
  keep(byId("token").value.trim());
  byId("token").value = "";
  pending?.resolve();
  pending = null;
});
byId("signout").addEventListener("click", () => {
  keep(null);
  location.reload();
});
