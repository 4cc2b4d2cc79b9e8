"""What `--watch` was given in, folders that corpora follow out."""

from dataclasses import dataclass
from pathlib import Path

from rag.corpora import DEFAULT_CORPUS, check_name, corpus_folder
from rag.errors import ConfigurationError, StoreError
from rag.index.generations import Generations


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder, with the corpus that follows it."""

    corpus: str
    root: Path


def parse_watched(given: str, *, data_dir: Path) -> Watched:
    """What `--watch PATH` or `--watch NAME=PATH` means.

    Raises:
        ConfigurationError: no corpus can have that name, or the path is no folder and was none at the last ingest.
    """
    name, named, path = given.partition("=")
    corpus, root = (check_name(name), Path(path)) if named else (DEFAULT_CORPUS, Path(given))
    watched = Watched(corpus, root.resolve())
    if not root.is_dir() and not _was_indexed(watched, data_dir):
        raise ConfigurationError(f"--watch {given}: {root} is no folder. Give the path of a folder of documents.")
    return watched


def _was_indexed(watched: Watched, data_dir: Path) -> bool:
    try:
        with Generations(corpus_folder(data_dir, watched.corpus)).reading() as lease:
            return lease is not None and str(watched.root) in lease.manifest().roots
    except StoreError:  # it says so when it is asked
        return True
