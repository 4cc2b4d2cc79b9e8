"""A folder and a number of documents in; a made collection in it, indexed, and the same index after changes, out.

All that takes long is done once and kept: the folder can be measured again and again. Delete it to begin anew.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eval.bench.dossiers import dossiers
from eval.bench.long_ingest import Spent, long_ingest
from eval.retrieval import write_corpus
from rag.settings import Settings

_EVERY = 10  # document goes, and another of ten is changed


@dataclass(frozen=True, slots=True)
class Collection:
    """Ingests take `within_seconds` at most, if that is given; the next call goes on with one that was stopped."""

    folder: Path
    documents: int
    settings: Settings
    within_seconds: float | None

    @property
    def index(self) -> Path:
        """The data directory of the collection as it was written."""
        return self.folder / "index"

    @property
    def changed(self) -> Path:
        """That of the collection after `change_one` and `change_many`."""
        return self.folder / "changed"

    def ingest(self) -> Spent:
        """Writes and indexes it.

        Raises:
            ConfigurationError: fitz-gov, which it is made of, is not installed.
            IngestStoppedError: it took too long.
        """
        write_corpus(dossiers(self.documents), self._corpus)
        spent = self._ingest("ingest", self.index)
        if not self.changed.is_dir():
            shutil.copytree(self.index, self.changed)
        return spent

    def change_one(self) -> Spent:
        """Indexes a change of one file. Raises IngestStoppedError."""
        with _otherwise(changed=self._files()[:1]):
            return self._ingest("one-changed", self.changed)

    def change_many(self) -> Spent:
        """Indexes that a tenth of the files are gone and another tenth are changed. Raises IngestStoppedError."""
        files = self._files()
        with _otherwise(changed=files[1::_EVERY], gone=files[_EVERY // 2 :: _EVERY]):
            return self._ingest("many-changed", self.changed)

    @property
    def _corpus(self) -> Path:
        return self.folder / "corpus"

    def _files(self) -> list[Path]:
        return sorted(self._corpus.rglob("*.md"))

    def _ingest(self, name: str, data_dir: Path) -> Spent:
        return long_ingest(
            self._corpus,
            data_dir,
            notes=self.folder / f"{name}.json",
            settings=self.settings,
            within_seconds=self.within_seconds,
        )


@contextmanager
def _otherwise(*, changed: Sequence[Path], gone: Sequence[Path] = ()) -> Iterator[None]:
    """Files are changed or gone while the block runs, and as they were after it."""
    before = {path: path.read_bytes() for path in (*changed, *gone)}
    try:
        for path in changed:
            path.write_bytes(before[path] + b"\nThe town clerk added this paragraph after the last session.\n")
        for path in gone:
            path.unlink()
        yield
    finally:
        for path, content in before.items():
            path.write_bytes(content)
