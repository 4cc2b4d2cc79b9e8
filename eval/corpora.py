"""A folder of documents in; their texts as a run keeps them, and an index of them kept in a cache folder, out."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from eval.results import CorpusDocument
from rag.bootstrap import describe_index, open_synchroniser
from rag.corpus.loading import list_files, load, read_sidecar
from rag.errors import ConfigurationError, DocumentError, IndexMismatchError
from rag.progress import Update, nobody
from rag.settings import Settings

DEFAULT_CORPUS = Path("seeds")


def read_corpus(folder: Path) -> list[CorpusDocument]:
    """The documents of a folder as the engine reads them, in the order of their sources; unreadable files left out.

    Raises:
        ConfigurationError: there is no such folder, or no file in it can be read.
    """
    told = read_sidecar(folder)
    found = []
    for file in list_files(folder):
        try:
            document = load(file, file.path.read_bytes(), told.get(file.source))
        except (DocumentError, OSError):
            continue
        info = document.info
        found.append(CorpusDocument(info.source, document.text, info.title, info.publisher, info.published))
    if not found:
        raise ConfigurationError(f"{folder} has no document that can be read. Name your documents with --corpus DIR.")
    return found


def documents_of_index(data_dir: Path, *, settings: Settings) -> list[CorpusDocument]:
    """The documents an index was made from, read again from where they lie.

    Raises:
        ConfigurationError: nothing is indexed there, or its folder is gone.
    """
    roots = describe_index(data_dir, settings=settings)["roots"]
    if not isinstance(roots, list) or not roots:
        raise ConfigurationError(
            f"{data_dir} has no index. Run: attest ingest PATH, or name documents by --corpus DIR."
        )
    return [document for root in roots for document in read_corpus(Path(root))]


def is_index(folder: Path) -> bool:
    return (folder / "CURRENT").is_file()


def texts(documents: Iterable[CorpusDocument]) -> dict[str, str]:
    """Texts by source."""
    return {document.source: document.text for document in documents}


def corpus_hash(documents: Sequence[CorpusDocument]) -> str:
    """Of every text and what is known of it, wherever the files lie."""
    lines = sorted(json.dumps(asdict(document), sort_keys=True) for document in documents)
    return f"sha256:{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"


def indexed(
    corpus: Path, cache: Path, *, settings: Settings, progress: Update = nobody
) -> tuple[Path, Mapping[str, str]]:
    """A data directory under `cache` whose index is in line with `corpus`, and the files it lacks with the reasons.

    Each corpus and recipe has its own, so that only what changed since the last run is indexed.
    """
    recipe = [str(corpus.resolve()), settings.embedding_model, settings.chunk_tokens, settings.chunk_overlap_tokens]
    folder = cache / hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:16]
    synchroniser = open_synchroniser(folder, settings=settings)
    try:
        report = synchroniser.sync([corpus], progress=progress)
    except IndexMismatchError:  # made by another version; here that is only a cache
        report = synchroniser.sync([corpus], rebuild=True, progress=progress)
    return folder, dict(report.failed)
