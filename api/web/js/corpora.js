// Which collection is asked: the only one, the server's default, or the reader's choice among several.
import { fetchJson } from "./api.js";
import { el } from "./dom.js";

let current = null; // null until it is known: the server's default

export function currentCorpus() {
  return current;
}

/** Fills the choice and shows it where there is one; `wanted` may name a collection. */
export async function prepareCorpora(select, { wanted, onChange }) {
  current = wanted;
  select.addEventListener("change", () => {
    current = select.value;
    onChange();
  });
  const { corpora, default: usual } = await fetchJson("/v1/corpora");
  current = corpora.includes(wanted) ? wanted : (usual ?? corpora[0] ?? null);
  select.replaceChildren(...corpora.map((name) => el("option", { value: name }, name)));
  select.value = current;
  select.parentElement.hidden = corpora.length < 2;
}

/** Asks that collection from now on. */
export function chooseCorpus(name) {
  if (!name) return;
  current = name;
  document.getElementById("corpus").value = name;
}
