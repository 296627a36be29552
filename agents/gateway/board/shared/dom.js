// Elements made from text and numbers only. Nothing here parses markup, so the words of a report never become an element.

import { at } from "./moments.js";

const chosen = new URLSearchParams(globalThis.location?.search ?? "").get("lang");
const kept = `${at ? `&at=${at}` : ""}${chosen ? `&lang=${encodeURIComponent(chosen)}` : ""}`; // links keep the moment and the language of the page
const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "vars") for (const [key, setting] of Object.entries(value)) node.style.setProperty(key, String(setting));
    else if (/^(on|style$|href$|srcdoc$)/.test(name)) throw new TypeError(`${name} is not set here`);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
}

/** An HTML element; children are nodes or text. `on`: listeners by event; `vars`: CSS custom properties. */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** An SVG element. */
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

/** Put children in place of those of an element; as in `h`, null, false and "" are none. */
export function put(home, ...children) {
  home.replaceChildren();
  return fill(home, null, children);
}

/** A link to a flow: inside the overview to its drawer, elsewhere to the page of the flow. `hash`: "flow=RU:GE&window=7d". */
export function inner(hash, props, ...children) {
  const link = h("a", props, ...children);
  link.href = document.body.dataset.page ? `flow?${hash}${kept}` : `#${hash}`;
  return link;
}

/** A link to another page of the board, such as `alert`, with these parameters. */
export function page(name, parameters, props, ...children) {
  const link = h("a", props, ...children);
  link.href = `${name}?${new URLSearchParams(parameters).toString().replaceAll("%3A", ":")}${kept}`;
  return link;
}

/** A link to another site, over http or https only; plain text for any other address. */
export function outer(address, props, ...children) {
  let url = null;
  try {
    url = new URL(address);
  } catch {
    // not a URL
  }
  if (!url || !["http:", "https:"].includes(url.protocol)) return h("span", null, ...children);
  const link = h("a", { ...props, rel: "noopener noreferrer nofollow", target: "_blank" }, ...children);
  link.href = url.href;
  return link;
}

/** Whom to ask about a source: an e-mail address or a web address as a link, a telephone number as text. */
export function contact(text) {
  if (/^https?:/.test(text)) return outer(text, null, h("bdi", null, text));
  if (!/^[^\s@<>"]+@[^\s@<>"]+$/.test(text)) return h("bdi", null, text);
  const link = h("a", null, h("bdi", null, text));
  link.href = `mailto:${encodeURIComponent(text).replace("%40", "@")}`;
  return link;
}

export const byId = (id) => document.getElementById(id);

/** Browser storage, which may be forbidden or full. */
export const storage = {
  get(area, key) {
    try {
      return area().getItem(`bordertally.${key}`);
    } catch {
      return null;
    }
  },
  set(area, key, value) {
    try {
      if (value === null) area().removeItem(`bordertally.${key}`);
      else area().setItem(`bordertally.${key}`, value);
    } catch {
      // the value lasts as long as the page is open
    }
  },
};
