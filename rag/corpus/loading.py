"""Files in, `Document`s out: which files a folder offers, how each is read, and what is known of them.

A reader turns a file's bytes into text and the metadata that the file itself tells; `READERS` maps suffixes to
readers, imports them when they are called, and is where a new format joins. A sidecar `corpus.toml` in the folder
overrules what the files tell:

    [documents."report.txt"]
    title = "..."
    publisher = "..."
    published = 2025-09-04           # or "2025-09", or "2025"
    published_basis = "supplied"     # by the editor; "printed" when the text says so
"""

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from importlib import import_module
from pathlib import Path

from rag.corpus.formats.content import Content
from rag.corpus.formats.signatures import check_suffix
from rag.corpus.metadata import Metadata, metadata_in
from rag.errors import ConfigurationError, DocumentError
from rag.types import Document, DocumentInfo

__all__ = ["READERS", "SIDECAR", "Content", "Metadata", "SourceFile", "list_files", "load", "read_sidecar"]

SIDECAR = "corpus.toml"


@dataclass(frozen=True, slots=True)
class Reader:
    """The `read` of a module of `rag.corpus.formats`, which is imported when the first file needs it."""

    module: str

    def __call__(self, content: bytes) -> Content:
        """Raises DocumentError: it cannot be read."""
        read: Callable[[bytes], Content] = import_module(f"rag.corpus.formats.{self.module}").read
        try:
            return read(content)
        except (DocumentError, MemoryError, ImportError):
            raise
        except RecursionError:
            raise DocumentError("it is nested too deeply") from None
        except Exception as error:  # libraries raise anything at all on bytes that are not what they expect
            raise DocumentError("it is damaged; get it anew, or save it anew") from error


READERS: Mapping[str, Callable[[bytes], Content]] = {
    suffix: Reader(module)
    for module, suffixes in {
        "plain": ".txt",
        "markdown": ".md .markdown",
        "pdf": ".pdf",
        "docx": ".docx",
        "pptx": ".pptx",
        "xlsx": ".xlsx .xlsm",
        "delimited": ".csv .tsv",
        "webpage": ".html .htm .xhtml",
        "mail": ".eml",
        "epub": ".epub",
        "records": ".json .jsonl .ndjson",
    }.items()
    for suffix in suffixes.split()
}


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
            found[source] = metadata_in(values, basis="supplied")
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
    suffix = file.path.suffix.lower()
    reader = READERS.get(suffix)
    if reader is None:
        known = " ".join(sorted(READERS))
        raise DocumentError(f"no reader for {file.path.suffix or 'a file without a suffix'} (readers: {known})")
    check_suffix(content, suffix)
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
        warnings=read.warnings,
    )


def _is_text(name: str) -> bool:
    """Whether a file name is; one whose bytes are not UTF-8 reaches Python with lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)
