"""A corpus's library in, a file of it out, or a new generation made from it: nothing is parsed or embedded again.

`.sqlite` is the whole library, earlier versions and vectors included, with its manifest as a table inside; `.jsonl` is
a record a document, as it is.
"""

import json
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from rag.errors import ConfigurationError, IndexMismatchError, StoreError
from rag.index.building import build_vectors
from rag.index.disk import copy_file, disk_faults_explained, flush
from rag.index.generations import Draft, Generations, with_remedy
from rag.index.integrity import check_seal
from rag.index.leases import Lease
from rag.index.library import Library
from rag.index.reader import LIBRARY, SCHEMA, VECTORS, check_compatible
from rag.index.vectors import files_that_change
from rag.types import Manifest

_log = logging.getLogger("attest.index")


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """What a rebuild made, for people and for `--json`."""

    generation: int
    documents: int
    chunks: int
    seconds: float


def export(data_dir: Path, file: Path, *, force: bool) -> int:
    """Writes the current generation to `file`, whole or not at all; how many documents that are.

    Raises:
        ConfigurationError: the file is there already and `force` is not set, is of no known kind, or cannot be written.
        StoreError: nothing is indexed, or what is there is damaged.
    """
    if file.suffix not in (".jsonl", ".sqlite"):
        raise ConfigurationError(f"{file} ends neither in .jsonl nor in .sqlite; name the export so.")
    if file.exists() and not force:
        raise ConfigurationError(f"{file} is there already; name another file, or replace it with --force.")
    with Generations(data_dir).sound() as (lease, _):
        if lease is None:
            raise StoreError(f"nothing is indexed in {data_dir} yet; run: attest ingest PATH")
        with Library.open(lease.folder / LIBRARY) as library, _written_whole(file) as path:
            if file.suffix == ".jsonl":
                _write_records(library, path)
            else:
                _write_library(lease, path)
            return library.counts()["documents"]


def rebuild(data_dir: Path, *, embedding_model: str, source: Path | None = None) -> RebuildReport:
    """Publishes a generation whose vector index is made anew from the last library, or from the one in `source`.

    Raises:
        ConfigurationError: `source` is no export.
        IndexMismatchError: it, or the index, was made with another embedding model or schema.
        IndexBusyError: another process is writing.
        StoreError: there is no library that is sound, or the disk is full or fails.
    """
    started = time.perf_counter()
    generations = Generations(data_dir)
    if source is None and generations.current() is None:
        raise StoreError("there is no index to rebuild; run: attest ingest PATH")
    manifest = _manifest_of_export(source, embedding_model) if source else None
    with generations.draft(fresh=True) as draft:
        path = draft.folder / LIBRARY
        if source is None:
            manifest = _copy_last_library(generations, draft, embedding_model)
        else:
            copy_file(source, path)
            with closing(sqlite3.connect(path)) as library:
                library.execute("DROP TABLE manifest")
                library.commit()
        assert manifest is not None
        with Library.open(path) as library:
            build_vectors(draft.folder / VECTORS, library, dimensions=manifest.dimensions)
            counts = library.counts()
        draft.publish(
            replace(manifest, dead_vectors=0, made=max(manifest.made, _now())),
            changing=files_that_change(draft.folder / VECTORS),
        )
    return RebuildReport(
        generation=draft.number,
        documents=counts["documents"],
        chunks=counts["chunks"],
        seconds=round(time.perf_counter() - started, 3),
    )


def _copy_last_library(generations: Generations, draft: Draft, embedding_model: str) -> Manifest:
    """The current one, if it is sound: the vectors beside it may be damaged. Else that of the generation before it."""
    problem = None
    for find in (generations.lease, generations.spare):
        try:
            lease = find()
            if lease is None:
                continue
            with closing(lease):
                manifest = lease.manifest()
                check_seal(lease.folder, manifest.files, only=[name for name in manifest.files if name == LIBRARY])
                check_compatible(manifest, embedding_model=embedding_model)
                copy_file(lease.folder / LIBRARY, draft.folder / LIBRARY)
        except IndexMismatchError:
            raise
        except StoreError as error:
            problem = problem or error
            continue
        if problem is not None:
            _log.warning("%s; generation %d is rebuilt in its place. Then run: attest ingest", problem, lease.number)
        return manifest
    raise with_remedy(problem)


def _write_records(library: Library, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for document_id in library.document_ids():
            document = library.document(document_id)
            assert document is not None
            places = [(place.start, place.end, place.label) for place in document.places]
            record = {
                **asdict(document.info),
                **{"text": document.text, "body_start": document.body_start, "places": places},
            }
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _write_library(lease: Lease, path: Path) -> None:
    copy_file(lease.folder / LIBRARY, path)
    with closing(sqlite3.connect(path)) as library:
        library.execute("CREATE TABLE manifest (json TEXT NOT NULL)")
        library.execute("INSERT INTO manifest VALUES (?)", (json.dumps(asdict(lease.manifest())),))
        library.commit()


def _manifest_of_export(file: Path, embedding_model: str) -> Manifest:
    """The manifest in an export that this process can search.

    Raises:
        ConfigurationError: it is no export, or damaged.
        IndexMismatchError: it was made otherwise.
    """
    if not file.is_file():
        raise ConfigurationError(f"there is no file {file}; give one that `attest export FILE.sqlite` wrote.")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as library:
            (stored,) = library.execute("SELECT json FROM manifest").fetchone()
            manifest = Manifest.from_dict(json.loads(stored))
            (found,) = library.execute("PRAGMA quick_check(1)").fetchone()
    except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{file} is no export of Attest, or damaged ({error}); give one that `attest export FILE.sqlite` wrote."
        ) from None
    if found != "ok":
        raise ConfigurationError(f"{file} is damaged ({found}); export it again.")
    if manifest.schema != SCHEMA:
        raise IndexMismatchError(
            f"{file} has schema {manifest.schema}, this version of Attest reads schema {SCHEMA}. Export it again with "
            "this version, or ingest the documents."
        )
    if manifest.embedding_model != embedding_model:
        raise IndexMismatchError(
            f"{file} was made with the embedding model {manifest.embedding_model!r}, the settings say "
            f"{embedding_model!r}. Set ATTEST_EMBEDDING_MODEL and _DIMENSIONS to that, or ingest the documents."
        )
    return manifest


@contextmanager
def _written_whole(file: Path) -> Iterator[Path]:
    """A path beside `file` that takes its place when the block ends without an error."""
    folder = file.absolute().parent
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}; make it, or name another file.")
    with disk_faults_explained(folder):
        with NamedTemporaryFile(dir=folder, prefix=f".{file.name}.", delete=False) as made:
            path = Path(made.name)
        try:
            yield path
            flush(path)
            path.replace(file)
            flush(folder)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
