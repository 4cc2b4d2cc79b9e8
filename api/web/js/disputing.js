// An answer whose sources disagree, laid out with one column for each document.
import { chip, introduce, nameOf, openSource } from "./citing.js";
import { button, el } from "./dom.js";
import { byMarker, isQuotation, sentenceOf } from "./sentences.js";

/** What several documents share above, what each says beside what the others say. Null where there is one side only. */
export function disputed(answer) {
  const citations = byMarker(answer.citations);
  const sides = new Map(
    answer.citations.map((one) => [one.document_id, { source: one, citations: [], sentences: [] }]),
  );
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

function reading(source) {
  const open = (event) => openSource(event.currentTarget, source);
  const whose = el("span", { class: "visually-hidden" }, `: ${nameOf(source)}`);
  return button("Read it in the source", { class: "link", onclick: open }, whose);
}

function sideOf({ source, citations, sentences }, byNumber) {
  const quoted = new Set(sentences.filter(isQuotation).flatMap((sentence) => sentence.citations));
  const quotes = citations.filter(({ marker }) => !quoted.has(marker));
  return el(
    "div",
    { class: "side", role: "group", "aria-label": nameOf(source), "data-document": source.document_id },
    ...introduce(source, "h3"),
    sentences.length ? el("div", { class: "prose" }, ...sentences.map((one) => sentenceOf(one, byNumber))) : null,
    ...quotes.map((citation) => el("blockquote", { dir: "auto" }, citation.quote)),
    el("p", { class: "side-foot" }, ...quotes.map(chip), reading(source)),
  );
}
