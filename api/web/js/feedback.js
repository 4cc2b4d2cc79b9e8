// Thumbs up and down on an answer, with a comment where the reader has one.
import { fetchJson } from "./api.js";
import { announce } from "./announcing.js";
import { currentCorpus } from "./corpora.js";
import { button, el, iconButton } from "./dom.js";
import { explain } from "./failures.js";

const ASKED = { up: "What was good about it?", down: "What was wrong with it?" };

/** `{buttons, form}`: two thumbs, and the place where a comment is asked for once one is pressed. */
export function feedbackOn(answer) {
  const form = el("div", { class: "feedback" });
  const buttons = [thumb("up", "Helpful"), thumb("down", "Not helpful")];
  return { buttons, form };

  function thumb(rating, label) {
    const pressed = () => ask(rating);
    return iconButton(label, rating, {
      class: "tool tool-icon",
      "data-rating": rating,
      "aria-pressed": "false",
      onclick: pressed,
    });
  }

  function mark(rating) {
    for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.rating === rating));
  }

  function close(rating) {
    form.replaceChildren();
    mark(null);
    buttons[rating === "up" ? 0 : 1].focus();
  }

  function ask(rating) {
    if (form.querySelector(`form[data-rating="${rating}"]`)) return close(rating);
    mark(rating);
    const comment = el("textarea", { rows: "2", maxlength: "4000" });
    const problem = el("p", { class: "problem", role: "alert" });
    const submit = async (event) => {
      event.preventDefault();
      try {
        await fetchJson("/v1/feedback", { method: "POST", body: bodyOf(rating, comment.value.trim()) });
      } catch (failure) {
        problem.textContent = explain(failure).title;
        return;
      }
      form.replaceChildren(
        el("p", { class: "thanks", tabindex: "-1" }, "Thank you. Your opinion is kept with the answer."),
      );
      form.firstElementChild.focus();
      announce("Feedback sent.");
      for (const one of buttons) one.disabled = true;
    };
    const label = el("label", {}, el("span", {}, `${ASKED[rating]} `, el("small", {}, "Optional")), comment);
    const actions = el(
      "p",
      { class: "row" },
      el("button", { type: "submit", class: "primary" }, "Send"),
      button("Cancel", { class: "link", onclick: () => close(rating) }),
    );
    form.replaceChildren(
      el("form", { "data-rating": rating, "aria-label": "Feedback", onsubmit: submit }, label, problem, actions),
    );
    comment.focus();
    return undefined;
  }

  function bodyOf(rating, comment) {
    const { question, conversation_id: conversation } = answer;
    return {
      rating,
      question,
      answer,
      corpus: currentCorpus(),
      comment: comment || null,
      conversation_id: conversation,
    };
  }
}
