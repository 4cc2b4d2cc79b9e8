// Elements from plain values. Text is always text: nothing here, or anywhere on the page, parses markup.

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  close: "M5 5l10 10M15 5L5 15",
  copy: "M7.5 7.5h8v8h-8zM4.5 12.5v-8h8",
  link: "M8.5 11.5a3 3 0 0 0 4.2 0l2.3-2.3a3 3 0 0 0-4.2-4.2l-.8.8M11.5 8.5a3 3 0 0 0-4.2 0L5 10.8A3 3 0 0 0 9.2 15l.8-.8",
  up: "M6 9v7H3.5V9zM6 9.5L9 3.5c1.3 0 2 .8 2 2V8h4.3c1 0 1.7.9 1.5 1.9l-1 4.7c-.2.8-.8 1.4-1.7 1.4H6",
  down: "M6 11V4H3.5v7zM6 10.5l3 6c1.3 0 2-.8 2-2V12h4.3c1 0 1.7-.9 1.5-1.9l-1-4.7C15.6 4.6 15 4 14.1 4H6",
  moon: "M15.8 12.3A6.5 6.5 0 0 1 7.7 4.2 6.5 6.5 0 1 0 15.8 12.3z",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M15.7 4.3l-1.1 1.1M5.4 14.6l-1.1 1.1",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  split: "M3.5 10H8l4.5-5H17M8 10l4.5 5H17",
  none: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM5.5 14.5l9-9",
  part: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM10 3.5v13",
  alert: "M10 3.5L17.5 16.5h-15zM10 8.5v4M10 14.3v.4",
};

/** An element; `properties` are attributes, or listeners where the name begins with `on`. */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A small drawing that screen readers pass over. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  for (const [key, value] of Object.entries({ class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" })) {
    drawing.setAttribute(key, value);
  }
  drawing.append(path);
  return drawing;
}

/** A button with a label, and an icon before it where one is named. */
export function button(label, { icon: shape, ...properties } = {}, ...children) {
  return el("button", { type: "button", ...properties }, shape ? icon(shape) : null, label, ...children);
}

/** A button that shows an icon alone; `label` is its name. */
export function iconButton(label, shape, properties = {}) {
  return el("button", { type: "button", "aria-label": label, title: label, ...properties }, icon(shape));
}
