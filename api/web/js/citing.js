// Citations as a reader meets them: the numbered chip behind a sentence, the line in a list, the byline.
import { spokenDate } from "./dates.js";
import { el } from "./dom.js";

/** What a source is called: its title, or else its file. */
export function nameOf(source) {
  return source.title || source.source;
}

/** Publisher, date and the page, slide or cells, as far as they are known. */
export function byline(source) {
  return [source.publisher, spokenDate(source.published), source.place].filter(Boolean).join(" · ");
}

/** A source's heading, an element of that name, and its byline. */
export function introduce(source, name) {
  return [
    el(name, { class: "source-name", dir: "auto" }, nameOf(source)),
    el("p", { class: "byline", dir: "auto" }, byline(source)),
  ];
}

/** The byline, and the file where that is not the name already. */
export function fullByline(source) {
  return [byline(source), source.title ? source.source : null].filter(Boolean).join(" · ");
}

/** Asks for a source to be opened at a span; the reader listens for it. */
export function openSource(opener, span) {
  opener.dispatchEvent(new CustomEvent("open-source", { bubbles: true, detail: { ...span, opener } }));
}

/** The button that opens a citation beside the answer. */
export function chip(citation) {
  const named = [`Source ${citation.marker}: ${nameOf(citation)}`, spokenDate(citation.published), citation.place]
    .filter(Boolean)
    .join(", ");
  return el(
    "button",
    {
      type: "button",
      class: "cite",
      "data-marker": citation.marker,
      "aria-label": named,
      title: named.replace(/^Source \d+: /, ""),
      onclick: (event) => openSource(event.currentTarget, citation),
    },
    String(citation.marker),
  );
}

/** The list of what an answer cites, each with the words it is cited for. */
export function sourceList(citations) {
  return el(
    "div",
    { class: "sources" },
    el("h3", { class: "label" }, "Sources"),
    el("ol", {}, ...citations.map(sourceLine)),
  );
}

function sourceLine(citation) {
  return el(
    "li",
    { value: citation.marker },
    el(
      "button",
      {
        type: "button",
        class: "source",
        "data-source": citation.marker,
        onclick: (event) => openSource(event.currentTarget, citation),
      },
      el("span", { class: "source-number", "aria-hidden": "true" }, String(citation.marker)),
      el("span", { class: "source-name", dir: "auto" }, nameOf(citation)),
      el("span", { class: "byline", dir: "auto" }, byline(citation)),
    ),
  );
}
