// The conversation on the page: its turns, the question being answered, and what the server keeps of it.
import { announce } from "./announcing.js";
import { address, fetchJson } from "./api.js";
import { ask } from "./asking.js";
import { currentCorpus } from "./corpora.js";
import { announceVerdict, Turn } from "./turn.js";

export class Conversation {
  /** `onChange` is called when an answer begins or ends and when the conversation gets its id. */
  constructor(list, { onChange }) {
    this.list = list;
    this.onChange = onChange;
    this.clear();
  }

  get isEmpty() {
    return this.list.childElementCount === 0;
  }

  get isAnswering() {
    return this.running !== null;
  }

  /** A new one, which the server does not know yet. */
  clear() {
    this.running?.abort();
    this.running = null;
    this.id = null;
    this.list.replaceChildren();
    this.onChange(this);
  }

  stop() {
    this.running?.abort();
  }

  async ask(question) {
    const turn = new Turn(question, { onRetry: (again) => this.answer(again) });
    this.list.append(turn.element);
    await this.answer(turn);
  }

  /** Asks the question of a turn and shows what comes back; never throws. */
  async answer(turn) {
    if (this.isAnswering) return;
    const running = new AbortController();
    this.running = running;
    turn.begin();
    this.onChange(this);
    turn.element.scrollIntoView({ block: "start" });
    announce("Looking through the documents.");
    try {
      await this.begin(running.signal);
      for await (const said of ask(this.body(turn.question), { signal: running.signal })) this.show(turn, said);
    } catch (failure) {
      this.takeFailure(turn, failure);
    } finally {
      if (this.running === running) this.running = null;
      this.onChange(this);
    }
  }

  /** Shows a conversation that the server keeps. Throws a Failure where it does not keep it. */
  async load(id) {
    const path = address(`/v1/conversations/${encodeURIComponent(id)}`, { corpus: currentCorpus() });
    const { turns } = await fetchJson(path);
    this.clear();
    this.id = id;
    for (const { question, answer } of turns) {
      const turn = new Turn(question);
      turn.show(answer);
      this.list.append(turn.element);
    }
    this.onChange(this);
    this.list.lastElementChild?.scrollIntoView({ block: "start", behavior: "instant" });
  }

  async begin(signal) {
    if (this.id) return;
    const body = { corpus: currentCorpus() };
    this.id = (await fetchJson("/v1/conversations", { method: "POST", body, signal })).conversation_id;
    this.onChange(this);
  }

  body(question) {
    return { question, conversation_id: this.id, corpus: currentCorpus() };
  }

  show(turn, { event, data }) {
    if (event === "sources") turn.sources(data);
    if (event === "sentence") {
      turn.say(data, data.cited);
      announce(data.text);
    }
    if (event === "answer") {
      turn.finish(data);
      announceVerdict(data);
    }
  }

  takeFailure(turn, failure) {
    if (failure.name === "AbortError") {
      turn.stop();
      return;
    }
    if (!failure.type) throw failure; // a mistake of ours, not of the line's
    if (failure.type === "not_found") this.id = null; // the server has forgotten it: the next try begins another
    turn.fail(failure);
  }
}
