"""A web page: its main content without what surrounds it on the site, described by what it declares of itself.

trafilatura finds the main content; it loses much of pages that are no articles, so what it finds is compared with all
that is left when navigation is taken away. A page without any, as word processors save them, is content throughout.
"""

from dataclasses import replace
from typing import Any

import trafilatura

from rag.corpus.formats import markup
from rag.corpus.formats.content import Content, TextBuilder
from rag.corpus.formats.encodings import decode_markup
from rag.corpus.formats.webpage_head import read_head
from rag.corpus.metadata import printed_date

_SURROUNDINGS = """.//nav|.//header[not(ancestor::article|ancestor::main)]|.//footer|.//aside|.//form|.//*[
    @role='navigation' or @role='banner' or @role='contentinfo' or @role='complementary' or @role='search']"""
_LISTS = ".//ul|.//ol|.//table|.//div[not(.//p)]"
_MAIN = ("//main|//*[@role='main']", "//article", "//body")
_MOST_LOST = 0.3  # of what is left without navigation: where trafilatura finds less, it took content for junk
_LINKS = 3  # from which on a list of nothing but links is navigation
_MOST_LINKED = 0.7  # of its text


def read(content: bytes) -> Content:
    """Raises DocumentError: it is not in the encoding that it says, or declares none and is not UTF-8."""
    root = markup.parse(decode_markup(content))
    told = read_head(root)
    text = _main_text(root) if root.xpath(_SURROUNDINGS) else _written(root)
    dated = replace(told, published=told.published or printed_date(text.text.split("\n\n")))
    return Content(text.text, dated, places=text.places)


def _main_text(root: Any) -> TextBuilder:
    """The main content of a page that has other things too."""
    markup.drop_hidden(root)
    found = trafilatura.extract(root, output_format="html", include_comments=False, include_formatting=True)
    main = _written(markup.parse(found)) if found else TextBuilder()
    rest = next((found[0] for path in _MAIN if len(found := root.xpath(path)) == 1), root)
    for element in [*rest.xpath(_SURROUNDINGS), *filter(_is_linked_elsewhere, rest.xpath(_LISTS))]:
        if element.getparent() is not None:
            element.drop_tree()
    all_of_it = _written(rest)
    return main if len(main) >= (1 - _MOST_LOST) * len(all_of_it) else all_of_it


def _written(element: Any) -> TextBuilder:
    text = TextBuilder()
    markup.write(text, element)
    return text


def _is_linked_elsewhere(element: Any) -> bool:
    """Whether there is nothing but links in an element: a menu, further articles, crumbs."""
    links = element.findall(".//a")
    if len(links) < _LINKS:
        return False
    length = len("".join("".join(element.itertext()).split()))
    return sum(len("".join("".join(link.itertext()).split())) for link in links) > _MOST_LINKED * length
