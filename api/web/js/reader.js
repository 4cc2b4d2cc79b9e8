// The source beside the answer: a document's text, scrolled to the span that proves a sentence, and that span marked.
import { announce } from "./announcing.js";
import { fullByline, nameOf } from "./citing.js";
import { copy, linkTo } from "./copying.js";
import { button, el, iconButton } from "./dom.js";
import { explain } from "./failures.js";
import { documentOf } from "./library.js";
import { cut } from "./spans.js";
import { cutAtLine, stretches } from "./stretches.js";

const narrow = matchMedia("(max-width: 60rem)"); // as in css/reader.css

export class Reader {
  constructor(panel, { behind }) {
    this.panel = panel;
    this.behind = behind; // what a sheet on a small screen lies on
    this.opener = null;
    narrow.addEventListener("change", () => this.fit());
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  /** Opens `{document_id, version?, start?, end?, quote?, marker?}`; `opener` gets the focus back at the end. */
  async open(span, { opener = null } = {}) {
    this.opener = opener;
    this.span = span;
    this.mark(opener);
    this.panel.hidden = false;
    document.body.dataset.reading = "true";
    this.fit();
    this.show(this.head(span), el("p", { class: "reader-note" }, "Opening the source…"));
    this.title().focus({ preventScroll: true });
    if (!narrow.matches) opener?.scrollIntoView({ block: "nearest" });
    try {
      const found = await documentOf(span.document_id, span.version);
      if (this.span === span) this.showText(found, span);
    } catch (failure) {
      if (this.span === span) this.showFailure(failure, span);
    }
  }

  close() {
    if (!this.isOpen) return;
    this.panel.hidden = true;
    this.span = null;
    delete document.body.dataset.reading;
    this.mark(null);
    this.fit();
    const target = this.opener?.isConnected ? this.opener : document.getElementById("question");
    target.focus({ preventScroll: true });
  }

  showText(found, span) {
    const marked = span.end > span.start;
    const [before, within, after] = marked ? cut(found.text, span.start, span.end) : [found.text, "", ""];
    const [above, beside] = cutAtLine(before, { last: true });
    const [behind, below] = cutAtLine(after, { last: false });
    const mark = marked ? el("mark", { id: "cited-span", "data-start": span.start, "data-end": span.end }, within) : "";
    const text = el(
      "div",
      { class: "document", tabindex: "0", role: "group", "aria-label": "Text of the source", dir: "auto" },
      ...stretches(above),
      el("div", {}, beside, mark, behind),
      ...stretches(below),
    );
    this.show(this.head({ ...span, ...found }), found.current ? null : this.earlier(span), text);
    this.title().focus({ preventScroll: true });
    if (!marked) return;
    bringIntoView(mark, text);
    requestAnimationFrame(() => bringIntoView(mark, text)); // what lies above is measured once it is near
    announce(`Opened ${nameOf(found)}. Highlighted: ${within}`);
  }

  /** Says that the text shown is not the one that is searched now. */
  earlier(span) {
    return el(
      "p",
      { class: "reader-note", "data-earlier": "" },
      "An earlier version of this document, kept for the answers that cite it. ",
      this.currentButton(span),
    );
  }

  currentButton(span) {
    const now = { ...span, version: null, start: 0, end: 0, place: null };
    return button("Open it as it is now", {
      class: "link",
      onclick: () => this.open(now, { opener: this.opener }),
    });
  }

  showFailure(failure, span) {
    const changed = failure.type === "not_found" && span.version;
    const { title, detail } = changed
      ? {
          title: "This document has changed since, or is gone.",
          detail: span.quote ? "These are the words it was cited for:" : null,
        }
      : explain(failure);
    this.show(
      this.head(span),
      el(
        "div",
        { class: "reader-note", "data-error": failure.type },
        el("p", {}, el("strong", {}, title)),
        detail ? el("p", {}, detail) : null,
        span.quote ? el("blockquote", { dir: "auto" }, span.quote) : null,
        changed
          ? this.currentButton(span)
          : button("Try again", { class: "primary", onclick: () => this.open(span, { opener: this.opener }) }),
      ),
    );
    this.title().focus({ preventScroll: true });
    announce(title);
  }

  head(source) {
    const close = iconButton("Close the source", "close", {
      class: "tool tool-icon",
      "data-action": "close-reader",
      onclick: () => this.close(),
    });
    return el(
      "div",
      { class: "reader-head" },
      el(
        "div",
        { class: "reader-bar" },
        el("p", { class: "label" }, source.marker ? `Source ${source.marker}` : "Source"),
        source.end > source.start ? this.linkButton(source) : null,
        close,
      ),
      el("h2", { id: "reader-title", tabindex: "-1", dir: "auto" }, nameOf(source) || "A source"),
      el("p", { class: "byline", dir: "auto" }, fullByline(source)),
    );
  }

  linkButton(source) {
    const link = button("Copy link", { icon: "link", class: "tool" });
    link.addEventListener("click", async () => {
      link.lastChild.data = (await copy(linkTo(source))) ? "Copied" : "Could not copy";
    });
    return link;
  }

  show(...parts) {
    this.panel.replaceChildren(...parts.filter(Boolean));
  }

  title() {
    return this.panel.querySelector("#reader-title");
  }

  /** Shows which chip the open source belongs to. */
  mark(opener) {
    for (const one of document.querySelectorAll("[aria-expanded=true][data-marker]")) {
      one.removeAttribute("aria-expanded");
    }
    if (opener?.dataset.marker) opener.setAttribute("aria-expanded", "true");
  }

  /** A sheet over the page is a dialog; a column beside it is a part of the page. */
  fit() {
    const sheet = this.isOpen && narrow.matches;
    for (const part of this.behind) part.inert = sheet;
    this.panel.setAttribute("role", sheet ? "dialog" : "complementary");
    this.panel.ariaModal = sheet ? "true" : null;
  }
}

/** Scrolls `text` alone: `scrollIntoView` would move the page behind it too. */
function bringIntoView(mark, text) {
  text.scrollTop += mark.getBoundingClientRect().top - text.getBoundingClientRect().top - text.clientHeight / 4;
}
