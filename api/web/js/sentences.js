// The sentences of an answer as prose, each followed by the chips of what proves it.
import { chip } from "./citing.js";
import { el } from "./dom.js";

const QUOTATION = /^([\s\S]{1,300}? says:) (“[\s\S]*”)$/; // how a document's own words are introduced

/** Whether a sentence says what a document says in that document's own words. */
export function isQuotation({ text }) {
  return QUOTATION.test(text);
}

/** `citations` maps markers to citations. */
export function sentenceOf(sentence, citations) {
  const quotation = QUOTATION.exec(sentence.text);
  const words = quotation
    ? [el("span", { class: "attribution" }, quotation[1]), " ", el("span", { class: "own-words" }, quotation[2])]
    : [sentence.text];
  const chips = sentence.citations
    .filter((marker) => citations.has(marker))
    .map((marker) => chip(citations.get(marker)));
  return el(
    "span",
    { class: quotation ? "sentence quotation" : "sentence", "data-sentence": true },
    el("span", { class: "said", dir: "auto" }, ...words),
    el("span", { class: "cites" }, ...chips),
  );
}

/** The citations by their markers. */
export function byMarker(citations) {
  return new Map(citations.map((citation) => [citation.marker, citation]));
}
