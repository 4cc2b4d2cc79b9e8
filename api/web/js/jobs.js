// Files in, the job that indexes them followed to its end.
import { address, failureOf, Failure, fetchJson, key, newKey } from "./api.js";
import { currentCorpus } from "./corpora.js";

const POLL_SECONDS = 0.7;
const PATIENCE = 5; // failed polls in a row: a server may be restarting

/** Sends the files, with `onProgress(0..1)` of the bytes; the job. Uses XMLHttpRequest: fetch tells no progress. */
export async function upload(files, { onProgress }) {
  for (;;) {
    const used = key.get();
    const response = await post(files, used, onProgress);
    if (response.ok) return response.json();
    if (response.status !== 401 || !(await newKey(used))) throw await failureOf(response);
  }
}

/** Follows a job, with `onChange(job)` each time it is asked about; the finished job. */
export async function follow(job, { onChange }) {
  let failures = 0;
  let current = job;
  for (;;) {
    onChange(current);
    if (current.status === "done" || current.status === "failed") return current;
    await new Promise((resolve) => setTimeout(resolve, POLL_SECONDS * 1000));
    try {
      current = await fetchJson(`/v1/jobs/${encodeURIComponent(job.job_id)}`);
      failures = 0;
    } catch (failure) {
      failures += 1;
      if (failures === PATIENCE) throw failure;
    }
  }
}

function post(files, used, onProgress) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address("/v1/documents", { corpus: currentCorpus() }));
    if (used) request.setRequestHeader("Authorization", `Bearer ${used}`);
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    request.addEventListener("load", () => resolve(asResponse(request)));
    request.addEventListener("error", () => reject(new Failure({ type: "unreachable", message: "The server cannot be reached." })));
    request.send(form);
  });
}

function asResponse(request) {
  const wait = request.getResponseHeader("Retry-After");
  return new Response(request.responseText, { status: request.status, headers: wait ? { "Retry-After": wait } : {} });
}
