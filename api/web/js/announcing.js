// What a screen reader is told as it happens: sentences, verdicts, errors.
import { el } from "./dom.js";

const KEPT = 30; // lines; older ones were read long ago

/** Says it after what is still being said. */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  announcer.append(el("p", {}, text));
  while (announcer.childElementCount > KEPT) announcer.firstElementChild.remove();
}
