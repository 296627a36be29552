// Figures to take along: a chart as SVG or PNG, a table as CSV, an embed, and a citation.

import { t } from "../shared/language.js";
import { headers } from "../shared/signin.js";
import { s } from "../shared/dom.js";
import { wholeTable } from "./tables.js";
import { atParameter, knowsThen } from "../shared/moments.js";

const DRAWN = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "font-size", "font-weight", "font-family", "paint-order"];
const SCALE = 2; // pixels of a PNG for each pixel on the page

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A copy of a drawing that needs no style sheet, with a title above and the citation below. */
export function standalone(drawing, { title, citation }) {
  const copy = drawing.cloneNode(true);
  const from = [drawing, ...drawing.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, at) => {
    const style = getComputedStyle(from[at]);
    for (const name of DRAWN) element.setAttribute(name, style.getPropertyValue(name));
    element.removeAttribute("class");
  });
  for (const element of copy.querySelectorAll('[fill^="url"]')) element.setAttribute("fill", "none"); // the fade is not part of the copy
  const { width, height } = drawing.viewBox.baseVal;
  const page = getComputedStyle(document.documentElement);
  const colour = page.getPropertyValue("color");
  const font = { fill: colour, "font-family": "system-ui, sans-serif" };
  const whole = s("svg", { viewBox: `0 0 ${width} ${height + 62}`, width, height: height + 62 },
    s("rect", { width, height: height + 62, fill: page.getPropertyValue("background-color") }),
    s("text", { x: 8, y: 22, "font-size": 16, "font-weight": 700, ...font }, title),
    s("g", { transform: "translate(0 32)" }, copy),
    wrapped(citation, width).map((line, at) => s("text", { x: 8, y: height + 40 + at * 13, "font-size": 10.5, ...font }, line)));
  return new XMLSerializer().serializeToString(whole);
}

function wrapped(text, width) {
  const most = Math.floor((width - 16) / 5.6);
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1).length + word.length + 1 > most && lines.length < 2) lines.push("");
    lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trim();
  }
  return lines;
}

export function saveSvg(drawing, words, name) {
  save(new Blob([standalone(drawing, words)], { type: "image/svg+xml" }), `${name}.svg`);
}

export async function savePng(drawing, words, name) {
  const text = standalone(drawing, words);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width * SCALE, image.height * SCALE];
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.drawImage(image, 0, 0);
  save(await new Promise((resolve) => canvas.toBlob(resolve, "image/png")), `${name}.png`);
}

/** Save what the gateway answers with as a table: the header row, the HXL hashtags, one line a row. */
export async function saveCsv(path, query, name) {
  const address = new URL(path, document.baseURI);
  for (const [key, value] of Object.entries({ ...query, ...(atParameter && knowsThen(path) ? { at: atParameter } : {}), format: "csv", hxl: 1 })) for (const item of [value].flat()) address.searchParams.append(key, item);
  const table = await wholeTable(address, async (page) => {
    const answer = await fetch(page, { headers: headers("text/csv"), cache: "no-cache" });
    if (!answer.ok) throw new Error(t("api.status", { status: answer.status }));
    return { text: await answer.text(), link: answer.headers.get("Link") };
  });
  save(new Blob([table], { type: "text/csv" }), `${name}.csv`);
}

/** How to cite a figure: what it counts, how sure, as of when, by which version, and where. */
export const citation = (cited) => t("take.citation", cited);

/** The file name of a flow: RU:EU:FI becomes bordertally-RU-EU-FI. */
export const fileName = (flow) => `bordertally-${flow.replaceAll(":", "-").replaceAll("*", "any")}`;
