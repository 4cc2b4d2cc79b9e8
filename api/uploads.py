"""Files that were sent in, the corpus's folder of uploads changed out: each change is made whole, or taken back.

    uploads/NAME                    what the index is brought in line with
    uploads/.jobs/JOB/new/NAME      what was sent, until its job's turn comes
    uploads/.jobs/JOB/old/NAME      what it stands in for, until the index that holds the new is live

The synchroniser does not look into folders whose names begin with a dot.
"""

import os
import shutil
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from api.errors import ApiError
from api.job_store import JobKind
from rag.corpus.folders import is_leftover
from rag.corpus.loading import READERS, SourceFile
from rag.errors import AttestError
from rag.index.disk import flush

UPLOADS = "uploads"

_JOBS = ".jobs"
_MOST_NAME_BYTES = 255  # what file systems take
_PIECE_BYTES = 2**20


class ChangeError(AttestError):
    """A change cannot be made as things are now."""


def uploads_folder(corpus_folder: Path) -> Path:
    """Where a corpus keeps what was uploaded, whether or not anything was."""
    return corpus_folder / UPLOADS


def document_id_of(source: str, uploads: Path) -> str:
    """The id of the uploaded document of that name; a document of another root never has it."""
    root = uploads.resolve()
    return SourceFile(root / source, root).document_id


def safe_name(sent: str | None) -> str:
    """The name under which a sent file is kept: the last part of what the client calls it.

    Raises:
        ApiError: 422 where that cannot name a file, 415 where no reader takes such a file.
    """
    name = unicodedata.normalize("NFC", (sent or "").replace("\\", "/").rsplit("/", 1)[-1].strip())
    if (
        not name
        or name.startswith(".")
        or is_leftover(name)
        or any(unicodedata.category(one)[0] == "C" for one in name)
    ):
        raise ApiError(422, "invalid_request", f"a file cannot be called {name[:80]!r}; give it another name")
    if len(name.encode()) > _MOST_NAME_BYTES:
        raise ApiError(422, "invalid_request", f"the name {name[:40]!r}… is longer than {_MOST_NAME_BYTES} bytes")
    suffix = Path(name).suffix.lower()
    if suffix not in READERS:
        known = " ".join(sorted(READERS))
        raise ApiError(415, "unsupported_media_type", f"no reader takes {name[:80]!r}; what can be read: {known}")
    return name


def staged_jobs(uploads: Path) -> list[str]:
    """The ids of the jobs for which files are kept aside there."""
    folder = uploads / _JOBS
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def forget_staged(uploads: Path, job_id: str) -> None:
    """Deletes what is kept aside for that job."""
    shutil.rmtree(uploads / _JOBS / job_id, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Change:
    """What one job does to a folder of uploads; `sources` are the names of the files it puts there or removes."""

    folder: Path
    job_id: str
    kind: JobKind
    sources: tuple[str, ...]

    def stage(self, files: Mapping[str, BinaryIO], *, most_bytes: int) -> None:
        """Writes what was sent beside the uploads, safe from a crash.

        Raises:
            ApiError: 413, a file has more than `most_bytes`.
        """
        self._work.mkdir(parents=True)
        for folder in ("new", "old"):
            (self._work / folder).mkdir()
        for source, file in files.items():
            _write(file, self._new(source), most_bytes=most_bytes)

    def place(self) -> None:
        """Makes the change; what it replaces or removes is kept aside.

        Raises:
            ChangeError: a file to upload is there already, or one to replace or delete is not.
        """
        for source in self.sources:
            final = self.folder / source
            if self.kind == "upload" and final.exists():
                raise ChangeError(f"there is an uploaded document {source!r} already; replace that one")
            if self.kind != "upload":
                if not final.exists():
                    raise ChangeError(f"the uploaded document {source!r} is not there any more")
                os.link(final, self._old(source))
            if self.kind == "delete":
                final.unlink()
            else:
                self._new(source).replace(final)
        flush(self.folder)

    def take_back(self, sources: Collection[str] | None = None) -> None:
        """Undoes the change, or what it did to `sources`; what was not done yet is left undone."""
        if not self._work.is_dir():
            return
        for source in self.sources if sources is None else sources:
            if self._old(source).exists():
                self._old(source).replace(self.folder / source)
            elif self.kind == "upload" and not self._new(source).exists():
                (self.folder / source).unlink(missing_ok=True)
        flush(self.folder)

    def forget(self) -> None:
        """Deletes what was kept aside: the change can no longer be taken back."""
        forget_staged(self.folder, self.job_id)

    @property
    def _work(self) -> Path:
        return self.folder / _JOBS / self.job_id

    def _new(self, source: str) -> Path:
        return self._work / "new" / source

    def _old(self, source: str) -> Path:
        return self._work / "old" / source


def _write(file: BinaryIO, path: Path, *, most_bytes: int) -> None:
    written = 0
    with path.open("xb") as kept:
        while piece := file.read(_PIECE_BYTES):
            written += len(piece)
            if written > most_bytes:
                raise ApiError(413, "too_large", f"{path.name!r} has more than the {most_bytes} bytes a file may have")
            kept.write(piece)
        kept.flush()
        os.fsync(kept.fileno())
