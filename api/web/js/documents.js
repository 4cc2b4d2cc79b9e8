// The documents: what is held, with a way to read, add and delete.
import { address, fetchJson } from "./api.js";
import { fullByline, nameOf, openSource } from "./citing.js";
import { currentCorpus } from "./corpora.js";
import { openDialog } from "./dialogs.js";
import { button, el } from "./dom.js";
import { explain } from "./failures.js";
import { remove } from "./jobs.js";
import { forgetDocuments } from "./library.js";
import { uploader } from "./uploading.js";

const PAGE = 50;

/** Opens the list; `onChanged` is called when documents came or went. */
export async function showDocuments(dialog, { onChanged }) {
  const list = el("ul", { class: "document-list", "aria-label": "Documents held" });
  const more = el("p", {});
  const changed = () => {
    forgetDocuments();
    onChanged();
    return fill();
  };
  const adding = uploader({ onChanged: changed });
  openDialog(dialog, "Documents", adding.element, el("h3", { class: "label" }, "Held here"), list, more);
  await fill();

  async function fill() {
    list.setAttribute("aria-busy", "true");
    await append(null);
    list.setAttribute("aria-busy", "false");
  }

  async function append(after) {
    try {
      const page = await fetchJson(address("/v1/documents", { limit: PAGE, after, corpus: currentCorpus() }));
      const lines = page.documents.map(line);
      if (after) list.append(...lines);
      else list.replaceChildren(...lines);
      more.replaceChildren(page.next ? button("Show more", { class: "link", onclick: () => append(page.next) }) : "");
      if (!list.childElementCount) more.replaceChildren(el("span", { class: "aside" }, "Nothing yet."));
    } catch (failure) {
      const { title, detail } = explain(failure);
      more.replaceChildren(el("span", { class: "problem", role: "alert" }, `${title} ${detail ?? ""}`));
    }
  }

  function line(found) {
    const read = () => {
      dialog.close();
      openSource(document.body, { ...found, start: 0, end: 0 });
    };
    return el(
      "li",
      { "data-document": found.document_id },
      el(
        "button",
        { type: "button", class: "past", onclick: read },
        el("span", { class: "past-title", dir: "auto" }, nameOf(found)),
        el("span", { class: "byline", dir: "auto" }, fullByline(found)),
      ),
      found.uploaded ? deleteButton(found) : null,
    );
  }

  function deleteButton(found) {
    const press = button(
      "Delete",
      { class: "link danger" },
      el("span", { class: "visually-hidden" }, `: ${nameOf(found)}`),
    );
    press.addEventListener("click", () => {
      if (press.dataset.sure === "true") adding.run(`Deleting ${nameOf(found)}`, () => remove(found.document_id));
      press.dataset.sure = "true";
      press.firstChild.data = "Really delete?";
    });
    return press;
  }
}
