// A verdict as a reader is told it: one plain line, and what it rests on.
import { el, icon } from "./dom.js";

const DISAGREE = "The sources disagree: "; // as the headline says
const NO_ANSWER = "No answer: "; // likewise
const FAULTS = {
  timeout: "took too long",
  rate_limited: "was asked too often",
  out_of_quota: "has nothing left to spend",
  unauthorised: "refused our key",
  refused: "would not answer",
  unproved: "wrote nothing that the documents prove",
  unavailable: "could not be reached",
  circuit_open: "has been failing, and is left alone for a while",
};

const SHAPES = { answered: "check", partial: "part", disputed: "split", abstained: "none" };

/** The verdict of an answer in a few words. */
export function headline(answer) {
  if (answer.verdict === "disputed") return "The sources disagree";
  if (answer.verdict === "partial") return "Answered in part";
  if (answer.verdict === "abstained")
    return answer.reason === "empty_index" ? "There is nothing to read yet" : "Not in the sources";
  const documents = new Set(answer.citations.map((citation) => citation.document_id)).size;
  return documents === 1 ? "Answered from one source" : `Answered from ${documents} sources`;
}

/** The line above an answer, and what is to be said beside it. */
export function verdictOf(answer) {
  const note = noteOf(answer);
  return el(
    "div",
    { class: "verdict", "data-verdict": answer.verdict },
    el("p", { class: "verdict-line" }, icon(SHAPES[answer.verdict]), el("strong", {}, headline(answer))),
    note ? el("p", { class: "verdict-note", dir: "auto" }, note) : null,
    answer.degraded ? el("p", { class: "degraded", "data-degraded": answer.reason }, degradedNote(answer)) : null,
  );
}

/** The line above what was said of an answer that did not come to its end. */
export function unfinished() {
  return el(
    "div",
    { class: "verdict" },
    el("p", { class: "verdict-line" }, icon("part"), el("strong", {}, "Unfinished")),
  );
}

/** What the language model did, and what is shown in its stead. */
export function degradedNote(answer) {
  const fault = FAULTS[answer.reason] ?? "failed";
  return answer.sentences.length
    ? `The language model ${fault}, so the documents speak for themselves: these are their own words.`
    : `The language model ${fault}.`;
}

/** What the verdict rests on, without what the headline says already. */
export function noteOf(answer) {
  if (answer.reason === "empty_index") return "Add documents, and ask again.";
  if (answer.message.startsWith(DISAGREE)) return answer.message.slice(DISAGREE.length);
  if (!answer.message.startsWith(NO_ANSWER)) return answer.message;
  const note = answer.message.slice(NO_ANSWER.length);
  return note.charAt(0).toUpperCase() + note.slice(1);
}
