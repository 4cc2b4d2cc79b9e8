"""A web page in, what it declares of itself out: in its head's meta elements, and in JSON-LD or microdata.

Only declarations count. Guesses at a publisher from a title, or at a date from any date in the text, are too often
wrong, and a wrong date is worse than none.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rag.corpus.metadata import Metadata, language, names, title, told_date

# The surest first.
_DATES = """article:published_time og:article:published_time datepublished citation_publication_date citation_date
    dc.date.issued dcterms.issued dc.issued dcterms.created dc.date.created dc.date dcterms.date parsely-pub-date
    sailthru.date pubdate publishdate publish-date publication_date publish_date article.published rnews:datepublished
    date""".split()
_TITLES = ("og:title", "citation_title", "dc.title", "dcterms.title", "twitter:title")
_AUTHORS = ("author", "citation_author", "dc.creator", "dcterms.creator", "article:author", "parsely-author")
_PUBLISHERS = ("og:site_name", "citation_publisher", "dc.publisher", "dcterms.publisher", "application-name")
_LANGUAGES = ("content-language", "og:locale", "dc.language", "dcterms.language")
_ARTICLES = ("article", "posting", "report", "webpage", "page", "recipe", "book", "creativework")
_SEPARATORS = (" | ", " - ", " – ", " — ", " · ", " :: ", " » ")
_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def read_head(root: Any) -> Metadata:
    """What a page says of itself; `published` is the day, month or year that it declares as that of its publication."""
    metas = _metas(root)
    linked = next(_articles(root), {})
    publisher = _first(metas, _PUBLISHERS) or _name(linked.get("publisher"))
    authors = [value for name in _AUTHORS for value in metas.get(name, ()) if "://" not in value]
    return Metadata(
        title=title(_first(metas, _TITLES) or _text(linked.get("headline")))
        or title(_without_site(root.findtext(".//head/title"), publisher))
        or title("".join(next(root.iter("h1")).itertext()) if root.find(".//h1") is not None else None),
        publisher=publisher,
        published=_published(root, metas, linked),
        published_basis="printed",
        authors=names(authors) or names(map(_name, _listed(linked.get("author")))),
        language=language(root.get("lang") or root.get(_XML_LANGUAGE)) or language(_first(metas, _LANGUAGES)),
    )


def _metas(root: Any) -> Mapping[str, list[str]]:
    """The contents of meta elements by their names in lower case."""
    metas: dict[str, list[str]] = {}
    for element in root.iter("meta"):
        name = next(
            (value for key in ("property", "name", "itemprop", "http-equiv") if (value := element.get(key))), ""
        )
        if content := " ".join((element.get("content") or "").split()):
            metas.setdefault(name.strip().lower(), []).append(content)
    return metas


def _first(metas: Mapping[str, list[str]], wanted: tuple[str, ...]) -> str | None:
    return next((metas[name][0] for name in wanted if name in metas), None)


def _published(root: Any, metas: Mapping[str, list[str]], linked: Mapping[str, Any]) -> str | None:
    for name in _DATES:
        if name in metas and (found := told_date(metas[name][0])):
            return found
    if found := told_date(_text(linked.get("datePublished"))):
        return found
    for element in root.xpath("//*[@itemprop='datePublished']|//time[@pubdate]"):
        if found := told_date(element.get("content") or element.get("datetime") or "".join(element.itertext()).strip()):
            return found
    return None


def _articles(root: Any) -> Iterator[Mapping[str, Any]]:
    """What JSON-LD says of articles and pages, and not of comments on them."""
    for element in root.xpath("//script[@type='application/ld+json']"):
        try:
            nodes = [json.loads(element.text or "")]
        except (ValueError, RecursionError):
            continue
        while nodes:
            node = nodes.pop()
            if isinstance(node, list):
                nodes += reversed(node)
            elif isinstance(node, dict):
                kinds = [str(kind).lower() for kind in _listed(node.get("@type"))]
                if any(kind.endswith(_ARTICLES) for kind in kinds) and "datePublished" in node:
                    yield node
                nodes += [node[name] for name in ("mainEntityOfPage", "mainEntity", "@graph") if name in node]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(value: Any) -> str | None:
    return _text(value.get("name") if isinstance(value, dict) else value)


def _text(value: Any) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) and "://" not in value else None


def _without_site(told: str | None, publisher: str | None) -> str | None:
    """A page's title without the name of its site, where that ends it: `Otters are back | The Shore Post`."""
    clean = " ".join((told or "").split())
    for separator in _SEPARATORS if publisher else ():
        clean = clean.removesuffix(f"{separator}{publisher}")
    return clean or None
