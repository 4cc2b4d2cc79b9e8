// An answer as plain text with its sources, for the clipboard.
import { address } from "./api.js";
import { byline, nameOf } from "./citing.js";
import { currentCorpus } from "./corpora.js";
import { headline, noteOf } from "./verdicts.js";

/** The sentences with their markers, then each source with its quote and where it opens. */
export function asText(answer) {
  const said = answer.sentences.map(({ text, citations }) => `${text} ${citations.map((one) => `[${one}]`).join("")}`);
  const told = said.length ? [said.join("\n"), answer.message] : [headline(answer), noteOf(answer)];
  const opening = [answer.question, "", ...told].filter(
    (line, place) => line || place === 1,
  );
  const sources = answer.citations.map((one) => {
    const about = byline(one);
    return `[${one.marker}] ${nameOf(one)}${about ? ` (${about})` : ""}: “${one.quote}”\n    ${linkTo(one)}`;
  });
  return [...opening, ...(sources.length ? ["", "Sources", ...sources] : [])].join("\n");
}

/** The address that opens a span here. */
export function linkTo({ document_id: document, version, start, end }) {
  return location.origin + address("/", { document, version, start, end, corpus: currentCorpus() });
}

/** Whether the clipboard has it now. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOldWay(text); // the clipboard's own interface is for https and this machine only
  }
}

function copyOldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}
