// Documents by their id, each asked for once while the page is open.
import { address, fetchJson } from "./api.js";
import { currentCorpus } from "./corpora.js";

const held = new Map();

/** The document with its text; `version` null means the one that the server holds. */
export function documentOf(id, version = null) {
  const path = address(`/v1/documents/${encodeURIComponent(id)}`, { version, corpus: currentCorpus() });
  if (!held.has(path)) {
    held.set(path, fetchJson(path));
    held.get(path).catch(() => held.delete(path)); // it may be there the next time
  }
  return held.get(path);
}

/** After a change to the documents nothing that was held may be true. */
export function forgetDocuments() {
  held.clear();
}
