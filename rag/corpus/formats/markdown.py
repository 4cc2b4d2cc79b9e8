"""Markdown: as it is, described by its YAML front matter, titled by that or by its first heading."""

import re
from dataclasses import replace

import yaml

from rag.corpus.formats.content import Content
from rag.corpus.formats.encodings import decode
from rag.corpus.metadata import language, metadata_in, names
from rag.errors import DocumentError

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(?P<yaml>.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_NAMES = ("title", "publisher", "published", "date", "published_basis")
_HEADING = re.compile(r"^\ufeff?[ ]{0,3}#{1,6}[ \t]+(?P<title>[^\s#][^\r\n]*)", re.MULTILINE)


def read(content: bytes) -> Content:
    """Raises DocumentError: it is not text, or its front matter is not usable."""
    text = decode(content)
    front = _FRONT_MATTER.match(text)
    try:
        values = yaml.safe_load(front["yaml"]) if front else None
        if not isinstance(values, dict):  # a rule, prose and another rule
            front, values = None, {}
        if isinstance(values.get("published"), bool):  # a draft's flag, as some site generators have it
            del values["published"]
        known = {name: values[name] for name in _NAMES if values.get(name) is not None}
        if "date" in known:
            known.setdefault("published", known.pop("date"))
        metadata = metadata_in(known, basis="printed")
    except (yaml.YAMLError, RecursionError, TypeError, ValueError) as error:
        raise DocumentError(f"its front matter is not usable: {_problem(error)}") from None
    metadata = replace(
        metadata,
        title=metadata.title or first_heading(text),
        authors=_authors(values),
        language=language(_text(values.get("language", values.get("lang")))),
    )
    return Content(text, metadata, body_start=front.end() if front else 0)


def first_heading(text: str) -> str | None:
    match = _HEADING.search(text)
    return (match["title"].strip(" \t#*_`") or None) if match else None


def _problem(error: Exception) -> str:
    """What is wrong, for people: YAML quotes the text at length, Python speaks of itself."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem}, in line {error.problem_mark.line + 2} of the file"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "it has a number of too many digits" if "digits" in str(error) else " ".join(str(error).split())


def _authors(values: dict[object, object]) -> str | None:
    """`author: Ann`, `authors: [Ann, Ben]` or `authors: [{name: Ann}]`: site generators have all of these."""
    told = values.get("authors", values.get("author"))
    listed = told if isinstance(told, list) else [told]
    return names(_text(one.get("name") if isinstance(one, dict) else one) for one in listed)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
