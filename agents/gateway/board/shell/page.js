// What every page has: the theme, the top, and access to the gateway.

import { get } from "../shared/api.js";
import { byId, storage } from "../shared/dom.js";
import { t } from "../shared/language.js";
import { askForToken, letIn } from "../shared/signin.js";

const THEMES = [null, "light", "dark"];

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  storage.set(() => localStorage, "theme", theme);
  byId("theme").textContent = t(`theme.${theme ?? "auto"}`);
}

/** Let the reader choose the theme (as the system, light, or dark) and the language; the rest of the address stays. */
export function startPage() {
  setTheme(document.documentElement.dataset.theme ?? null);
  byId("theme").addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? null) + 1) % THEMES.length]));
  for (const link of document.querySelectorAll(".languages a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const query = parameters();
      query.set("lang", link.lang);
      location.assign(`${location.pathname}?${query.toString().replaceAll("%3A", ":")}${location.hash}`);
    });
  }
}

/** The parameters of the address of this page. */
export const parameters = () => new URLSearchParams(location.search);

/** Put parameters into the address of this page, without those that are null. */
export function setParameters(changes) {
  const query = parameters();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  history.replaceState(null, "", `${location.pathname}?${query.toString().replaceAll("%3A", ":")}`);
}

/** Read the data of a page with `load`; asks for a token if the gateway wants one, and shows what is wrong. */
export async function open(load) {
  for (;;) {
    try {
      const data = await load();
      letIn();
      byId("trouble").hidden = true;
      return data;
    } catch (error) {
      if (error.status === 401 || error.status === 403) {
        await askForToken(error);
        continue;
      }
      byId("trouble").hidden = false;
      byId("trouble").textContent = t(error.status === 404 ? "page.not_found" : "page.trouble", { why: error.message ?? String(error) });
      return new Promise(() => {}); // the page says why, and stays so
    }
  }
}

/** Read a part of the page that may be missing: `otherwise` where it cannot be read. */
export const getOr = (path, query, otherwise) => get(path, query).catch((error) => {
  if (error.status === 401 || error.status === 403) throw error;
  return otherwise;
});
