// Brings the parts of the page together, and the page to what its address asks for.
import { address, askForKeyWith, key } from "./api.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { chooseCorpus, currentCorpus, prepareCorpora } from "./corpora.js";
import { closeByPressingBeside } from "./dialogs.js";
import { showDocuments } from "./documents.js";
import { el } from "./dom.js";
import { Examples } from "./examples.js";
import { explain } from "./failures.js";
import { showHistory } from "./history.js";
import { forgetDocuments } from "./library.js";
import { enterKey } from "./locked.js";
import { Reader } from "./reader.js";
import { prepareTheme } from "./theme.js";

const byId = (id) => document.getElementById(id);
const dialogs = { history: byId("history"), documents: byId("documents"), key: byId("key") };
const reader = new Reader(byId("reader"), { behind: [byId("masthead"), byId("main")] });
const composer = new Composer(byId("composer"), {
  onAsk: (question) => conversation.ask(question),
  onStop: () => conversation.stop(),
});
const examples = new Examples(byId("examples"), { onAsk: (question) => composer.ask(question) });
const conversation = new Conversation(byId("turns"), { onChange: showState });

const actions = {
  new: () => startAnew(),
  history: () =>
    showHistory(dialogs.history, { currentId: conversation.id, onOpen: openConversation, onDeleted: leaveIfDeleted }),
  documents: () => showDocuments(dialogs.documents, { onChanged: () => void examples.show() }),
  "forget-key": () => {
    key.forget();
    location.assign("/");
  },
};

function showState(current) {
  const { isEmpty, isAnswering, id } = current;
  document.body.dataset.view = isEmpty ? "front" : "conversation";
  composer.show({ busy: isAnswering, following: !isEmpty });
  document.title = isEmpty ? "Attest" : `${current.list.querySelector("h2")?.textContent ?? "Not found"} · Attest`;
  document.querySelector("[data-action=forget-key]").hidden = key.get() === null;
  const asked = new URLSearchParams(location.search).get("conversation");
  if (id && id !== asked) history.pushState(null, "", address("/", { conversation: id, corpus: currentCorpus() }));
}

function startAnew() {
  reader.close();
  conversation.clear();
  history.pushState(null, "", address("/", { corpus: currentCorpus() }));
  byId("question").focus();
}

function leaveIfDeleted(id) {
  if (id === conversation.id) startAnew();
}

async function openConversation(id) {
  reader.close();
  try {
    await conversation.load(id);
  } catch (failure) {
    conversation.clear();
    const { title, detail } = explain(failure);
    byId("turns").replaceChildren(
      el("p", { class: "notice", role: "alert" }, el("strong", {}, title), ` ${detail ?? ""}`),
    );
    showState(conversation);
  }
}

async function followAddress() {
  const wanted = new URLSearchParams(location.search);
  chooseCorpus(wanted.get("corpus"));
  if (wanted.has("conversation")) {
    if (wanted.get("conversation") !== conversation.id) await openConversation(wanted.get("conversation"));
  } else {
    conversation.clear();
  }
  if (!wanted.has("document")) return;
  await reader.open({
    document_id: wanted.get("document"),
    version: wanted.get("version"),
    start: Number(wanted.get("start")),
    end: Number(wanted.get("end")),
  });
}

function listen() {
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-action]");
    if (!pressed || !(pressed.dataset.action in actions) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    actions[pressed.dataset.action]();
  });
  document.addEventListener("open-source", ({ detail: { opener, ...span } }) => reader.open(span, { opener }));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) reader.close();
  });
  addEventListener("popstate", () => {
    reader.close();
    followAddress();
  });
  Object.values(dialogs).forEach(closeByPressingBeside);
}

async function start() {
  prepareTheme(document.querySelector("[data-action=theme]"));
  askForKeyWith((asked) => enterKey(dialogs.key, asked));
  listen();
  showState(conversation);
  const wanted = new URLSearchParams(location.search).get("corpus");
  const changeCorpus = () => {
    forgetDocuments();
    startAnew();
    examples.show();
  };
  const answers = await prepareCorpora(byId("corpus"), { wanted, onChange: changeCorpus }).then(
    () => true,
    () => false, // the first question will say why
  );
  if (answers) examples.show();
  if (!conversation.isEmpty) return; // who has asked already is not led away
  await followAddress();
  showState(conversation);
}

start();
