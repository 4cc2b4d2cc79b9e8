// Files in, the job that indexes them followed to its end.
import { address, failureOf, Failure, fetchJson, key, newKey } from "./api.js";
import { currentCorpus } from "./corpora.js";

const POLL_SECONDS = 0.7;
const PATIENCE = 5; // failed polls in a row: a server may be restarting

/** Sends new files, with `onProgress(0..1)` of the bytes; the job. */
export function upload(files, { onProgress }) {
  return send("POST", address("/v1/documents", { corpus: currentCorpus() }), "files", files, onProgress);
}

/** Sends a file in the place of the document of that id; the job. */
export function replace(id, file, { onProgress }) {
  const path = address(`/v1/documents/${encodeURIComponent(id)}`, { corpus: currentCorpus() });
  return send("PUT", path, "file", [file], onProgress);
}

/** The job that deletes the document of that id. */
export function remove(id) {
  const path = address(`/v1/documents/${encodeURIComponent(id)}`, { corpus: currentCorpus() });
  return fetchJson(path, { method: "DELETE" });
}

/** The uploaded document that has the file's name; null where there is none. */
export async function heldAs(file) {
  const name = file.name.normalize("NFC"); // as the server keeps it
  const source = name.replace(/[[*?]/g, "[$&]"); // a glob that means it literally
  const { documents } = await fetchJson(address("/v1/documents", { source, corpus: currentCorpus() }));
  return documents.find((one) => one.uploaded && one.source === name) ?? null;
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

/** As `send` of api.js, but with XMLHttpRequest: fetch does not tell how much has been sent. */
async function send(method, path, field, files, onProgress) {
  for (;;) {
    const used = key.get();
    const response = await sendOnce(method, path, formOf(field, files), { used, onProgress });
    if (response.ok) return response.json();
    const failure = await failureOf(response);
    if (response.status !== 401 || !(await newKey(used))) throw failure;
  }
}

function formOf(field, files) {
  const form = new FormData();
  for (const file of files) form.append(field, file, file.name);
  return form;
}

function sendOnce(method, path, form, { used, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    if (used) request.setRequestHeader("Authorization", `Bearer ${used}`);
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    request.addEventListener("load", () => resolve(asResponse(request)));
    request.addEventListener("error", () =>
      reject(new Failure({ type: "unreachable", message: "The server cannot be reached." })),
    );
    request.send(form);
  });
}

function asResponse(request) {
  const wait = request.getResponseHeader("Retry-After");
  return new Response(request.responseText, { status: request.status, headers: wait ? { "Retry-After": wait } : {} });
}
