// The passages nearest to a question that the documents do not answer.
import { byline, nameOf, openSource } from "./citing.js";
import { documentOf } from "./library.js";
import { el } from "./dom.js";

const SHOWN = 3;

/** The first few, each with its source and a way into it. */
export function nearest(passages) {
  return el(
    "section",
    { class: "nearest", "aria-label": "The nearest passages" },
    el("h3", { class: "label" }, "The nearest passages"),
    el("p", { class: "aside" }, "They do not answer the question; they are what comes closest to it."),
    el("ol", {}, ...passages.slice(0, SHOWN).map(passageLine)),
  );
}

function passageLine(passage) {
  const name = el("span", { class: "source-name", dir: "auto" }, passage.source);
  const line = el("span", { class: "byline", dir: "auto" });
  documentOf(passage.document_id)
    .then((found) => {
      name.textContent = nameOf(found);
      line.textContent = byline(found);
    })
    .catch(() => {}); // its file name stands already
  return el(
    "li",
    { "data-passage": passage.document_id },
    el("p", { class: "passage-head" }, name, " ", line),
    el("blockquote", { dir: "auto" }, passage.text.trim()),
    el(
      "button",
      { type: "button", class: "link", onclick: (event) => openSource(event.currentTarget, passage) },
      "Read it in the source",
      el("span", { class: "visually-hidden" }, `: ${passage.source}`),
    ),
  );
}
