// Earlier conversations: a list to come back to, or to delete from.
import { address, fetchJson } from "./api.js";
import { announce } from "./announcing.js";
import { currentCorpus } from "./corpora.js";
import { spokenTime } from "./dates.js";
import { openDialog } from "./dialogs.js";
import { button, el } from "./dom.js";
import { explain } from "./failures.js";

const LISTED = 100;
const SURE_SECONDS = 4;

/** Opens the list; `onOpen(id)` and `onDeleted(id)` do the rest. */
export async function showHistory(dialog, { currentId, onOpen, onDeleted }) {
  const list = el("div", { class: "history-list", "aria-busy": "true" }, el("p", { class: "aside" }, "Fetching…"));
  openDialog(dialog, "History", list);
  try {
    const { conversations } = await fetchJson(address("/v1/conversations", { limit: LISTED, corpus: currentCorpus() }));
    fill(conversations.filter(({ turns }) => turns > 0));
  } catch (failure) {
    const { title, detail } = explain(failure);
    list.replaceChildren(el("p", { class: "problem", role: "alert" }, `${title} ${detail ?? ""}`));
  }
  list.setAttribute("aria-busy", "false");

  function fill(conversations) {
    const lines = conversations.map(line);
    list.replaceChildren(lines.length ? el("ul", {}, ...lines) : nothing());
  }

  function nothing() {
    return el(
      "p",
      { class: "aside", tabindex: "-1" },
      "Nothing yet. What you ask is kept here, on the server, until you delete it.",
    );
  }

  function line({ conversation_id: id, title, updated_at: updated, turns }) {
    const open = () => {
      dialog.close();
      onOpen(id);
    };
    const count = turns === 1 ? "one question" : `${turns} questions`;
    const item = el(
      "li",
      { "data-conversation": id },
      el(
        "button",
        { type: "button", class: "past", "aria-current": id === currentId ? "true" : null, onclick: open },
        el("span", { class: "past-title", dir: "auto" }, title),
        el("span", { class: "byline" }, `${spokenTime(updated)} · ${count}`),
      ),
    );
    item.append(deleteButton(id, title, item));
    return item;
  }

  function deleteButton(id, title, item) {
    const press = button("Delete", { class: "link danger" }, el("span", { class: "visually-hidden" }, `: ${title}`));
    press.addEventListener("click", async () => {
      if (press.dataset.sure !== "true") {
        press.dataset.sure = "true";
        press.firstChild.data = "Really delete?";
        setTimeout(() => {
          delete press.dataset.sure;
          press.firstChild.data = "Delete";
        }, SURE_SECONDS * 1000);
        return;
      }
      try {
        await fetchJson(address(`/v1/conversations/${encodeURIComponent(id)}`, { corpus: currentCorpus() }), {
          method: "DELETE",
        });
      } catch (failure) {
        press.firstChild.data = explain(failure).title;
        return;
      }
      remove(item);
      announce("Deleted.");
      onDeleted(id);
    });
    return press;
  }

  function remove(item) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    if (!next) list.replaceChildren(nothing());
    (next?.querySelector("button") ?? list.firstElementChild).focus();
  }
}
