// The dialog that asks for a key when the server does.
import { button, el } from "./dom.js";

/** The key that was entered, or null; `refused` where the one before was not accepted. */
export function enterKey(dialog, { refused }) {
  return new Promise((resolve) => {
    const field = el("input", {
      type: "password",
      id: "key-field",
      autocomplete: "off",
      spellcheck: "false",
      required: true,
    });
    let entered = null;
    const submit = (event) => {
      event.preventDefault();
      entered = field.value.trim() || null;
      if (entered) dialog.close();
    };
    dialog.replaceChildren(
      el(
        "form",
        { class: "dialog-body", onsubmit: submit },
        el("h2", { id: "key-title" }, "This server asks for a key"),
        el(
          "p",
          { class: "aside" },
          "It was given to you by whoever runs it. It is kept in this tab, and forgotten when you close it.",
        ),
        refused ? el("p", { class: "problem", role: "alert" }, "That key was not accepted.") : null,
        el("label", { for: "key-field" }, "Key"),
        field,
        el(
          "p",
          { class: "row" },
          el("button", { type: "submit", class: "primary" }, "Continue"),
          button("Not now", { class: "link", onclick: () => dialog.close() }),
        ),
      ),
    );
    dialog.addEventListener("close", () => resolve(entered), { once: true });
    if (!dialog.open) dialog.showModal();
    field.focus();
  });
}
