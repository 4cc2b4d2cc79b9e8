"""EPUB: its chapters in reading order, each a place by the name that the table of contents has for it."""

import posixpath
import zipfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import lxml.etree

from rag.corpus.formats import markup
from rag.corpus.formats.archives import open_archive
from rag.corpus.formats.content import Content, TextBuilder
from rag.corpus.formats.encodings import decode_markup
from rag.corpus.metadata import Metadata, iso_date, language, names, title
from rag.errors import DocumentError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_OBFUSCATIONS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")  # of fonts: no secret
_LONGEST_PLACE = 80
_PAGES = ("application/xhtml+xml", "text/html", "application/html+xml")


def read(content: bytes) -> Content:
    """Raises DocumentError: it is damaged, or protected against being read by other programs."""
    with open_archive(content) as archive:
        _check_open(archive)
        package_path = _find(_xml(archive, _CONTAINER), "rootfile", "full-path")
        if package_path is None:
            raise DocumentError("it is a damaged EPUB: it does not say where its package is")
        package = _xml(archive, package_path)
        folder = posixpath.dirname(package_path)
        items = {item.get("id"): item for item in _all(package, "item")}
        chapters = _chapters(archive, folder, items.values())
        text = TextBuilder()
        place = None
        missing = []
        for number, reference in enumerate(_all(package, "itemref"), start=1):
            item = items.get(reference.get("idref"))
            if item is None or item.get("media-type") not in _PAGES or "nav" in (item.get("properties") or "").split():
                continue
            path = _path(folder, item.get("href") or "")
            try:
                page = markup.parse(decode_markup(archive.read(path)))
            except KeyError:
                missing.append(path)
                continue
            place = chapters.get(path) or _heading(page) or place or f"part {number}"
            markup.write(text, page, place=place[:_LONGEST_PLACE])
    metadata = _metadata(package)
    warnings = (f"these of its chapters are missing: {', '.join(missing)}",) if missing else ()
    return Content(text.text, metadata, places=text.places, warnings=warnings)


def _check_open(archive: zipfile.ZipFile) -> None:
    if _ENCRYPTION not in archive.namelist():
        return
    methods = {one.get("Algorithm") for one in _all(_xml(archive, _ENCRYPTION), "EncryptionMethod")}
    if methods - {*_OBFUSCATIONS}:
        raise DocumentError("it is encrypted against copying (DRM), so it cannot be read")


def _chapters(archive: zipfile.ZipFile, folder: str, items: Any) -> Mapping[str, str]:
    """The names of chapters by their files' paths, from the table of contents of EPUB 3 or 2."""
    found: dict[str, str] = {}
    for item in items:
        is_nav = "nav" in (item.get("properties") or "").split()
        if not is_nav and item.get("media-type") != "application/x-dtbncx+xml":
            continue
        path = _path(folder, item.get("href") or "")
        if path not in archive.namelist():
            continue
        contents = _xml(archive, path)
        links = _all(contents, "a") if is_nav else _all(contents, "navPoint")
        for link in links:
            target = link.get("href") if is_nav else _find(link, "content", "src")
            label = " ".join("".join(link.itertext() if is_nav else _label(link)).split())
            if target and label:
                found.setdefault(_path(posixpath.dirname(path), target), label)
    return found


def _label(point: Any) -> list[str]:
    return [text for label in list(_all(point, "navLabel"))[:1] for text in label.itertext()]


def _metadata(package: Any) -> Metadata:
    def told(name: str) -> list[Any]:
        return [one for one in package.iter(f"{{http://purl.org/dc/elements/1.1/}}{name}") if one.text]

    dates = {one.get("{http://www.idpf.org/2007/opf}event", "publication"): one.text for one in reversed(told("date"))}
    return Metadata(
        title=title(next((one.text for one in told("title")), None)),
        publisher=" ".join(next((one.text for one in told("publisher")), "").split()) or None,
        published=iso_date(dates.get("publication")),
        published_basis="printed",
        authors=names(one.text for one in told("creator")),
        language=language(next((one.text for one in told("language")), None)),
    )


def _heading(page: Any) -> str | None:
    found = next(page.iter("h1", "h2", "h3"), None)
    return " ".join(found.text_content().split()) or None if found is not None else None


def _path(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _xml(archive: zipfile.ZipFile, path: str) -> Any:
    parser = lxml.etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, recover=True)
    root = lxml.etree.fromstring(archive.read(path), parser)
    if root is None:
        raise DocumentError(f"it is a damaged EPUB: {path} is no XML")
    return root


def _all(root: Any, name: str) -> Any:
    return root.iter(f"{{*}}{name}")


def _find(root: Any, name: str, attribute: str) -> str | None:
    return next((value for one in _all(root, name) if (value := one.get(attribute))), None)
