"""Changes of a corpus's documents in, jobs that make them out: those of one corpus one after another.

A job puts its files into the folder of uploads and has the index brought in line with that folder. Until its generation
is live readers have the last one, and what it did to the folder can be taken back: when the job fails, and when the
process that was at it has ended, by another one or by the next. Processes share the data directory and nothing else.
"""

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from api.alive import NAME_CHARS, Alive, has_ended
from api.errors import ApiError
from api.indexing import index_root
from api.job_store import JOBS, Job, JobKind, JobReport, JobStore
from api.recovery import Recovery
from api.turns import Turns
from api.uploads import Change, uploads_folder
from rag.errors import AttestError
from rag.index.disk import disk_faults_explained
from rag.index.generations import Generations

DEADLINE_SECONDS = 1800.0  # of one job, once its turn has come
MOST_WAITING = 20  # jobs of one corpus

_RETRY_SECONDS = 30
_POLL_SECONDS = 0.2  # of jobs that are other processes'
_PREFIX = "j_"
_DID: Mapping[JobKind, str] = {"upload": "added", "replace": "replaced", "delete": "deleted"}
_MOST_NAMED = 3  # files, in a message

Outcome = TypeVar("Outcome")

_log = logging.getLogger("attest.api")


class Jobs(AbstractAsyncContextManager["Jobs"]):
    """The jobs of one data directory; `folder` tells where a corpus is kept. Entered, it does them; left, it stops.

    A job's id begins with the name of the process that does it. A job that is stopped is taken back by another process,
    so stopping needs no more care than a power cut.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        folder: Callable[[str], Path],
        turns: Turns,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._data_dir = data_dir
        self._store = JobStore(data_dir / JOBS)
        self._folder = folder
        self._turns = turns
        self._deadline_seconds = deadline_seconds
        self._living: Alive | None = None
        self._own: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by corpus: this process's jobs
        self._begun: set[str] = set()  # ids of jobs that this process is at, or will be
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> "Jobs":
        recovery = Recovery(
            self._data_dir,
            self._store,
            folder=self._folder,
            turns=self._turns,
            index=self._index,
            is_alive=self._is_alive,
        )
        self._start(recovery.run())
        return self

    async def __aexit__(self, *exception: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._living is not None:
            self._living.close()

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
        named = tuple(sources)
        job_id = f"{_PREFIX}{self._alive().name}{secrets.token_urlsafe(12)}"
        job = Job(job_id=job_id, corpus=corpus, kind=kind, sources=named, total=len(named))
        change = Change(folder, job_id, kind, named)
        return await asyncio.shield(self._start(self._take_in(job, change, files or {}, most_bytes)))

    def get(self, job_id: str) -> Job | None:
        """The job as it stands."""
        return self._store.get(job_id)

    async def _take_in(self, job: Job, change: Change, files: Mapping[str, BinaryIO], most_bytes: int) -> Job:
        """The job, once it is sure to be done: a client that leaves meanwhile changes nothing."""
        self._begun.add(job.job_id)
        try:
            job = await asyncio.to_thread(self._accept, job, change, files, most_bytes)
        except BaseException:
            self._begun.discard(job.job_id)
            raise
        self._start(self._run(job, change))
        return job

    def _accept(self, job: Job, change: Change, files: Mapping[str, BinaryIO], most_bytes: int) -> Job:
        kept = self._store.add(job, most_waiting=MOST_WAITING)
        if kept is None:
            raise ApiError(
                429,
                "overloaded",
                f"{MOST_WAITING} changes of this corpus wait already; send it when some are done",
                headers={"Retry-After": str(_RETRY_SECONDS)},
            )
        try:
            change.stage(files, most_bytes=most_bytes)
        except BaseException as error:
            change.forget()
            self._store.update(replace(kept, status="failed", message=f"it could not be stored: {error}"))
            raise
        return kept

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
        try:
            async with self._turn_of(job):
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
        except (AttestError, OSError) as error:
            _log.error("job %s cannot be written down, so it is taken back: %s", job.job_id, error)
        finally:
            self._begun.discard(job.job_id)

    @asynccontextmanager
    async def _turn_of(self, job: Job) -> AsyncIterator[None]:
        """Comes when the jobs of its corpus that were sent before have ended, this process's and others'."""
        async with self._own[job.corpus]:
            while await asyncio.to_thread(self._first, job.corpus) != job.job_id:
                await asyncio.sleep(_POLL_SECONDS)
            async with self._turns.of(job.corpus):
                yield

    def _first(self, corpus: str) -> str | None:
        return next((job.job_id for job in self._store.unfinished() if job.corpus == corpus), None)

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

        return await index_root(
            folder, uploads_folder(folder), deadline_seconds=self._deadline_seconds, progress=progress
        )

    async def _note(self, job: Job) -> Job:
        return await asyncio.to_thread(self._store.update, job)

    def _is_alive(self, job_id: str) -> bool:
        """Whether a process is at that job, or will be."""
        name = job_id.removeprefix(_PREFIX)[:NAME_CHARS]
        if self._living is not None and name == self._living.name:
            return job_id in self._begun
        return not has_ended(name, self._turns.folder)

    def _alive(self) -> Alive:
        if self._living is None:
            with disk_faults_explained(self._turns.folder):
                self._living = Alive(self._turns.folder)
        return self._living


def _ended(job: Job, report: JobReport, refused: Mapping[str, str]) -> Job:
    made = [source for source in job.sources if source not in refused]
    told = [f"{_DID[job.kind]} {_named(made)}"] if made else []
    told += [f"{source}: {reason}" for source, reason in list(refused.items())[:_MOST_NAMED]]
    told += [f"{source}: {warning}" for source, warning in report.warnings if source in made][:_MOST_NAMED]
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
