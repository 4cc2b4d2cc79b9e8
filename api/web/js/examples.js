// Questions to begin with, made by the server out of the documents.
import { address, fetchJson } from "./api.js";
import { currentCorpus } from "./corpora.js";
import { button, el } from "./dom.js";

const ENOUGH = 4;
const TRIES = 6; // the server looks for them when it is first asked, and gives what it has found
const PAUSE_SECONDS = 2;

export class Examples {
  constructor(section, { onAsk }) {
    this.section = section;
    this.onAsk = onAsk;
  }

  /** Shows them as they are found; shows nothing where there are none. */
  async show() {
    const corpus = currentCorpus();
    for (let tried = 0; tried < TRIES && corpus === currentCorpus(); tried += 1) {
      const questions = await fetchJson(address("/v1/examples", { corpus })).then(
        (found) => found.questions,
        () => null,
      );
      if (questions === null) return; // they are not worth an error message
      if (corpus === currentCorpus()) this.list(questions);
      if (questions.length >= ENOUGH) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_SECONDS * 1000));
    }
  }

  list(questions) {
    const line = (question) =>
      el("li", {}, button(question, { class: "example", onclick: () => this.onAsk(question) }));
    this.section.querySelector("ul").replaceChildren(...questions.map(line));
    this.section.hidden = questions.length === 0;
  }
}
