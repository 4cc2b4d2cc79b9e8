// A source as a heading and a byline, completed once the server has said who published it.
import { byline, nameOf } from "./citing.js";
import { el } from "./dom.js";
import { documentOf } from "./library.js";

/** The two lines; `name` is the element of the heading. */
export function introduce(source, { name }) {
  const heading = el(name, { class: "source-name", dir: "auto" });
  const line = el("p", { class: "byline", dir: "auto" });
  const show = (known) => {
    heading.textContent = nameOf(known);
    line.textContent = byline(known);
  };
  show(source);
  documentOf(source.document_id, source.version)
    .then(show)
    .catch(() => {}); // what the citation itself says stands already
  return [heading, line];
}
