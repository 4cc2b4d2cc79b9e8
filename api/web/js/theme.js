// The button that turns the page dark or light, and remembers it.
import { icon } from "./dom.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

export function prepareTheme(button) {
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const show = () => {
    button.replaceChildren(icon(isDark() ? "sun" : "moon"));
    button.setAttribute("aria-pressed", String(isDark()));
    button.title = isDark() ? "Light theme" : "Dark theme";
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    show();
  });
  dark.addEventListener("change", show);
  show();
}

function remember(theme) {
  try {
    localStorage.setItem("attest-theme", theme);
  } catch {
    // Storage is forbidden here: the choice lasts as long as the page.
  }
}
