"""Changes of a corpus's documents in, jobs that make them out: those of one corpus one after another.

A job puts its files into the folder of uploads and has the index brought in line with that folder. Until its generation
is live readers have the last one, and what it did to the folder can be taken back: when the job fails, and when the
server starts again after it was stopped in the middle of one.
"""

import asyncio
import fcntl
import logging
import os
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from api.errors import ApiError
from api.indexing import index_uploads
from api.job_store import JOBS, Job, JobKind, JobReport, JobStore
from api.uploads import Change, uploads_folder
from rag.errors import AttestError, CorpusNotFoundError
from rag.index.generations import Generations

DEADLINE_SECONDS = 1800.0  # of one job, once its turn has come
MOST_WAITING = 20  # jobs of one corpus

_WORKERS = 2  # at a time, of all corpora together
_RETRY_SECONDS = 30
_LOCK = "jobs.lock"
_STOPPED = "the server was stopped before this was done; nothing was changed, so send it again"
_DID: Mapping[JobKind, str] = {"upload": "added", "replace": "replaced", "delete": "deleted"}
_MOST_NAMED = 3  # files, in a message

Outcome = TypeVar("Outcome")

_log = logging.getLogger("attest.api")


class Jobs(AbstractAsyncContextManager["Jobs"]):
    """The jobs of one data directory; `folder` tells where a corpus is kept. Entered, it does them; left, it stops.

    A job that is stopped is taken back by the next server, so stopping needs no more care than a power cut.
    """

    def __init__(
        self, data_dir: Path, *, folder: Callable[[str], Path], deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._store = JobStore(data_dir / JOBS)
        self._lock_file = data_dir / _LOCK
        self._lock: int | None = None
        self._folder = folder
        self._deadline_seconds = deadline_seconds
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._workers = asyncio.Semaphore(_WORKERS)
        self._waiting: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> "Jobs":
        for corpus in await asyncio.to_thread(self._recover):
            self._start(self._mend(corpus))
        return self

    async def __aexit__(self, *exception: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._lock is not None:
            os.close(self._lock)

    async def submit(
        self,
        kind: JobKind,
        sources: Iterable[str],
        *,
        corpus: str,
        files: Mapping[str, BinaryIO] | None = None,
        most_bytes: int = 0,
    ) -> Job:
        """A job that waits for its turn; what was sent, `files` by source, is on the disk when this returns.

        Raises:
            ApiError: 413, a file has more than `most_bytes`; 429, too many jobs wait.
            CorpusNotFoundError: there is no such corpus.
            StoreError: the job cannot be written down.
        """
        folder = uploads_folder(self._folder(corpus))
        if self._waiting[corpus] >= MOST_WAITING:
            raise ApiError(
                429,
                "overloaded",
                f"{MOST_WAITING} changes of this corpus wait already; send it when some are done",
                headers={"Retry-After": str(_RETRY_SECONDS)},
            )
        named = tuple(sources)
        job = Job(job_id=f"j_{secrets.token_urlsafe(12)}", corpus=corpus, kind=kind, sources=named, total=len(named))
        change = Change(folder, job.job_id, kind, named)
        self._hold_lock()
        self._waiting[corpus] += 1
        return await asyncio.shield(self._start(self._take_in(job, change, files or {}, most_bytes)))

    def get(self, job_id: str) -> Job | None:
        """The job as it stands."""
        return self._store.get(job_id)

    async def _take_in(self, job: Job, change: Change, files: Mapping[str, BinaryIO], most_bytes: int) -> Job:
        """The job, once it is sure to be done: a client that leaves meanwhile changes nothing."""
        try:
            job = await asyncio.to_thread(self._accept, job, change, files, most_bytes)
        except BaseException:
            self._waiting[job.corpus] -= 1
            raise
        self._start(self._run(job, change))
        return job

    def _accept(self, job: Job, change: Change, files: Mapping[str, BinaryIO], most_bytes: int) -> Job:
        job = self._store.add(job)
        try:
            change.stage(files, most_bytes=most_bytes)
        except BaseException as error:
            change.forget()
            self._store.update(replace(job, status="failed", message=f"it could not be stored: {error}"))
            raise
        return job

    def _start(self, work: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._let_go)
        return task

    def _let_go(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # who waited for it has it; a client that left does not want it

    async def _run(self, job: Job, change: Change) -> None:
        async with self._turns[job.corpus], self._workers:
            self._waiting[job.corpus] -= 1
            try:
                job = await self._note(replace(job, status="running"))
                job = await self._make(job, change)
            except Exception as error:  # noqa: BLE001 - whatever it is, the job ends
                if not isinstance(error, AttestError):
                    _log.exception("job %s failed", job.job_id)
                reason = str(error) if isinstance(error, AttestError) else "the server failed; its log says why"
                job = replace(job, status="failed", message=reason)
            await self._note(job)
            await asyncio.to_thread(change.forget)

    async def _make(self, job: Job, change: Change) -> Job:
        """The job, ended; what it did is taken back where it raises."""
        folder = self._folder(job.corpus)
        generations = Generations(folder)
        before = generations.current()
        try:
            await asyncio.to_thread(change.place)
            report = await self._index(folder, job)
        except Exception:
            await asyncio.to_thread(change.take_back)
            if generations.current() != before:  # it was killed between going live and saying so
                await self._index(folder)
            raise
        refused = {source: reason for source, reason in report.failed if source in change.sources}
        await asyncio.to_thread(change.take_back, refused)
        return _ended(job, report, refused)

    async def _index(self, folder: Path, job: Job | None = None) -> JobReport:
        async def progress(done: int, total: int) -> None:
            if job is not None:
                await self._note(replace(job, done=done, total=total))

        return await index_uploads(folder, deadline_seconds=self._deadline_seconds, progress=progress)

    async def _note(self, job: Job) -> Job:
        return await asyncio.to_thread(self._store.update, job)

    async def _mend(self, corpus: str) -> None:
        """Takes out of the index what an interrupted job may have brought in before its files were taken back."""
        async with self._turns[corpus], self._workers:
            try:
                await self._index(self._folder(corpus))
            except AttestError as error:
                _log.error("the corpus %s is not in line with its uploads: %s", corpus, error)

    def _recover(self) -> list[str]:
        """Takes back what was interrupted; the corpora whose index may need mending.

        A second server over the same data directory leaves the jobs of the first alone.
        """
        unfinished = self._store.unfinished()
        if not unfinished:
            return []
        lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for job in unfinished:
                self._give_up(job)
        except BlockingIOError:
            return []
        finally:
            os.close(lock)
        return list(dict.fromkeys(job.corpus for job in unfinished if job.status == "running"))

    def _give_up(self, job: Job) -> None:
        try:
            change = Change(uploads_folder(self._folder(job.corpus)), job.job_id, job.kind, job.sources)
            change.take_back()
            change.forget()
        except CorpusNotFoundError:
            _log.warning("job %s: its corpus %s is gone", job.job_id, job.corpus)
        self._store.update(replace(job, status="failed", message=_STOPPED))

    def _hold_lock(self) -> None:
        if self._lock is None:
            self._lock_file.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(self._lock, fcntl.LOCK_SH)


def _ended(job: Job, report: JobReport, refused: Mapping[str, str]) -> Job:
    made = [source for source in job.sources if source not in refused]
    told = [f"{_DID[job.kind]} {_named(made)}"] if made else []
    told += [f"{source}: {reason}" for source, reason in list(refused.items())[:_MOST_NAMED]]
    return replace(
        job,
        status="done" if made else "failed",
        done=len(made),
        total=len(job.sources),
        message="; ".join(told),
        report=report,
    )


def _named(sources: list[str]) -> str:
    more = len(sources) - _MOST_NAMED
    return ", ".join(sources[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
