// A job that has ended in, what a reader is told of it out.
import { el } from "./dom.js";

/** What came, changed, went and could not be read; or why nothing did. */
export function resultOf(job) {
  if (job.status === "failed") {
    return [
      el("p", { class: "problem", "data-job": "failed" }, el("strong", {}, "That did not work."), ` ${job.message}`),
    ];
  }
  const { added, changed, removed, failed } = job.report;
  const counts = [
    [added.length, "added"],
    [changed.length, "changed"],
    [removed.length, "removed"],
    [failed.length, "could not be read"],
  ].filter(([number]) => number > 0);
  const told = counts.map(([number, word]) => `${number} ${word}`).join(", ") || "Nothing changed";
  const reasons = failed.map(([source, reason]) => el("li", { dir: "auto" }, `${source}: ${reason}`));
  return [
    el("p", { class: "done", "data-job": "done" }, el("strong", {}, "Done."), ` ${told}.`),
    ...(reasons.length ? [el("ul", { class: "failed" }, ...reasons)] : []),
  ];
}
