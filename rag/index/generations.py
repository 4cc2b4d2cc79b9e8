"""A data directory in, leases on whole published generations out; one writer drafts the next and flips `CURRENT`.

    CURRENT                 the number of the published generation and of the one it was made from, which is kept in
                            case the first is damaged; replaced by an atomic rename
    writer.lock             held (flock) by the one process that drafts
    generations/7/          library.sqlite, chroma/, manifest.json; never changed once published
    generations/7/in-use    each reader holds a shared flock on it, so the writer knows what it may delete

Locks are the kernel's, so a killed process lets go of them; a draft it left behind is deleted by the next writer.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag.errors import ConfigurationError, StoreError
from rag.index.disk import disk_faults_explained, flush
from rag.index.integrity import seal
from rag.index.leases import IN_USE, MANIFEST, Lease, delete_unless_leased, is_leased, take_lease
from rag.index.writer_lock import writer_lock
from rag.types import Manifest

CURRENT = "CURRENT"
GENERATIONS = "generations"

_log = logging.getLogger("attest.index")


@dataclass(slots=True)
class Draft:
    """The next generation while it is made; nothing of it is seen until `publish`.

    `previous` is the last generation that is sound. Where that is not the current one, `damaged` is what is wrong.
    """

    number: int
    folder: Path
    previous: Lease | None
    damaged: str | None = None
    manifest: Manifest | None = None
    changing: Collection[Path] = ()
    published: Callable[[], None] | None = None

    def publish(
        self, manifest: Manifest, *, changing: Collection[Path] = (), then: Callable[[], None] | None = None
    ) -> None:
        """Marks the draft as complete; it goes live when the writer's block ends without an error.

        `changing` are the files in it that change while they are read; `then` is called once it is live.
        """
        self.manifest, self.changing, self.published = manifest, changing, then


class Generations:
    """The generations of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._folder = data_dir / GENERATIONS
        self._current = data_dir / CURRENT

    def current(self) -> int | None:
        """The number of the published generation; None before the first.

        Raises:
            StoreError: that is not known any more.
        """
        try:
            return next(iter(self._published()), None)
        except StoreError as error:
            raise with_remedy(error) from None

    def lease(self, number: int | None = None) -> Lease | None:
        """A lease on the current generation, or on one that is kept beside it; None before the first.

        Raises:
            StoreError: it is missing, or not known any more; the message has no remedy.
        """
        while (wanted := number or next(iter(self._published()), None)) is not None:
            folder = self._folder / str(wanted)
            lease = take_lease(folder)
            if lease is not None:
                return lease
            if wanted in self._published() and not (folder / IN_USE).exists():
                raise StoreError(f"{folder} is missing")
            if number is not None:
                return None
        return None

    def is_read(self) -> bool:
        """Whether a process, a server say, has a generation open."""
        return any(map(is_leased, self._folders()))

    def spare(self) -> Lease | None:
        """A lease on the generation that the current one was made from; None where there is none any more."""
        try:
            return self.lease(self._published()[1])
        except (IndexError, StoreError):
            return None

    @contextmanager
    def reading(self) -> Iterator[Lease | None]:
        """A lease on the current generation for as long as the block runs."""
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
            StoreError: its disk is full or fails, or neither the current generation nor its spare is sound.
        """
        with disk_faults_explained(self._data_dir):
            self._make_folder()
            with writer_lock(self._data_dir, wait_seconds):
                self._delete_unread()
                number = max([0, *self._known(), *(int(folder.name) for folder in self._folders())]) + 1
                try:
                    with self.sound(optional=fresh) as (previous, damaged):
                        draft = Draft(number, self._folder / str(number), previous, damaged)
                        draft.folder.mkdir()
                        (draft.folder / IN_USE).touch()
                        yield draft
                        if draft.manifest is not None:
                            self._publish(draft, draft.manifest)
                finally:
                    self._delete_unread()

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:  # the second is what /proc says
            raise ConfigurationError(
                f"{self._data_dir} cannot be made or written to ({error.strerror}). Set ATTEST_DATA_DIR to a folder."
            ) from None

    @contextmanager
    def sound(self, *, optional: bool = False) -> Iterator[tuple[Lease | None, str | None]]:
        """A lease on the last generation whose files are as they were sealed, and what is wrong with one after it.

        Raises:
            StoreError: there are generations, none of them is sound, and that is not `optional`.
        """
        problems: list[str] = []
        with ExitStack() as leases:
            for find in (self.lease, self.spare):
                try:
                    lease = find()
                    if lease is None:
                        continue
                    leases.callback(lease.close)
                    lease.check()
                except StoreError as error:
                    problems.append(str(error))
                    continue
                for problem in problems if not optional else ():
                    _log.warning("%s; the generation before it, %d, is taken in its place", problem, lease.number)
                yield lease, next(iter(problems), None)
                return
            if problems and not optional:
                raise with_remedy(problems[0])
            yield None, next(iter(problems), None)

    def _published(self) -> list[int]:
        """The numbers in `CURRENT`: of the published generation and of its spare; none before the first."""
        try:
            numbers = [int(number) for number in self._current.read_text().split()]
        except FileNotFoundError:
            return []
        except NotADirectoryError:
            raise ConfigurationError(f"{self._data_dir} is not a folder. Set ATTEST_DATA_DIR to one.") from None
        except ValueError:
            numbers = []
        if not numbers:
            raise StoreError(f"{self._current} does not hold a number")
        return numbers

    def _known(self) -> list[int]:
        """As `_published`; none where that is damaged."""
        try:
            return self._published()
        except StoreError:
            return []

    def _publish(self, draft: Draft, manifest: Manifest) -> None:
        sealed = seal(draft.folder, changing=draft.changing)
        sealed.pop(IN_USE)
        manifest = replace(manifest, files=sealed)
        (draft.folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n")
        for path in sorted(draft.folder.rglob("*")):
            flush(path)
        flush(draft.folder)
        flush(self._folder)
        numbers = [draft.number, *([draft.previous.number] if draft.previous else [])]
        pointer = self._current.with_suffix(".new")
        pointer.write_text(" ".join(map(str, numbers)) + "\n")
        flush(pointer)
        pointer.replace(self._current)
        flush(self._data_dir)
        if draft.published is not None:
            draft.published()

    def _delete_unread(self) -> None:
        """Deletes every generation but those published that no reader holds; dead drafts are among them.

        None where `CURRENT` is damaged: what stands is all there is, until another is published.
        """
        published = self._known()
        if not published and self._current.exists():
            return
        for folder in self._folders():
            if int(folder.name) not in published:
                delete_unless_leased(folder)

    def _folders(self) -> list[Path]:
        found = self._folder.iterdir() if self._folder.is_dir() else ()
        return [folder for folder in found if folder.name.isdecimal()]


def with_remedy(problem: object) -> StoreError:
    """What to do about an index of which nothing is sound."""
    return StoreError(
        f"{problem}. Delete nothing; run: attest rebuild --from BACKUP, or attest ingest --rebuild PATH..."
    )
