// Tables of the API that come in pages, put together.

const NEXT = /<([^>]+)>;\s*rel="next"/;
const TITLES = /^.*\r?\n.*\r?\n/; // the names and the HXL hashtags, which every page has

/** All pages of a table from an address on, as one text; `ask(address)` returns `{text, link}`, with the header Link. */
export async function wholeTable(address, ask) {
  let table = "";
  for (let url = address; url; ) {
    const { text, link } = await ask(url);
    table += table ? text.replace(TITLES, "") : text;
    const next = NEXT.exec(link ?? "");
    url = next ? new URL(next[1], url) : null;
  }
  return table;
}
