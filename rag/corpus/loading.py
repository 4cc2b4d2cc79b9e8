"""Files in, `Document`s out: which files a folder offers, how each is read, and what is known of them.

A reader turns a file's bytes into text and the metadata that the file itself tells; `READERS` maps suffixes to
readers and is where a new format joins. A sidecar `corpus.toml` in the folder overrules what the files tell:

    [documents."report.txt"]
    title = "..."
    publisher = "..."
    published = 2025-09-04           # or "2025-09", or "2025"
    published_basis = "supplied"     # by the editor; "printed" when the text says so
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from rag.dates import parse_date
from rag.errors import ConfigurationError, DocumentError
from rag.types import DateBasis, Document, DocumentInfo, Place

SIDECAR = "corpus.toml"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file or its sidecar entry tells of a document; None where it says nothing."""

    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    published_basis: DateBasis | None = None
    authors: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader makes of a file; the text up to `body_start` describes the rest and is no part of it."""

    text: str
    metadata: Metadata
    body_start: int = 0
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file on disk that may become a document. `root` is the folder, or the file, that was asked for."""

    path: Path
    root: Path

    @property
    def source(self) -> str:
        return self.path.relative_to(self.folder).as_posix()

    @property
    def folder(self) -> Path:
        return self.root.parent if self.root == self.path else self.root

    @property
    def document_id(self) -> str:
        """Stays the same while the file's root and relative path do, whatever its content."""
        return hashlib.sha256(f"{self.root}\0{self.source}".encode(errors="surrogateescape")).hexdigest()[:16]


def list_files(path: Path) -> list[SourceFile]:
    """The files a root offers, sorted; hidden ones and the sidecar are not documents. A file is a root of its own.

    Raises:
        ConfigurationError: there is no such file or folder.
    """
    if path.is_file():
        return [SourceFile(path.resolve(), path.resolve())]
    if not path.is_dir():
        raise ConfigurationError(f"{path} is neither a file nor a folder. Give the path of your documents.")
    root = path.resolve()
    return [
        SourceFile(file, root)
        for file in sorted(root.rglob("*"))
        if file.is_file()
        and file.name != SIDECAR
        and not any(part.startswith(".") for part in file.relative_to(root).parts)
    ]


def read_sidecar(folder: Path) -> dict[str, Metadata]:
    """What `corpus.toml` says of each file, by source; empty without one.

    Raises:
        ConfigurationError: it is not valid TOML, or an entry is not; the message names the entry.
    """
    path = folder / SIDECAR
    if not path.is_file():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}. Correct the file.") from None
    entries = content.pop("documents", {})
    if content or not isinstance(entries, dict):
        raise ConfigurationError(f'{path}: write all entries as [documents."file.txt"].')
    found = {}
    for source, values in entries.items():
        try:
            found[source] = _metadata(values, basis="supplied")
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"{path}, {source!r}: {error}. Correct the entry.") from None
    return found


def load(file: SourceFile, content: bytes, told: Metadata | None = None) -> Document:
    """The document in `content`, the file's bytes. `told` is the sidecar's word and overrules the file's own.

    Raises:
        DocumentError: no reader takes the file, it has no readable text, or its name cannot be written down.
    """
    if not _is_text(file.source):
        raise DocumentError("its name is not UTF-8; rename it")
    reader = READERS.get(file.path.suffix.lower())
    if reader is None:
        known = " ".join(sorted(READERS))
        raise DocumentError(f"no reader for {file.path.suffix or 'a file without a suffix'} (readers: {known})")
    read = reader(content)
    metadata = read.metadata
    if not read.text[read.body_start :].strip():
        raise DocumentError("it is empty")
    if told is not None:
        said = {field.name: getattr(told, field.name) for field in fields(Metadata)}
        metadata = replace(metadata, **{name: value for name, value in said.items() if value is not None})
    return Document(
        info=DocumentInfo(
            document_id=file.document_id,
            source=file.source,
            version=f"sha256:{hashlib.sha256(content).hexdigest()}",
            title=metadata.title,
            publisher=metadata.publisher,
            published=metadata.published,
            published_basis=metadata.published_basis if metadata.published else None,
            authors=metadata.authors,
            language=metadata.language,
        ),
        text=read.text,
        body_start=read.body_start,
        places=read.places,
    )


def read_text(content: bytes) -> Content:
    """Plain text: as it is, titled by its first Markdown heading if it has one."""
    text = _decode(content)
    return Content(text, Metadata(title=_first_heading(text)))


def read_markdown(content: bytes) -> Content:
    """Markdown: as it is, described by its YAML front matter, titled by that or by its first heading."""
    text = _decode(content)
    front = _FRONT_MATTER.match(text)
    try:
        values = yaml.safe_load(front["yaml"]) if front else None
        if not isinstance(values, dict):  # a rule, prose and another rule
            front, values = None, {}
        if isinstance(values.get("published"), bool):  # a draft's flag, as some site generators have it
            del values["published"]
        known = {name: values[name] for name in _FRONT_MATTER_NAMES if values.get(name) is not None}
        if "date" in known:
            known.setdefault("published", known.pop("date"))
        metadata = _metadata(known, basis="printed")
    except (yaml.YAMLError, RecursionError, TypeError, ValueError) as error:
        raise DocumentError(f"its front matter is not usable: {' '.join(str(error).split())}") from None
    metadata = replace(metadata, title=metadata.title or _first_heading(text))
    return Content(text, metadata, body_start=front.end() if front else 0)


READERS: Mapping[str, Callable[[bytes], Content]] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
}

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(?P<yaml>.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FRONT_MATTER_NAMES = ("title", "publisher", "published", "date", "published_basis")
_HEADING = re.compile(r"^\ufeff?[ ]{0,3}#{1,6}[ \t]+(?P<title>[^\s#][^\r\n]*)", re.MULTILINE)


def _decode(content: bytes) -> str:
    if b"\0" in content:
        raise DocumentError("it is binary, not text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"it is not UTF-8 (byte 0x{content[error.start]:02x} at {error.start}); convert it, "
            "for example with: iconv -f WINDOWS-1252 -t UTF-8"
        ) from None


def _first_heading(text: str) -> str | None:
    match = _HEADING.search(text)
    return (match["title"].strip(" \t#*_`") or None) if match else None


def _is_text(name: str) -> bool:
    """Whether a file name is; one whose bytes are not UTF-8 reaches Python with lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _metadata(values: Any, *, basis: DateBasis) -> Metadata:
    """The metadata in a table of values; `basis` is that of a date which comes without one."""
    if not isinstance(values, dict):
        raise TypeError("it is not a table of values")
    if unknown := set(values) - {field.name for field in fields(Metadata)}:
        raise ValueError(f"unknown key {', '.join(sorted(unknown))}")
    texts: dict[str, Any] = {name: _scalar(name, value) for name, value in values.items()}
    if "published" in texts:
        parse_date(texts["published"])
        texts.setdefault("published_basis", basis)
    if texts.get("published_basis", basis) not in ("printed", "supplied"):
        raise ValueError(f"published_basis is {texts['published_basis']!r}, not 'printed' or 'supplied'")
    return Metadata(**texts)


def _scalar(name: str, value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise TypeError(f"{name} is {value!r}, not one value")
    return value.isoformat()[:10] if isinstance(value, date) else str(value).strip()
