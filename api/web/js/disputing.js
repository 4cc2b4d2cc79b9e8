// An answer whose sources disagree, laid out with one column for each document.
import { byline, nameOf, openSource } from "./citing.js";
import { el } from "./dom.js";
import { byMarker, sentenceOf } from "./sentences.js";

/** What several documents share above, what each says beside what the others say. Null where there is one side only. */
export function disputed(answer) {
  const citations = byMarker(answer.citations);
  const sides = new Map(answer.citations.map((one) => [one.document_id, { source: one, citations: [], sentences: [] }]));
  if (sides.size < 2) return null;
  for (const citation of answer.citations) sides.get(citation.document_id).citations.push(citation);
  const shared = [];
  for (const sentence of answer.sentences) {
    const documents = new Set(sentence.citations.map((marker) => citations.get(marker)?.document_id));
    const [only] = documents;
    (documents.size === 1 && sides.has(only) ? sides.get(only).sentences : shared).push(sentence);
  }
  return [
    shared.length ? el("div", { class: "prose" }, ...shared.map((one) => sentenceOf(one, citations))) : null,
    el("div", { class: "sides" }, ...[...sides.values()].map((side) => sideOf(side, citations))),
  ].filter(Boolean);
}

function sideOf({ source, citations, sentences }, byNumber) {
  const said = sentences.map(({ text }) => text).join(" ");
  const quotes = citations.filter(({ quote }) => !said.includes(quote));
  return el(
    "section",
    { class: "side", "aria-label": nameOf(source), "data-document": source.document_id },
    el("h3", { class: "side-name", dir: "auto" }, nameOf(source)),
    el("p", { class: "byline", dir: "auto" }, byline(source)),
    sentences.length ? el("div", { class: "prose" }, ...sentences.map((one) => sentenceOf(one, byNumber))) : null,
    ...quotes.map((citation) => el("blockquote", { dir: "auto" }, citation.quote)),
    el(
      "button",
      { type: "button", class: "link", onclick: (event) => openSource(event.currentTarget, citations[0]) },
      "Read it in the source",
      el("span", { class: "visually-hidden" }, `: ${nameOf(source)}`),
    ),
  );
}
