// The body of a response in, its server-sent events out, one by one as they arrive.
import { Failure } from "./api.js";

const SILENCE_SECONDS = 60; // the server shows every few seconds that it lives

/** Yields `{event, data}` with the data as text; a heartbeat is an event named "". */
export async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await soon(reader.read());
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split(/\r?\n\r?\n/);
      text = blocks.pop();
      for (const block of blocks) yield parseBlock(block);
    }
  } finally {
    reader.cancel().catch(() => {}); // it may have broken off already
  }
}

function parseBlock(block) {
  let event = "";
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^([^:]*):? ?([\s\S]*)$/.exec(line);
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return { event, data: data.join("\n") };
}

async function soon(read) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(lost()), SILENCE_SECONDS * 1000);
  });
  try {
    return await Promise.race([read, silence]);
  } catch (error) {
    throw error.name === "AbortError" || error instanceof Failure ? error : lost();
  } finally {
    clearTimeout(timer);
  }
}

/** What is said of a stream that ended before its end. */
export function lost() {
  return new Failure({ type: "lost", message: "The connection was lost." });
}
