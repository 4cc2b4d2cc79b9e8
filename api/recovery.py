"""What processes left that have ended in, undone and forgotten out: their jobs, and files that were kept aside.

Each process looks for that now and then. A job nobody is at has failed: what it did to the folder is taken back, and
the index is brought in line with that.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from api.job_store import Job, JobStore
from api.turns import Turns
from api.uploads import Change, forget_staged, staged_jobs, uploads_folder
from rag.corpora import corpus_folder, corpus_names
from rag.errors import AttestError, CorpusNotFoundError

_LOOK_SECONDS = 2.0
_STOPPED = "the server was stopped before this was done; nothing was changed, so send it again"

_log = logging.getLogger("attest.api")


class Recovery:
    """Over the jobs of one data directory. `is_alive` tells of a job's id whether a process is at it, or will be."""

    def __init__(
        self,
        data_dir: Path,
        store: JobStore,
        *,
        folder: Callable[[str], Path],
        turns: Turns,
        index: Callable[[Path], Awaitable[Any]],
        is_alive: Callable[[str], bool],
    ) -> None:
        self._data_dir = data_dir
        self._store = store
        self._folder = folder
        self._turns = turns
        self._index = index
        self._is_alive = is_alive

    async def run(self) -> None:
        """Does it for ever."""
        said = ""
        while True:
            try:
                for job in await asyncio.to_thread(self._abandoned):
                    await self._give_up(job)
                await asyncio.to_thread(self._sweep)
                said = ""
            except (AttestError, OSError) as error:
                if str(error) != said:
                    _log.error("interrupted jobs cannot be taken back: %s", error)
                said = str(error)
            await asyncio.sleep(_LOOK_SECONDS)

    def _abandoned(self) -> list[Job]:
        """Those to give up, first those that are quickly done with."""
        abandoned = [job for job in self._store.unfinished() if not self._is_alive(job.job_id)]
        return sorted(abandoned, key=lambda job: job.status == "running")

    async def _give_up(self, job: Job) -> None:
        """Ends a job that nobody is at, and undoes what it did, unless another process was quicker."""
        if job.status == "queued":
            await asyncio.to_thread(self._forget, job)
            return
        async with self._turns.of(job.corpus):
            found = await asyncio.to_thread(self._store.get, job.job_id)
            if found is not None and not found.ended:
                await self._take_back(found)
                await asyncio.to_thread(self._forget, found)

    async def _take_back(self, job: Job) -> None:
        try:
            folder = self._folder(job.corpus)
            await asyncio.to_thread(_change(folder, job).take_back)
            await self._index(folder)  # its generation may have gone live
        except CorpusNotFoundError:
            _log.warning("job %s: its corpus %s is gone", job.job_id, job.corpus)
        except AttestError as error:
            _log.error("the corpus %s is not in line with its uploads: %s", job.corpus, error)

    def _forget(self, job: Job) -> None:
        self._store.update(replace(job, status="failed", message=_STOPPED))
        with suppress(CorpusNotFoundError):
            _change(self._folder(job.corpus), job).forget()

    def _sweep(self) -> None:
        """Deletes what was kept aside for jobs that have ended, or that nobody knows any more."""
        for corpus in corpus_names(self._data_dir):
            uploads = uploads_folder(corpus_folder(self._data_dir, corpus))
            for job_id in staged_jobs(uploads):
                if self._is_alive(job_id):
                    continue
                job = self._store.get(job_id)
                if job is None or job.ended:
                    forget_staged(uploads, job_id)


def _change(folder: Path, job: Job) -> Change:
    return Change(uploads_folder(folder), job.job_id, job.kind, job.sources)
