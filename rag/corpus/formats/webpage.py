"""A web page: its main content without what surrounds it on the site, described by what its head says.

Its date is that which the page declares as its publication's, or prints as that; htmldate's guesses, which take any
date in the text, are not used. A page without navigation, as word processors save them, is content from top to bottom.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import lxml.html
import trafilatura

from rag.corpus.formats import markup
from rag.corpus.formats.content import Content, TextBuilder
from rag.corpus.formats.encodings import decode_markup
from rag.corpus.metadata import Metadata, iso_date, language, names, printed_date, title, told_date

_SURROUNDINGS = (
    "//nav|//header|//footer|//aside|//form|//*[@role='navigation' or @role='banner' or @role='contentinfo']"
)
# The names under which a page's head gives its publication date, the surest first.
_DATE_NAMES = """article:published_time og:article:published_time datepublished citation_publication_date citation_date
    dc.date.issued dcterms.issued dc.issued dcterms.created dc.date.created dc.date dcterms.date parsely-pub-date
    sailthru.date pubdate publishdate publish-date publication_date publish_date article.published rnews:datepublished
    date""".split()
_ARTICLES = ("article", "posting", "report", "webpage", "page", "review", "recipe", "work")


def read(content: bytes) -> Content:
    """Raises DocumentError: it is not in the encoding that it says, or declares none and is not UTF-8."""
    root = markup.parse(decode_markup(content))
    told = trafilatura.extract_metadata(_described(root))
    declared = _declared_date(root)
    tongue = language(root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"))
    text = TextBuilder()
    _write_main(text, root)
    metadata = Metadata(
        title=title(told.title) or title(root.findtext(".//h1")),
        publisher=told.sitename or None,
        published=declared or printed_date(text.text.split("\n\n")),
        published_basis="printed",
        authors=names([told.author]),
        language=tongue,
    )
    return Content(text.text, metadata, places=text.places)


def _described(root: Any) -> Any:
    """A page of what describes `root` alone: its head, and the data about it that its body has."""
    page = lxml.html.document_fromstring("<html><head></head><body></body></html>")
    for element in root.iterfind(".//head/*"):
        page.head.append(deepcopy(element))
    for element in root.iterfind(".//body//script[@type='application/ld+json']"):
        page.head.append(deepcopy(element))
    return page


def _write_main(text: TextBuilder, root: Any) -> None:
    surroundings = root.xpath(_SURROUNDINGS)
    if surroundings:
        markup.drop_hidden(root)
        main = trafilatura.extract(root, output_format="html", include_comments=False, include_formatting=True)
        if main:
            markup.write(text, markup.parse(main))
        if len(text):
            return
        for element in surroundings:
            if element.getparent() is not None:
                element.drop_tree()
    markup.write(text, root)


def _declared_date(root: Any) -> str | None:
    metas: dict[str, str] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        metas.setdefault(name.strip().lower(), element.get("content") or "")
    for name in _DATE_NAMES:
        if found := told_date(metas.get(name)):
            return found
    for element in root.xpath("//script[@type='application/ld+json']"):
        for found in _linked_dates(element.text or ""):
            return found
    for element in root.xpath("//*[@itemprop='datePublished']|//time[@pubdate]"):
        if found := told_date(element.get("content") or element.get("datetime") or element.text_content().strip()):
            return found
    return None


def _linked_dates(script: str) -> Iterator[str]:
    """The publication dates that JSON-LD gives of articles and pages, and not of comments on them."""
    try:
        nodes = [json.loads(script)]
    except (ValueError, RecursionError):
        return
    while nodes:
        node = nodes.pop(0)
        if isinstance(node, list):
            nodes += node
        elif isinstance(node, dict):
            kind = str(node.get("@type", "")).lower()
            if kind.rstrip("']").endswith(_ARTICLES) and (found := iso_date(str(node.get("datePublished", "")))):
                yield found
            nodes += [node[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in node]
