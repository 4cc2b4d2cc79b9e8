// Dialogs: a heading with a way out, closed by Escape or a press beside them.
import { el, iconButton } from "./dom.js";

/** Opens `dialog` with a heading and what it is to show. */
export function openDialog(dialog, title, ...content) {
  const close = iconButton("Close", "close", { class: "tool tool-icon", onclick: () => dialog.close() });
  const head = el("header", { class: "dialog-head" }, el("h2", { id: `${dialog.id}-title` }, title), close);
  dialog.replaceChildren(el("div", { class: "dialog-body" }, head, ...content));
  if (!dialog.open) dialog.showModal();
}

/** A press beside a dialog closes it. */
export function closeByPressingBeside(dialog) {
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
