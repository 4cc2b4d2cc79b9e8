// Filters the cases, and opens the case or citation that the address names. Reads the page only; makes no markup.
"use strict";
(() => {
  const root = document.documentElement;
  const cases = [...document.querySelectorAll("#case-list > .case")];
  const count = document.getElementById("shown-count");
  const none = document.getElementById("none-shown");
  const fields = new Map();
  for (const name of ["show", "type", "split", "q"]) {
    const field = document.getElementById(`filter-${name}`);
    if (field) fields.set(name, field);
  }
  const texts = new Map();

  const value = (name) => fields.get(name)?.value ?? "";

  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };

  const matches = (item) => {
    const { flags, type, split } = item.dataset;
    const has = flags.split(" ").filter(Boolean);
    const show = value("show");
    if (show === "any" && !has.some((flag) => flag !== "flipped")) return false;
    if (show && show !== "any" && !has.includes(show)) return false;
    if (value("type") && value("type") !== type) return false;
    if (value("split") && value("split") !== split) return false;
    const words = value("q").toLowerCase().split(/\s+/).filter(Boolean);
    return words.every((word) => textOf(item).includes(word));
  };

  const filter = () => {
    let shown = 0;
    for (const item of cases) {
      item.hidden = !matches(item);
      if (!item.hidden) shown += 1;
    }
    count.textContent = `${shown} of ${cases.length} cases`;
    none.hidden = shown > 0;
  };

  // The filter lives in the fragment ("#show=verdict&type=date"), which a file:// page may change and a link may carry.
  const remember = () => {
    const state = new URLSearchParams();
    for (const [name, field] of fields) if (field.value) state.set(name, field.value);
    history.replaceState(null, "", `#${state.toString() || "cases"}`);
  };

  const reveal = (target) => {
    const item = target.closest(".case");
    if (!item) return;
    if (item.hidden) {
      for (const field of fields.values()) field.value = "";
      filter();
    }
    item.querySelector("details").open = true;
    target.scrollIntoView();
  };

  const follow = () => {
    const fragment = location.hash.slice(1);
    const target = fragment && document.getElementById(fragment);
    if (target) {
      reveal(target);
    } else if (fragment.includes("=")) {
      const state = new URLSearchParams(fragment);
      for (const [name, field] of fields) {
        const wanted = state.get(name) ?? "";
        field.value = wanted;
        if (field.value !== wanted) field.value = ""; // a choice that this report does not have
      }
      filter();
      document.getElementById("cases").scrollIntoView();
    }
  };

  for (const field of fields.values()) {
    field.addEventListener("input", () => {
      filter();
      remember();
    });
  }
  const setAll = (open) => {
    for (const item of cases) if (!item.hidden || !open) item.querySelector("details").open = open;
  };
  document.getElementById("open-all").addEventListener("click", () => setAll(true));
  document.getElementById("close-all").addEventListener("click", () => setAll(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      fields.get("q").focus();
    }
  });
  window.addEventListener("hashchange", follow);
  root.classList.add("js");
  follow();
})();
