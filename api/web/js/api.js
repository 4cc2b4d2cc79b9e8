// Requests to the server this page came from: JSON in, JSON out, failures as `Failure`, a key where one is asked for.

const STORED = "attest-key";

/** Anything that went wrong between a wish and its answer; `type` is the server's word for it, or ours. */
export class Failure extends Error {
  constructor({ type, message, request_id: requestId = null, status = null, retryAfter = null }) {
    super(message);
    Object.assign(this, { type, requestId, status, retryAfter });
  }
}

let enterKey = async () => null;
let entering = null; // the one question for a key that all waiting requests share

/** `ask({refused})` gives a key, or null where nobody wants to enter one. */
export function askForKeyWith(ask) {
  enterKey = ask;
}

export const key = {
  get: () => sessionStorage.getItem(STORED),
  set: (value) => sessionStorage.setItem(STORED, value),
  forget: () => sessionStorage.removeItem(STORED),
};

/** An address below this server, with what is null left out of its query. */
export function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

/** The response, if it is a good one. */
export async function send(path, { method = "GET", body, headers = {}, signal } = {}) {
  const isJson = body !== undefined && !(body instanceof FormData);
  const sent = { ...headers, ...(isJson ? { "Content-Type": "application/json" } : {}) };
  for (;;) {
    const used = key.get();
    const response = await reach(path, {
      method,
      signal,
      headers: used ? { ...sent, Authorization: `Bearer ${used}` } : sent,
      body: isJson ? JSON.stringify(body) : body,
    });
    if (response.ok) return response;
    const failure = await failureOf(response);
    if (response.status !== 401 || !(await newKey(used))) throw failure;
  }
}

/** What the server says as JSON. */
export async function fetchJson(path, options) {
  const response = await send(path, options);
  return response.status === 204 ? null : response.json();
}

/** What a response that is not good says of itself. */
export async function failureOf(response) {
  const said = await response.json().catch(() => ({}));
  return new Failure({
    type: "internal",
    message: `The server answered ${response.status}.`,
    ...said?.error,
    status: response.status,
    retryAfter: Number(response.headers.get("Retry-After")) || null,
  });
}

/** Whether there is now another key than the one that was refused. */
export async function newKey(refused) {
  if (key.get() !== refused) return true;
  entering ??= enterKey({ refused: refused !== null }).finally(() => (entering = null));
  const entered = await entering;
  if (entered) key.set(entered);
  return Boolean(entered);
}

async function reach(path, options) {
  try {
    return await fetch(path, { ...options, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure({ type: "unreachable", message: "The server cannot be reached." });
  }
}
