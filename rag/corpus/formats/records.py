"""JSON and JSON lines: each record a place, `record 12`, its short fields a sentence and its long ones paragraphs.

A file is one document, however many records it has. A record that `attest export` wrote is the document it was: alone
in its file it has the same text and the same description again; among others it is a section under its title.
"""

import json
from collections.abc import Iterator
from typing import Any

from rag.corpus.formats.content import Content, TextBuilder
from rag.corpus.formats.encodings import decode
from rag.corpus.metadata import Metadata, language, metadata_in, names, title, told_date
from rag.errors import DocumentError
from rag.types import Place

_EXPORTED = {"document_id", "source", "version", "text"}
_TOLD = ("title", "publisher", "published", "published_basis", "authors", "language")
_TEXT_NAMES = ("text", "content", "body")  # whose values need no name before them
_LONG = 200  # characters, from which a field is a paragraph
_TERMINAL = (".", "!", "?", "…", "。")


def read(content: bytes) -> Content:
    """Raises DocumentError: it is neither JSON nor JSON lines; the line says where."""
    records = _records(decode(content).removeprefix("\ufeff"))
    if len(records) == 1 and _is_exported(records[0]):
        return _document(records[0])
    text = TextBuilder()
    for number, record in enumerate(records, start=1):
        _write(text, record, place=f"record {number}")
    metadata = _described(records[0]) if len(records) == 1 and isinstance(records[0], dict) else Metadata()
    return Content(text.text, metadata, places=text.places)


def _records(text: str) -> list[Any]:
    """The items of an array, the lines of JSON lines, or what else is there as the one record."""
    try:
        found = _parse(text)
    except json.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
        if len(lines) < 2 or not _is_record(lines[0][1]):
            raise DocumentError(f"it is no JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
        return [_parse_line(number, line) for number, line in lines]
    if isinstance(found, dict):  # {"count": 2, "results": [{…}, {…}]}
        lists = [value for value in found.values() if isinstance(value, list) and value and _are_objects(value)]
        if len(lists) == 1:
            rest = {name: value for name, value in found.items() if value is not lists[0]}
            return [*([rest] if rest else []), *lists[0]]
    return found if isinstance(found, list) else [found]


def _parse(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str)  # numbers as they are written, however long


def _parse_line(number: int, line: str) -> Any:
    try:
        return _parse(line)
    except json.JSONDecodeError as error:
        raise DocumentError(f"its line {number} is no JSON: {error.msg}, column {error.colno}") from None


def _is_record(line: str) -> bool:
    try:
        return isinstance(_parse(line), (dict, list))
    except ValueError:
        return False


def _are_objects(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _is_exported(record: Any) -> bool:
    return isinstance(record, dict) and record.keys() >= _EXPORTED and isinstance(record["text"], str)


def _document(record: dict[str, Any]) -> Content:
    """The document that was exported."""
    told = {name: record[name] for name in _TOLD if record.get(name) is not None}
    try:
        metadata = metadata_in(told, basis="supplied")
        places = tuple(Place(int(start), int(end), str(label)) for start, end, label in record.get("places") or ())
        return Content(record["text"], metadata, body_start=int(record.get("body_start") or 0), places=places)
    except (TypeError, ValueError) as error:
        raise DocumentError(f"what its record says of the document is not usable: {error}") from None


def _write(text: TextBuilder, record: Any, *, place: str) -> None:
    if not isinstance(record, dict):
        text.add(_shown(record), place=place)
        return
    if heading := title(_text(record.get("title"))):
        text.add(f"## {heading}", place=place)
    if _is_exported(record):
        said = "; ".join(
            f"{name}: {record[name]}" for name in ("publisher", "authors", "published") if record.get(name)
        )
        text.add(said, place=place)
        text.add(record["text"], place=place)
        return
    short, long = [], []
    for name, value in _fields(record):
        words = _shown(value)
        if not words or (name == "title" and heading):
            continue
        if name in _TEXT_NAMES or len(words) > _LONG or "\n" in words:
            long.append(words if name in _TEXT_NAMES else f"{name}: {words}")
        else:
            short.append(f"{name}: {words}")
    line = "; ".join(short)
    text.add(line if line.endswith(_TERMINAL) or not line else f"{line}.", place=place)
    for paragraph in long:
        text.add(paragraph, place=place)


def _fields(record: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """A record's fields; those of objects in it by both names, `address.city`."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _fields(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(filter(None, map(_shown, value)))
        case dict():
            return "({})".format(
                ", ".join(f"{name}: {words}" for name, one in _fields(value) if (words := _shown(one)))
            )
        case _:
            return str(value).strip()


def _described(record: dict[str, Any]) -> Metadata:
    """What a single record says of itself under the usual names."""
    authors = record.get("authors", record.get("author"))
    return Metadata(
        title=title(_text(record.get("title"))),
        publisher=_text(record.get("publisher")),
        published=told_date(_text(record.get("published", record.get("date")))),
        published_basis="printed",
        authors=names(_text(one) for one in (authors if isinstance(authors, list) else [authors])),
        language=language(_text(record.get("language"))),
    )


def _text(value: Any) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None
