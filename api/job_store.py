"""Jobs in, the same jobs out, also after a restart: one SQLite file in the data directory."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from api.database import transaction

JOBS = "jobs.sqlite"
MOST_JOBS = 1000  # that are kept; beyond them those that ended first are forgotten

JobKind = Literal["upload", "replace", "delete"]
JobStatus = Literal["queued", "running", "done", "failed"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    ended INTEGER NOT NULL, job TEXT NOT NULL  -- JSON
)
"""
_FORGET = """
DELETE FROM jobs WHERE ended AND number IN (SELECT number FROM jobs ORDER BY number DESC LIMIT -1 OFFSET ?)
"""
_COUNT_WAITING = """
SELECT count(*) FROM jobs
WHERE NOT ended AND json_extract(job, '$.corpus') = ? AND json_extract(job, '$.status') = 'queued'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """What was done to the index, by source.

    `renamed` pairs a source with its new one, `failed` one that could not be read with the reason, `warnings` one that
    was read with what of it was not.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A change of a corpus's documents: `done` of `total` files are indexed; times are ISO, in UTC.

    `message` says how it ended. A job that `failed` changed nothing: the documents are as they were.
    """

    job_id: str
    corpus: str
    kind: JobKind
    sources: tuple[str, ...]
    status: JobStatus = "queued"
    done: int = 0
    total: int = 0
    message: str = ""
    report: JobReport | None = None
    created_at: str = ""
    finished_at: str | None = None

    @property
    def ended(self) -> bool:
        return self.status in ("done", "failed")


class JobStore:
    """Every method raises StoreError where the file cannot be used."""

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._now = now

    def add(self, job: Job, *, most_waiting: int) -> Job | None:
        """The job, stamped with the time; None, and nothing is kept, where as many of its corpus wait already."""
        job = replace(job, created_at=self._time())
        with transaction(self._path, _SCHEMA) as db:
            [waiting] = db.execute(_COUNT_WAITING, (job.corpus,)).fetchone()
            if waiting >= most_waiting:
                return None
            db.execute("INSERT INTO jobs (id, ended, job) VALUES (?, 0, ?)", (job.job_id, _written(job)))
            db.execute(_FORGET, (MOST_JOBS,))
        return job

    def update(self, job: Job) -> Job:
        """The job as it is now, stamped with the time where it has ended."""
        if job.ended:
            job = replace(job, finished_at=self._time())
        with transaction(self._path, _SCHEMA) as db:
            db.execute("UPDATE jobs SET ended = ?, job = ? WHERE id = ?", (job.ended, _written(job), job.job_id))
        return job

    def get(self, job_id: str) -> Job | None:
        found = self._read("SELECT job FROM jobs WHERE id = ?", job_id)
        return found[0] if found else None

    def unfinished(self) -> list[Job]:
        """Those queued or running, the oldest first."""
        return self._read("SELECT job FROM jobs WHERE NOT ended ORDER BY number")

    def _read(self, query: str, *values: str) -> list[Job]:
        if not self._path.exists():
            return []
        with transaction(self._path, _SCHEMA) as db:
            return [_job(row[0]) for row in db.execute(query, values)]

    def _time(self) -> str:
        return self._now().isoformat(timespec="milliseconds")


def _written(job: Job) -> str:
    return json.dumps(asdict(job))


def _job(written: str) -> Job:
    values = json.loads(written)
    report = values.pop("report")
    return Job(**{**values, "sources": tuple(values["sources"])}, report=report and make_report(report))


def make_report(values: Mapping[str, Any]) -> JobReport:
    """The report whose JSON object this is; what it has besides is left out."""
    return JobReport(
        added=tuple(values["added"]),
        changed=tuple(values["changed"]),
        renamed=_pairs(values.get("renamed", ())),  # none in jobs of before there was one
        removed=tuple(values["removed"]),
        failed=_pairs(values["failed"]),
        warnings=_pairs(values.get("warnings", ())),  # the same
    )


def _pairs(values: Iterable[Iterable[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in values)
