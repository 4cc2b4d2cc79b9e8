// The question box: Enter asks, Shift and Enter starts a new line, and while an answer arrives the button stops it.

const touch = matchMedia("(hover: none)");

export class Composer {
  constructor(form, { onAsk, onStop }) {
    this.form = form;
    this.field = form.querySelector("textarea");
    this.button = form.querySelector("button[type=submit]");
    this.isBusy = false;
    this.onAsk = onAsk;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.isBusy) onStop();
      else this.submit();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (!this.isBusy) this.submit();
    });
    this.field.addEventListener("input", () => this.fit());
  }

  submit() {
    const question = this.field.value.trim();
    if (!question) {
      this.field.focus();
      return;
    }
    this.field.value = "";
    this.fit();
    this.ask(question);
  }

  /** Asks, and keeps the focus for a follow-up; but not where that would hold a keyboard over the answer. */
  ask(question) {
    if (touch.matches) this.field.blur();
    else this.field.focus({ preventScroll: true });
    this.onAsk(question);
  }

  /** `busy` while an answer arrives, `following` once there is something to follow up. */
  show({ busy, following }) {
    this.isBusy = busy;
    this.button.textContent = busy ? "Stop" : "Ask";
    this.button.dataset.busy = String(busy);
    this.field.placeholder = following ? "Ask a follow-up" : "Ask a question";
  }

  fit() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}
