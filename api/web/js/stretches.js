// A long text in, pieces of it out that a browser lays out only when they come near the window.
import { el } from "./dom.js";

const LONG = 20_000; // UTF-16 units

/** Elements that hold `text` whole, each but the last ending with a line. */
export function stretches(text) {
  const pieces = [];
  for (let start = 0; start < text.length;) {
    const line = text.indexOf("\n", start + LONG);
    const end = line === -1 ? text.length : line + 1;
    pieces.push(el("div", { class: "stretch" }, text.slice(start, end)));
    start = end;
  }
  return pieces;
}

/** `text` cut behind its last line, or before its second: what shares a line with what follows, or comes before, it. */
export function cutAtLine(text, { last }) {
  const line = last ? text.lastIndexOf("\n") : text.indexOf("\n");
  const at = line === -1 ? (last ? 0 : text.length) : line + 1;
  return [text.slice(0, at), text.slice(at)];
}
