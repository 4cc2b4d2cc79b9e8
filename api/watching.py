"""Folders to watch in, indexes that follow them out: what changes there goes through the ingest worker, by content.

A change is indexed once the files at hand are at rest. A folder that is missing or empty, as one is whose disk is not
mounted, is left alone: its documents are kept until it is back. Of several processes one watches a folder, and another
takes over when that one ends.
"""

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import Change, awatch

from api.indexing import index_root
from api.job_store import JobReport
from api.metrics import observe_watch
from api.turns import Turns
from api.watched import Watched
from rag.corpora import corpus_folder
from rag.corpus.folders import is_leftover
from rag.errors import AttestError

_TICK_SECONDS = 0.5
_LONGEST_UNREST_SECONDS = 30.0  # a file that is written to all the time, a log say, is indexed as it is then
_LOOK_AGAIN_SECONDS = 600.0  # at all of it: a disk of another machine, and a flood of changes, may leave no trace
_RETRY_SECONDS = 5.0  # after a failure, and twice as long after each further one
_LONGEST_RETRY_SECONDS = 600.0
_POLL_DELAY_MS = 5_000  # where every file is looked at, as nothing tells of changes
_MOST_LOOKED_AT = 1_000  # files at a time, for being at rest

_log = logging.getLogger("attest.watch")


class Watches(AbstractAsyncContextManager[None]):
    """Watches all the folders within the block."""

    def __init__(self, watched: Iterable[Watched], data_dir: Path, turns: Turns) -> None:
        self._watches = [_Watch(one, data_dir, turns) for one in watched]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> None:
        self._tasks = [asyncio.create_task(watch.run()) for watch in self._watches]

    async def __aexit__(self, *exception: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Watch:
    def __init__(self, watched: Watched, data_dir: Path, turns: Turns) -> None:
        self._corpus = watched.corpus
        self._root = watched.root
        self._data_dir = data_dir.resolve()
        self._turns = turns
        self._retry_seconds = _RETRY_SECONDS
        self._problem = ""
        self._failed: set[tuple[str, str]] = set()  # what was said already of files that cannot be read

    async def run(self) -> None:
        """For as long as it is not cancelled, once no other process watches."""
        name = hashlib.sha256(f"{self._corpus}={self._root}".encode()).hexdigest()[:16]
        while True:
            try:
                async with self._turns.one_of(self._turns.folder / f"watch-{name}"):
                    await self._watch()
            except OSError as error:
                self._fails(f"{self._root} cannot be watched: {error}")
                await asyncio.sleep(_RETRY_SECONDS)

    async def _watch(self) -> None:
        _log.info("watching %s", self._root)
        polling: bool | None = None  # as WATCHFILES_FORCE_POLLING says
        while True:
            try:
                await self._follow(polling)
            except FileNotFoundError:
                self._fails(f"{self._root} is not there; its documents are kept")
            except (OSError, RuntimeError) as error:  # the second is watchfiles' own
                self._fails(f"{self._root} cannot be watched ({error}); it is looked at every few seconds")
                polling = True
            await asyncio.sleep(_TICK_SECONDS)

    async def _follow(self, polling: bool | None) -> None:
        """Keeps the index in line with the folder, until another is in its place.

        Raises:
            FileNotFoundError: it is not there, or not any more.
            OSError, RuntimeError: it cannot be watched in this way.
        """
        identity = await asyncio.to_thread(_identity, self._root)
        unrest, due = _Unrest(), 0.0
        told = awatch(
            self._root,
            watch_filter=self._matters,
            rust_timeout=int(_TICK_SECONDS * 1000),
            yield_on_timeout=True,
            force_polling=polling,
            poll_delay_ms=_POLL_DELAY_MS,
            ignore_permission_denied=True,
        )
        async with aclosing(told) as ticks:
            async for changes in ticks:
                if await asyncio.to_thread(_identity, self._root) != identity:
                    return
                now = time.monotonic()
                if await asyncio.to_thread(unrest.is_over, {path for _, path in changes}, now) or now >= due:
                    unrest = _Unrest()
                    due = time.monotonic() + await self._bring_in_line()

    def _matters(self, _: Change, path: str) -> bool:
        """Whether a sync would see it; what the index itself is kept in must not begin another."""
        changed = Path(path)
        if changed.is_relative_to(self._data_dir):
            return False
        parts = changed.relative_to(self._root).parts
        return not any(part.startswith(".") for part in parts) and not any(map(is_leftover, parts[-1:]))

    async def _bring_in_line(self) -> float:
        """In how many seconds to do it again if nothing changes before."""
        try:
            async with self._turns.of(self._corpus):
                folder = corpus_folder(self._data_dir, self._corpus)
                report = await index_root(folder, self._root, keep_vanished=True)
        except (AttestError, OSError) as error:
            self._fails(f"{self._root} could not be indexed: {error}")
            seconds, self._retry_seconds = self._retry_seconds, min(2 * self._retry_seconds, _LONGEST_RETRY_SECONDS)
            return seconds
        self._succeeds(report)
        return _LOOK_AGAIN_SECONDS

    def _succeeds(self, report: JobReport) -> None:
        self._retry_seconds, self._problem = _RETRY_SECONDS, ""
        counts = {name: len(getattr(report, name)) for name in ("added", "changed", "renamed", "removed")}
        observe_watch(self._corpus, self._root, "changed" if any(counts.values()) else "unchanged")
        for source, reason in report.failed:
            if (source, reason) not in self._failed:
                _log.warning("%s: %s", source, reason)
        self._failed = set(report.failed)
        if any(counts.values()):
            told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
            _log.info("%s: %s, %d cannot be read", self._root, told, len(report.failed))

    def _fails(self, problem: str) -> None:
        """Counts it, and says it where it was not the last thing said."""
        observe_watch(self._corpus, self._root, "failed")
        if problem != self._problem:
            _log.error("%s", problem)
        self._problem = problem


@dataclass(slots=True)
class _Unrest:
    """Files that have changed and may go on to."""

    _paths: set[str] = field(default_factory=set)
    _looks: list[tuple[int, int] | None] | None = None
    _since: float | None = None

    def is_over(self, changed: set[str], now: float) -> bool:
        """Whether there was any, and the files have stayed as they were when this was last asked, or never will."""
        if changed:
            self._paths = {*self._paths, *changed}
            self._since = self._since or now
        if self._since is None:
            return False
        before, self._looks = self._looks, [_look(path) for path in sorted(self._paths)[:_MOST_LOOKED_AT]]
        is_quiet = not changed and before == self._looks
        return is_quiet or now - self._since > _LONGEST_UNREST_SECONDS


def _look(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a thousand at a time
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _identity(root: Path) -> tuple[int, int]:
    """Which folder is there; that of an unmounted disk is another. Raises FileNotFoundError where there is none."""
    found = root.stat()
    return found.st_dev, found.st_ino
