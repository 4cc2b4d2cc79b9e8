// What a reader sees while there is nothing to read: what is being done, and, after a while, that it still is.
import { announce } from "./announcing.js";
import { el } from "./dom.js";

const STILL_SECONDS = 6; // of silence before it is said that the work goes on
const LONG_SECONDS = 20;

export class Waiting {
  constructor() {
    this.words = el("span", { class: "waiting-words" });
    this.doing = "Looking through the documents…";
    this.element = el(
      "p",
      { class: "waiting", "data-waiting": true },
      el("span", { class: "pulse", "aria-hidden": "true" }),
      this.words,
    );
    this.stir();
  }

  /** The passages are found. */
  reading(passages) {
    const documents = new Set(passages.map((passage) => passage.document_id)).size;
    if (documents) this.doing = documents === 1 ? "Reading one document…" : `Reading ${documents} documents…`;
    this.stir();
  }

  /** Something arrived. */
  stir() {
    clearTimeout(this.timer);
    this.words.textContent = this.doing;
    this.timer = setTimeout(() => this.still(), STILL_SECONDS * 1000);
  }

  /** Gives its place to `verdict`, or to nothing. */
  end(verdict) {
    clearTimeout(this.timer);
    this.element.replaceWith(...[verdict].filter(Boolean));
  }

  still() {
    this.words.textContent = "Still working…";
    announce("Still working.");
    this.timer = setTimeout(
      () => {
        this.words.textContent = "Still working. This one takes longer than usual; nothing is lost.";
      },
      (LONG_SECONDS - STILL_SECONDS) * 1000,
    );
  }
}
