// Adding documents: chosen or dropped files, how far they are, and what became of them.
import { announce } from "./announcing.js";
import { el } from "./dom.js";
import { explain } from "./failures.js";
import { follow, upload } from "./jobs.js";

const SENDING = 0.3; // of the bar; the rest is reading and indexing

/** `{element, run}`; `run(start, title)` follows the job that `start` begins, as an upload is followed. */
export function uploader({ onChanged }) {
  const field = el("input", { type: "file", id: "files", multiple: true, class: "visually-hidden" });
  const label = el("label", { for: "files", class: "drop" }, el("strong", {}, "Add documents"), el("span", {}, "Choose files, or drop them here."));
  const outcome = el("div", { class: "outcome", role: "status" });
  const element = el("div", { class: "upload" }, field, label, outcome);
  field.addEventListener("change", () => add([...field.files]));
  label.addEventListener("dragover", (event) => {
    event.preventDefault();
    label.dataset.over = "true";
  });
  label.addEventListener("dragleave", () => delete label.dataset.over);
  label.addEventListener("drop", (event) => {
    event.preventDefault();
    delete label.dataset.over;
    add([...event.dataTransfer.files]);
  });
  return { element, run };

  function add(files) {
    if (!files.length || field.disabled) return;
    const named = files.length === 1 ? files[0].name : `${files.length} files`;
    run((onProgress) => upload(files, { onProgress }), `Adding ${named}`);
  }

  async function run(start, title) {
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
      const { title: told, detail } = explain(failure);
      outcome.replaceChildren(el("p", { class: "problem" }, el("strong", {}, told), " ", detail ?? failure.message));
    } finally {
      field.disabled = false;
      field.value = "";
    }
  }
}

function show(job, bar, words) {
  bar.value = SENDING + (1 - SENDING) * (job.total ? job.done / job.total : 0);
  const count = job.total ? ` ${job.done} of ${job.total}` : "";
  words.textContent = job.status === "queued" ? "Waiting for its turn…" : `${capital(job.message || "working")}${count}…`;
}

function resultOf(job) {
  if (job.status === "failed") return [el("p", { class: "problem" }, el("strong", {}, "That did not work."), ` ${job.message}`)];
  const { added = [], changed = [], removed = [], failed = [] } = job.report ?? {};
  const counts = [
    [count(added), "added"],
    [count(changed), "changed"],
    [count(removed), "removed"],
    [count(failed), "could not be read"],
  ].filter(([number]) => number > 0);
  const told = counts.length ? counts.map(([number, word]) => `${number} ${word}`).join(", ") : "Nothing changed";
  return [
    el("p", { class: "done", "data-job": "done" }, el("strong", {}, "Done."), ` ${told}.`),
    Array.isArray(failed) && failed.length ? el("ul", { class: "failed" }, ...failed.map((one) => el("li", { dir: "auto" }, [one].flat().join(": ")))) : "",
  ];
}

function count(these) {
  return Array.isArray(these) ? these.length : Number(these);
}

function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
