// A question in, the events of its answer out: sources, sentences, and always an answer at the end, or a Failure.
import { Failure, send } from "./api.js";
import { lost, readEvents } from "./sse.js";

/** Yields `{event, data}`; `question` is the body of `POST /v1/ask`. */
export async function* ask(question, { signal }) {
  const response = await send("/v1/ask", {
    method: "POST",
    body: question,
    headers: { Accept: "text/event-stream" },
    signal,
  });
  for await (const { event, data } of readEvents(response.body)) {
    if (event === "") continue;
    const value = JSON.parse(data);
    if (event === "error") throw new Failure(value.error);
    yield { event, data: value };
    if (event === "answer") return;
  }
  throw lost();
}
