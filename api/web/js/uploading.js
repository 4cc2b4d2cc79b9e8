// Adding documents: chosen or dropped files, how far they are, and what became of them.
import { announce } from "./announcing.js";
import { button, el } from "./dom.js";
import { explain } from "./failures.js";
import { follow, heldAs, replace, upload } from "./jobs.js";
import { resultOf } from "./outcomes.js";

const SENDING = 0.3; // of the bar; the rest is reading and indexing

/** `{element, run}`; `run(title, start)` follows the job that `start(onProgress)` begins, as an upload is followed. */
export function uploader({ onChanged }) {
  const field = el("input", { type: "file", id: "files", multiple: true, class: "visually-hidden" });
  const label = dropPlace((files) => add(files));
  const outcome = el("div", { class: "outcome", role: "status" });
  const element = el("div", { class: "upload" }, field, label, outcome);
  field.addEventListener("change", () => add([...field.files]));
  return { element, run };

  function add(files) {
    if (!files.length) return;
    run(`Adding ${named(files)}`, (onProgress) => upload(files, { onProgress }), {
      onConflict: () => offerToReplace(files),
    });
  }

  function offerToReplace(files) {
    const press = button("Replace what is here", { class: "primary", onclick: () => replaceAll(files) });
    outcome.replaceChildren(
      el(
        "p",
        {},
        el("strong", {}, files.length === 1 ? `${files[0].name} is here already.` : "Some of these are here already."),
      ),
      el("p", { class: "row" }, press, button("Leave it", { class: "link", onclick: () => outcome.replaceChildren() })),
    );
    press.focus();
  }

  async function replaceAll(files) {
    const held = await Promise.all(
      files.map(async (file) => ({ file, document: await heldAs(file).catch(() => null) })),
    );
    const added = held.filter((one) => !one.document).map((one) => one.file);
    const replaced = held.filter((one) => one.document);
    for (const { file, document } of replaced) {
      await run(`Replacing ${file.name}`, (onProgress) => replace(document.document_id, file, { onProgress }));
    }
    if (added.length) await run(`Adding ${named(added)}`, (onProgress) => upload(added, { onProgress }));
  }

  async function run(title, start, { onConflict = null } = {}) {
    if (field.disabled) return;
    field.disabled = true;
    const bar = el("progress", { max: "1", value: "0", "aria-label": title });
    const words = el("span", { class: "byline" }, "Sending…");
    outcome.replaceChildren(el("p", { class: "outcome-title", dir: "auto" }, title), bar, words);
    announce(title);
    try {
      const job = await start((part) => (bar.value = SENDING * part));
      const ended = await follow(job, { onChange: (now) => show(now, bar, words) });
      if (ended.status === "done") await onChanged();
      outcome.replaceChildren(...resultOf(ended));
    } catch (failure) {
      if (failure.type === "conflict" && onConflict) onConflict();
      else outcome.replaceChildren(el("p", { class: "problem" }, ...problemOf(failure)));
    } finally {
      field.disabled = false;
      field.value = "";
    }
  }
}

function dropPlace(onDrop) {
  const words = [
    el("strong", {}, "Add documents"),
    el("span", {}, "Choose files, or drop them here."),
    el("small", {}, "PDF, Word, PowerPoint, Excel, web pages, mail, e-books, JSON, CSV, Markdown, text."),
  ];
  const label = el("label", { for: "files", class: "drop" }, ...words);
  label.addEventListener("dragover", (event) => {
    event.preventDefault();
    label.dataset.over = "true";
  });
  label.addEventListener("dragleave", () => delete label.dataset.over);
  label.addEventListener("drop", (event) => {
    event.preventDefault();
    delete label.dataset.over;
    onDrop([...event.dataTransfer.files]);
  });
  return label;
}

function named(files) {
  return files.length === 1 ? files[0].name : `${files.length} files`;
}

function show(job, bar, words) {
  bar.value = SENDING + (1 - SENDING) * (job.total ? job.done / job.total : 0);
  const count = job.total ? `, ${job.done} of ${job.total}` : "";
  words.textContent = job.status === "queued" ? "Waiting for its turn…" : `Reading and indexing${count}…`;
}

function problemOf(failure) {
  const { title, detail } = explain(failure);
  return [el("strong", {}, title), ` ${detail ?? failure.message}`];
}
