// The passages nearest to a question that the documents do not answer.
import { introduce, openSource } from "./citing.js";
import { el } from "./dom.js";

const SHOWN = 3;

/** The first few, each with its source and a way into it. */
export function nearest(passages) {
  return el(
    "div",
    { class: "nearest" },
    el("h3", { class: "label" }, "The nearest passages"),
    el("p", { class: "aside" }, "They do not answer the question; they are what comes closest to it."),
    el("ol", {}, ...passages.slice(0, SHOWN).map(passageLine)),
  );
}

function passageLine(passage) {
  return el(
    "li",
    { "data-passage": passage.document_id },
    ...introduce(passage, "h4"),
    el("blockquote", { dir: "auto" }, passage.text.replace(/\s+/g, " ").trim()),
    el(
      "button",
      { type: "button", class: "link", onclick: (event) => openSource(event.currentTarget, passage) },
      "Read it in the source",
      el("span", { class: "visually-hidden" }, `: ${passage.source}`),
    ),
  );
}
