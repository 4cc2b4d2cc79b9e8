"""A data directory in, leases on whole published generations out; one writer drafts the next and flips `CURRENT`.

    CURRENT                 the number of the published generation, replaced by an atomic rename
    writer.lock             held (flock) by the one process that drafts
    generations/7/          library.sqlite, chroma/, manifest.json; never changed once published
    generations/7/in-use    each reader holds a shared flock on it, so the writer knows what it may delete

Locks are the kernel's, so a killed process lets go of them; a draft it left behind is deleted by the next writer.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.errors import ConfigurationError, IndexBusyError, StoreError
from rag.types import Manifest

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to read one generation's folder until `close`."""

    number: int
    folder: Path
    _lock: int

    def manifest(self) -> Manifest:
        path = self.folder / "manifest.json"
        try:
            return Manifest.from_dict(json.loads(path.read_text()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path} is damaged ({error}). Run: attest ingest --rebuild PATH...") from None

    def close(self) -> None:
        os.close(self._lock)


@dataclass(slots=True)
class Draft:
    """The next generation while it is made; nothing of it is seen until `publish`."""

    number: int
    folder: Path
    previous: Lease | None
    manifest: Manifest | None = None

    def publish(self, manifest: Manifest) -> None:
        """Marks the draft as complete; it goes live when the writer's block ends without an error."""
        self.manifest = manifest


class Generations:
    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._folder = data_dir / "generations"
        self._current = data_dir / "CURRENT"

    def current(self) -> int | None:
        """The number of the published generation; None before the first."""
        try:
            return int(self._current.read_text())
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise ConfigurationError(f"{self._data_dir} is not a folder. Set ATTEST_DATA_DIR to one.") from None
        except ValueError:
            raise StoreError(
                f"{self._current} does not hold a number. Delete {self._data_dir} and run: attest ingest"
            ) from None

    def lease(self) -> Lease | None:
        """A lease on the current generation; None before the first."""
        while (number := self.current()) is not None:
            folder = self._folder / str(number)
            try:
                lock = os.open(folder / "in-use", os.O_RDONLY)
            except FileNotFoundError:
                if self.current() == number:
                    raise StoreError(f"{folder} is missing. Delete {self._data_dir} and run: attest ingest") from None
                continue  # replaced and deleted since we read its number
            fcntl.flock(lock, fcntl.LOCK_SH)
            if (folder / "in-use").exists():
                return Lease(number, folder, lock)
            os.close(lock)
        return None

    @contextmanager
    def reading(self) -> Iterator[Lease | None]:
        """A lease for as long as the block runs."""
        lease = self.lease()
        try:
            yield lease
        finally:
            if lease is not None:
                lease.close()

    @contextmanager
    def draft(self, *, fresh: bool = False, wait_seconds: float = 0.0) -> Iterator[Draft]:
        """Makes the next generation; leaving the block publishes it if `publish` was called, else deletes it.

        A `fresh` one needs nothing of the current one, so that may be damaged.

        Raises:
            IndexBusyError: another process is drafting and does not finish within `wait_seconds`.
            ConfigurationError: the data directory cannot be written to.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"{self._data_dir} cannot be made or written to ({error.strerror}). Set ATTEST_DATA_DIR to a folder."
            ) from None
        with self._writer_lock(wait_seconds):
            if fresh:
                self._forget_damage()
            self._delete_unread()
            number = max((int(folder.name) for folder in self._folders()), default=0) + 1
            try:
                with self.reading() as previous:
                    draft = Draft(number, self._folder / str(number), previous)
                    draft.folder.mkdir()
                    (draft.folder / "in-use").touch()
                    yield draft
                    if draft.manifest is not None:
                        self._publish(draft, draft.manifest)
            finally:
                self._delete_unread()

    @contextmanager
    def _writer_lock(self, wait_seconds: float) -> Iterator[None]:
        path = self._data_dir / "writer.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + wait_seconds
        try:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        holder = os.pread(lock, 32, 0).decode() or "unknown"
                        raise IndexBusyError(
                            f"process {holder} is already writing to {self._data_dir}. "
                            "Wait until it is done, then run the command again."
                        ) from None
                    time.sleep(_POLL_SECONDS)
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(lock)

    def _forget_damage(self) -> None:
        try:
            with self.reading():
                pass
        except StoreError:
            self._current.unlink()

    def _publish(self, draft: Draft, manifest: Manifest) -> None:
        (draft.folder / "manifest.json").write_text(json.dumps(asdict(manifest), indent=2) + "\n")
        for path in sorted(draft.folder.rglob("*")):
            _flush(path)
        _flush(draft.folder)
        pointer = self._current.with_suffix(".new")
        pointer.write_text(f"{draft.number}\n")
        _flush(pointer)
        pointer.replace(self._current)
        _flush(self._data_dir)

    def _delete_unread(self) -> None:
        """Deletes every generation but the current one that no reader holds; dead drafts are among them."""
        current = self.current()
        for folder in self._folders():
            if int(folder.name) == current:
                continue
            try:
                lock = os.open(folder / "in-use", os.O_RDONLY)
            except FileNotFoundError:  # died before it had one, or while being deleted
                shutil.rmtree(folder)
                continue
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                (folder / "in-use").unlink()  # first, so that a reader who waits here sees that it is gone
                shutil.rmtree(folder)
            except BlockingIOError:
                continue  # still being read; a later writer deletes it
            finally:
                os.close(lock)

    def _folders(self) -> list[Path]:
        return [folder for folder in self._folder.iterdir() if folder.name.isdecimal()]


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
