// One question and its answer on the page, from the moment of asking to the last word.
import { announce } from "./announcing.js";
import { sourceList } from "./citing.js";
import { asText, copy } from "./copying.js";
import { disputed } from "./disputing.js";
import { button, el, icon } from "./dom.js";
import { explain } from "./failures.js";
import { feedbackOn } from "./feedback.js";
import { nearest } from "./passages.js";
import { byMarker, sentenceOf } from "./sentences.js";
import { degradedNote, headline, noteOf, unfinished, verdictOf } from "./verdicts.js";
import { Waiting } from "./waiting.js";

export class Turn {
  constructor(question, { onRetry = null } = {}) {
    this.question = question;
    this.onRetry = onRetry;
    this.body = el("div", { class: "answer" });
    this.title = el("h2", { class: "question", tabindex: "-1", dir: "auto" }, question);
    this.understood = el("p", { class: "understood", hidden: true, dir: "auto" });
    this.element = el("article", { class: "turn", "data-state": "asking" }, this.title, this.understood, this.body);
  }

  /** Nothing has been said yet. */
  begin() {
    this.element.dataset.state = "asking";
    if (this.body.contains(document.activeElement)) this.title.focus({ preventScroll: true });
    this.citations = new Map();
    this.prose = el("div", { class: "prose" });
    this.waiting = new Waiting();
    this.body.replaceChildren(this.waiting.element, this.prose);
  }

  sources({ passages, standalone_question: meant }) {
    this.waiting.reading(passages);
    this.showUnderstood(meant);
  }

  say(sentence, cited) {
    for (const citation of cited) this.citations.set(citation.marker, citation);
    this.prose.append(sentenceOf(sentence, this.citations), " ");
    this.waiting.stir();
  }

  /** The whole answer: what was said stays where it is, unless its sources are to stand side by side. */
  finish(answer) {
    this.element.dataset.state = "said";
    this.waiting.end(verdictOf(answer));
    this.showUnderstood(answer.standalone_question);
    const sides = answer.verdict === "disputed" ? disputed(answer) : null;
    const abstained = answer.verdict === "abstained";
    if (sides) this.prose.replaceWith(...sides);
    if (abstained) this.prose.remove();
    if (answer.citations.length && !sides) this.body.append(sourceList(answer.citations));
    if (abstained && answer.passages.length) this.body.append(nearest(answer.passages));
    this.body.append(...footOf(answer));
  }

  /** An answer that was given before, shown as it was. */
  show(answer) {
    this.begin();
    const citations = byMarker(answer.citations);
    for (const sentence of answer.sentences) {
      this.say(
        sentence,
        sentence.citations.filter((one) => citations.has(one)).map((one) => citations.get(one)),
      );
    }
    this.finish(answer);
  }

  fail(failure) {
    const { title, detail } = explain(failure);
    this.breakOff("failed", this.notice({ kind: failure.type, shape: "alert", title, detail }));
    announce(`${title} ${detail ?? ""}`);
  }

  stop() {
    this.breakOff("stopped", this.notice({ kind: "stopped", shape: "part", title: "Stopped.", detail: null }));
    announce("Stopped.");
  }

  breakOff(state, notice) {
    this.element.dataset.state = state;
    this.waiting.end(this.prose.hasChildNodes() ? unfinished() : null);
    this.body.append(notice);
  }

  showUnderstood(meant) {
    this.understood.hidden = !meant || meant === this.question;
    this.understood.textContent = this.understood.hidden ? "" : `Understood as: ${meant}`;
  }

  notice({ kind, shape, title, detail }) {
    return el(
      "div",
      { class: "notice", "data-error": kind },
      el("p", { class: "notice-title" }, icon(shape), el("strong", {}, title)),
      detail ? el("p", { dir: "auto" }, detail) : null,
      this.onRetry
        ? button("Try again", { class: "primary", "data-action": "retry", onclick: () => this.onRetry(this) })
        : null,
    );
  }
}

/** What a screen reader hears once the answer is whole. */
export function announceVerdict(answer) {
  const note = answer.degraded ? degradedNote(answer) : "";
  announce(`${headline(answer)}. ${noteOf(answer)} ${note}`.trim());
}

function footOf(answer) {
  const { buttons, form } = feedbackOn(answer);
  const copied = button("Copy with citations", { icon: "copy", class: "tool", "data-action": "copy" });
  copied.addEventListener("click", async () => {
    const done = await copy(asText(answer));
    copied.lastChild.data = done ? "Copied" : "Could not copy";
    announce(done ? "Copied with citations." : "The clipboard could not be reached.");
    setTimeout(() => (copied.lastChild.data = "Copy with citations"), 2500);
  });
  const upload =
    answer.reason === "empty_index" ? button("Add documents", { class: "primary", "data-action": "documents" }) : null;
  const actions = el("div", { class: "actions" }, upload, copied, ...buttons);
  return [el("div", { class: "foot" }, actions, el("p", { class: "provenance" }, provenance(answer))), form];
}

function provenance(answer) {
  const seconds = `${(answer.timings_ms.total / 1000).toFixed(1)} s`;
  if (answer.verdict === "abstained") return seconds;
  if (answer.model === "extractive" || answer.degraded) return `In the documents’ own words · ${seconds}`;
  const dropped = answer.dropped
    ? ` · ${answer.dropped === 1 ? "one sentence" : `${answer.dropped} sentences`} left out that nothing proves`
    : "";
  return `Written by ${answer.model}, proved sentence by sentence${dropped} · ${seconds}`;
}
