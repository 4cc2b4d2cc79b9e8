// A failure in, what a reader is told of it out: kindly, and with what can be done.

const TOLD = {
  unreachable: ["The server cannot be reached.", "Check the connection, or whether the server runs, and try again."],
  lost: [
    "The connection was lost before the answer was complete.",
    "What is shown is proved, but more may have followed.",
  ],
  rate_limited: ["That was a lot of questions in a short time.", null],
  overloaded: ["The server is busy with other questions.", null],
  timeout: ["This took longer than the server allows.", "It may do better a second time, or with a simpler question."],
  model_unavailable: ["The language model cannot be reached just now.", null],
  index_unavailable: ["The documents cannot be read just now.", null],
  unauthorised: ["This server asks for a key.", "Try again to enter one."],
  forbidden: ["This key does not allow that.", null],
  not_found: ["This is no longer kept on the server.", null],
  too_large: ["That is larger than the server takes.", null],
  internal: ["The server made a mistake.", "It has noted it. Trying again may help."],
};

/** `{title, detail}`: a sentence on what happened, and what helps or what the server says, which may be null. */
export function explain(failure) {
  const [title, advice] = TOLD[failure.type] ?? ["That did not work.", null];
  const patience = failure.retryAfter ? `It asks for ${seconds(failure.retryAfter)} of patience.` : null;
  const reference = failure.type === "internal" && failure.requestId ? ` Reference: ${failure.requestId}` : "";
  return { title, detail: `${patience ?? advice ?? failure.message ?? ""}${reference}` || null };
}

function seconds(count) {
  return count === 1 ? "a second" : `${Math.ceil(count)} seconds`;
}
