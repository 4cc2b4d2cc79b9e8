"""HTML or XHTML in, what a browser shows of it written to a `TextBuilder`: headings, paragraphs, lists and tables.

Nothing is fetched, no entity that the file defines is resolved, and what is hidden or no text of the page is left out.
"""

import html.entities
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

import lxml.etree
import lxml.html

from rag.corpus.formats.content import TextBuilder
from rag.corpus.formats.tables import row_lines

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure
    footer form header hgroup hr html legend li main menu nav ol p section summary table tbody td tfoot th thead
    tr ul""".split()
)
_NO_TEXT = frozenset(
    """applet area audio base button canvas colgroup datalist embed frame frameset head iframe img input link map math
    meta noframes noscript object option param rp rt script select source style svg template textarea title track
    video""".split()
)
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z]\w{1,31});")
_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_MOST_COLUMNS = 1000
_MOST_ROWS = 65_534  # as the HTML standard limits what a cell spans
_MOST_FILLED = 100_000  # cells that one may be repeated in


def parse(text: str) -> Any:
    """The root of a page; of XHTML by its own rules, where it keeps to them."""
    content = text.replace("\0", "").encode(errors="replace")
    if "http://www.w3.org/1999/xhtml" in text[:2000] or text.lstrip().startswith("<?xml"):
        parser = lxml.html.XHTMLParser(
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            root = lxml.etree.fromstring(_without_names(text).encode(errors="replace"), parser)
            lxml.html.xhtml_to_html(root)
            return root
        except lxml.etree.XMLSyntaxError:
            pass  # most of what says that it is XHTML is not, and browsers do not mind
    return lxml.html.document_fromstring(
        content, parser=lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    )


def drop_hidden(root: Any) -> None:
    """Removes what a page holds and does not show."""
    for element in [one for one in root.iter() if isinstance(one.tag, str) and _is_hidden(one)]:
        if element.getparent() is not None:
            element.drop_tree()


def write(text: TextBuilder, root: Any, *, place: str | None = None) -> None:
    """Writes the blocks of an element that was parsed here."""
    _Writer(text, place).write(root)


class _Writer:
    """Gathers inline text until a block begins or ends."""

    def __init__(self, text: TextBuilder, place: str | None) -> None:
        self._text = text
        self._place = place
        self._inline: list[str] = []
        self._is_item = False

    def write(self, element: Any) -> None:
        self._walk(element)
        self._flush()

    def _walk(self, element: Any) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in _NO_TEXT or _is_hidden(element):
            return
        if tag == "br":
            self._inline.append("\n")
        elif tag in _HEADINGS:
            self._flush()
            heading = " ".join(_inner_text(element).split())
            self._text.add(f"{'#' * _HEADINGS[tag]} {heading}" if heading else "", place=self._place)
        elif tag == "pre":
            self._flush()
            self._text.add(_inner_text(element).expandtabs(4), place=self._place)
        elif tag == "table" and (rows := _data_rows(element)) is not None:
            self._flush()
            self._write_table(element, rows)
        elif tag in _BLOCKS:
            self._flush()
            if tag in ("ul", "ol") and next(element.iterancestors("li"), None) is None:
                self._text.end_list()
            self._is_item = tag == "li" or (self._is_item and tag in ("p", "div"))
            self._walk_children(element)
            self._flush()
            self._is_item = False
        else:
            self._walk_children(element)

    def _walk_children(self, element: Any) -> None:
        self._inline.append(_spaced(element.text))
        for child in element:
            self._walk(child)
            self._inline.append(_spaced(child.tail))

    def _write_table(self, table: Any, rows: list[Any]) -> None:
        for caption in table.iterchildren("caption"):
            self._text.add(" ".join(_inner_text(caption).split()), place=self._place)
        headed = bool(rows) and all(cell.tag == "th" for cell in _cells(rows[0]))
        self._text.add_rows(row_lines(_texts(rows), headed=headed or None), place=self._place)

    def _flush(self) -> None:
        lines = [" ".join(line.split()) for line in "".join(self._inline).split("\n")]
        self._inline = []
        block = "\n".join(lines).strip()
        if not block:
            return
        if self._is_item:
            self._text.add_item(block, place=self._place)
            self._is_item = False
        else:
            self._text.add(re.sub(r"\n{3,}", "\n\n", block), place=self._place)


def _without_names(text: str) -> str:
    """XHTML with HTML's named characters as themselves: XML knows five names, and a DTD is not fetched for the rest."""
    return _NAMED.sub(lambda found: html.entities.html5.get(f"{found[1]};", found[0]), text)


def _is_hidden(element: Any) -> bool:
    get = element.get
    return (
        get("hidden") is not None or get("aria-hidden") == "true" or _HIDING.search(get("style") or "") is not None
    ) and element.tag not in ("html", "body")


def _data_rows(table: Any) -> list[Any] | None:
    """The rows of a table of data; None for one that only arranges text: of one column, or with blocks in its cells."""
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
    cells = [cell for row in rows for cell in _cells(row)]
    arranges = table.get("role") == "presentation" or all(len(list(_cells(row))) < 2 for row in rows)
    blocks = ("table", "ul", "ol", "h1", "h2", "h3", "h4", "blockquote", "pre")
    if arranges or any(next(cell.iter(*blocks), None) is not None or len(list(cell.iter("p"))) > 2 for cell in cells):
        return None
    return rows


def _cells(row: Any) -> Iterator[Any]:
    yield from row.iterchildren("td", "th")


def _texts(rows: list[Any]) -> list[list[str]]:
    """The texts of a table's cells; those of cells that span rows or columns in each of them."""
    table: list[list[str]] = []
    pending: dict[int, tuple[int, str]] = {}
    filled = 0
    for row in rows:
        texts: list[str] = []
        cells = deque(_cells(row))
        while cells or len(texts) in pending:
            if (above := pending.pop(len(texts), None)) is not None:
                left, text = above
                if left > 1:
                    pending[len(texts)] = left - 1, text
                texts.append(text)
                continue
            cell = cells.popleft()
            text = " ".join(_inner_text(cell).split())
            across, down = _span(cell, "colspan", _MOST_COLUMNS), _span(cell, "rowspan", _MOST_ROWS)
            filled += across * down
            if filled > _MOST_FILLED:
                across = down = 1
            for _ in range(across):
                if down > 1:
                    pending[len(texts)] = down - 1, text
                texts.append(text)
        table.append(texts)
    return table


def _span(cell: Any, name: str, most: int) -> int:
    value = (cell.get(name) or "").strip()
    return min(max(int(value), 1), most) if value.isdecimal() and len(value) < 8 else 1


def _inner_text(element: Any) -> str:
    """All that an element shows, with line breaks where there are some."""
    pieces: list[str] = []

    def walk(one: Any) -> None:
        if not isinstance(one.tag, str) or one.tag in _NO_TEXT or _is_hidden(one):
            return
        if one.tag == "br" or one.tag in _BLOCKS:
            pieces.append("\n")
        pieces.append(one.text or "")
        for child in one:
            walk(child)
            pieces.append(child.tail or "")

    walk(element)
    return "".join(pieces)


def _spaced(text: str | None) -> str:
    """Text with the line breaks of the source as the spaces that they are."""
    return text.replace("\r", " ").replace("\n", " ") if text else ""
