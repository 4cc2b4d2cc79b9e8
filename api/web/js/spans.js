// Code points in, UTF-16 units out: the server counts characters, JavaScript counts halves of some of them.

/** `text` cut in three at code points `start` and `end`: before, within and after. */
export function cut(text, start, end) {
  const from = unitsOf(text, start);
  const to = from + unitsOf(text.slice(from), end - start);
  return [text.slice(0, from), text.slice(from, to), text.slice(to)];
}

/** How many UTF-16 units the first `points` code points take. */
function unitsOf(text, points) {
  let units = 0;
  for (let point = 0; point < points && units < text.length; point += 1) {
    units += text.codePointAt(units) > 0xffff ? 2 : 1;
  }
  return units;
}
