"""How jobs fail, are stopped and begin again; that they work is in test_documents.py."""

import asyncio
import fcntl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

import httpx
import openpyxl
import pytest

import api.jobs
from api.errors import ApiError
from api.indexing import IndexingError, index_root
from api.job_store import Job, JobReport, JobStore
from api.jobs import Jobs
from api.turns import Turns
from rag.corpora import corpus_folder, no_such_corpus
from rag.corpus.sync import Synchroniser
from rag.index.generations import Generations
from tests.api.test_documents import COMET

Index = Callable[..., Awaitable[JobReport]]


def jobs_of(data_dir: Path, **options: float) -> Jobs:
    def folder(name: str) -> Path:
        if name != "default":
            raise no_such_corpus(name)
        return corpus_folder(data_dir, name)

    return Jobs(data_dir, folder=folder, turns=Turns(data_dir), **options)


async def upload(jobs: Jobs, name: str = "comet.md", content: bytes = COMET) -> Job:
    return await jobs.submit(
        "upload", [name], corpus="default", files={name: BytesIO(content)}, most_bytes=len(content)
    )


async def reaches(jobs: Jobs, job: Job, *statuses: str) -> Job:
    async with asyncio.timeout(60):
        while True:
            found = await asyncio.to_thread(jobs.get, job.job_id)
            assert found is not None
            if found.status in statuses:
                return found
            await asyncio.sleep(0.02)


def uploads(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "uploads").rglob("*") if path.is_file())


@pytest.fixture
def data_dir(tmp_path: Path, docs: Path, synchroniser: Synchroniser) -> Path:
    """Its generation 1 has three documents."""
    synchroniser.sync([docs])
    return tmp_path / "data"


def sources_of(data_dir: Path, synchroniser: Synchroniser) -> int:
    return synchroniser.sync([], dry_run=True).documents


def test_a_job_past_its_deadline_fails_and_leaves_everything_as_it_was(data_dir: Path) -> None:
    async def run() -> Job:
        async with jobs_of(data_dir, deadline_seconds=0.3) as jobs:
            return await reaches(jobs, await upload(jobs), "failed", "done")

    job = asyncio.run(run())
    assert (job.status, "0.3 s" in job.message, job.report) == ("failed", True, None)
    assert uploads(data_dir) == []
    assert Generations(data_dir).current() == 1


def test_an_index_that_cannot_be_written_fails_the_job_with_the_reason(data_dir: Path) -> None:
    (data_dir / "generations" / "1" / "manifest.json").write_text("{")

    async def run() -> Job:
        async with jobs_of(data_dir) as jobs:
            return await reaches(jobs, await upload(jobs), "failed", "done")

    job = asyncio.run(run())
    assert (job.status, "is damaged" in job.message) == ("failed", True)
    assert uploads(data_dir) == []


def stop_in_the_middle(data_dir: Path, monkeypatch: pytest.MonkeyPatch, index: Index) -> Job:
    """The first of two jobs, stopped together with the server while `index` runs; the second was waiting."""
    started = asyncio.Event()

    async def indexing(*values: object, **options: object) -> JobReport:
        try:
            return await index(*values, **options)
        finally:
            started.set()
            await asyncio.sleep(3600)

    async def run() -> Job:
        async with jobs_of(data_dir) as jobs:
            job = await upload(jobs)
            await upload(jobs, "other.md")
            await started.wait()
            return job

    with monkeypatch.context() as patched:
        patched.setattr(api.jobs, "index_root", indexing)
        return asyncio.run(run())


async def nothing(*values: object, **options: object) -> JobReport:
    return JobReport()


def test_after_a_restart_interrupted_jobs_have_failed_and_are_taken_back(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = stop_in_the_middle(data_dir, monkeypatch, nothing)
    assert "comet.md" in uploads(data_dir)
    assert [job.status for job in JobStore(data_dir / "jobs.sqlite").unfinished()] == ["running", "queued"]

    async def restart() -> Job:
        async with jobs_of(data_dir) as jobs:
            return await reaches(jobs, stopped, "failed", "done")

    job = asyncio.run(restart())
    assert (job.status, "server was stopped" in job.message) == ("failed", True)
    assert job.finished_at
    assert uploads(data_dir) == []
    assert JobStore(data_dir / "jobs.sqlite").unfinished() == []


def test_what_an_interrupted_job_had_published_is_taken_out_again(
    data_dir: Path, synchroniser: Synchroniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_in_the_middle(data_dir, monkeypatch, index_root)
    assert sources_of(data_dir, synchroniser) == 4

    async def restart() -> None:
        async with jobs_of(data_dir) as jobs:
            await reaches(jobs, await upload(jobs, "later.txt", b"Later it rained."), "done")

    asyncio.run(restart())
    assert uploads(data_dir) == ["later.txt"]
    assert sources_of(data_dir, synchroniser) == 4
    assert Generations(data_dir).current() == 4  # with the comet, without it, with the rain


def test_what_went_live_before_its_process_was_lost_is_taken_out_again(
    data_dir: Path, synchroniser: Synchroniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[JobReport] = []

    async def indexing(*values: object, **options: object) -> JobReport:
        report = await index_root(*values, **options)  # type: ignore[arg-type]
        if not lost:
            lost.append(report)
            raise IndexingError("lost")
        return report

    monkeypatch.setattr(api.jobs, "index_root", indexing)

    async def run() -> Job:
        async with jobs_of(data_dir) as jobs:
            return await reaches(jobs, await upload(jobs), "failed", "done")

    job = asyncio.run(run())
    assert (job.status, job.message, lost[0].added) == ("failed", "lost", ("comet.md",))
    assert sources_of(data_dir, synchroniser) == 3


def test_what_a_killed_process_kept_aside_for_jobs_that_have_ended_is_swept_at_start(data_dir: Path) -> None:
    async def run() -> None:
        async with jobs_of(data_dir) as jobs:
            done = await reaches(jobs, await upload(jobs), "done")
        left = [data_dir / "uploads" / ".jobs" / name for name in (done.job_id, "j_forgotten")]
        for folder in left:  # as a kill just before it is forgotten leaves it
            (folder / "old").mkdir(parents=True)
        async with jobs_of(data_dir) as jobs, asyncio.timeout(20):
            kept = await upload(jobs, "other.md")
            while any(folder.exists() for folder in left):
                await asyncio.sleep(0.02)
            assert (await reaches(jobs, kept, "failed", "done")).status == "done"

    asyncio.run(run())
    assert uploads(data_dir) == ["comet.md", "other.md"]


def test_what_of_an_uploaded_file_is_not_read_is_told(data_dir: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Otters", "Pups"])
    book.active.append([400, 12])
    book.create_sheet("Lists").sheet_state = "hidden"
    content = BytesIO()
    book.save(content)

    async def run() -> Job:
        async with jobs_of(data_dir) as jobs:
            return await reaches(jobs, await upload(jobs, "otters.xlsx", content.getvalue()), "failed", "done")

    job = asyncio.run(run())
    assert job.report is not None
    assert job.report.warnings == (("otters.xlsx", "the hidden sheet 'Lists' is not read"),)
    assert job.message == "added otters.xlsx; otters.xlsx: the hidden sheet 'Lists' is not read"


def test_another_process_leaves_the_jobs_of_a_living_one_alone(data_dir: Path) -> None:
    async def run() -> None:
        async with jobs_of(data_dir) as first:
            job = await upload(first)
            async with jobs_of(data_dir) as second:
                found = second.get(job.job_id)
                assert found is not None
                assert found.status != "failed"
            assert (await reaches(first, job, "failed", "done")).status == "done"

    asyncio.run(run())


def test_another_writer_is_waited_for(data_dir: Path) -> None:
    async def run() -> Job:
        async with jobs_of(data_dir) as jobs:
            with (data_dir / "writer.lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                job = await upload(jobs)
                await asyncio.sleep(4)
                assert (await reaches(jobs, job, "running", "failed", "done")).status == "running"
            return await reaches(jobs, job, "failed", "done")

    assert asyncio.run(run()).status == "done"


def test_a_file_beyond_the_limit_leaves_nothing_behind(data_dir: Path) -> None:
    async def run() -> None:
        async with jobs_of(data_dir) as jobs:
            with pytest.raises(ApiError) as refused:
                await jobs.submit(
                    "upload", ["a.txt"], corpus="default", files={"a.txt": BytesIO(b"12345")}, most_bytes=4
                )
            assert refused.value.status_code == 413

    asyncio.run(run())
    assert uploads(data_dir) == []
    assert JobStore(data_dir / "jobs.sqlite").unfinished() == []


def test_too_many_waiting_jobs_are_refused(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hanging(*values: object, **options: object) -> JobReport:
        await asyncio.sleep(3600)
        raise AssertionError

    monkeypatch.setattr(api.jobs, "MOST_WAITING", 2)
    monkeypatch.setattr(api.jobs, "index_root", hanging)

    async def run() -> None:
        async with jobs_of(data_dir) as jobs:
            await reaches(jobs, await upload(jobs), "running")
            await upload(jobs, "second.md")
            await upload(jobs, "third.md")
            with pytest.raises(ApiError) as refused:
                await upload(jobs, "fourth.md")
            assert (refused.value.status_code, refused.value.kind) == (429, "overloaded")
            assert refused.value.headers == {"Retry-After": "30"}

    asyncio.run(run())


def test_the_process_that_indexes_ends_with_the_server(tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    (tmp_path / "writer.lock").touch()
    with (tmp_path / "writer.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # so that it waits
        worker = subprocess.Popen(
            [sys.executable, "-m", "api.ingest_worker", str(tmp_path), str(tmp_path / "uploads")],
            stdin=subprocess.PIPE,
        )
        assert worker.stdin is not None
        time.sleep(1)
        assert worker.poll() is None
        worker.stdin.close()
        assert worker.wait(timeout=5) == 1


def test_an_unknown_job_is_404(seeds: httpx.Client) -> None:
    response = seeds.get("/v1/jobs/j_unknown")
    assert (response.status_code, response.json()["error"]["type"]) == (404, "not_found")


def test_old_jobs_are_forgotten_and_unfinished_ones_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.job_store.MOST_JOBS", 3)
    store = JobStore(tmp_path / "jobs.sqlite")
    made = [Job(job_id=f"j_{number}", corpus="default", kind="upload", sources=()) for number in range(6)]
    for number, job in enumerate(made):
        store.add(job, most_waiting=10)
        if number != 1:
            store.update(Job(job_id=job.job_id, corpus="default", kind="upload", sources=(), status="done"))
    assert [job.job_id for job in made if store.get(job.job_id)] == ["j_1", "j_3", "j_4", "j_5"]


def test_of_many_jobs_sent_at_once_only_so_many_wait(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.jobs, "MOST_WAITING", 3)

    async def run() -> list[Job | BaseException]:
        async with Turns(data_dir).of("default"), jobs_of(data_dir) as jobs:  # so that none begins meanwhile
            return await asyncio.gather(*(upload(jobs, f"{n}.md") for n in range(8)), return_exceptions=True)

    sent = asyncio.run(run())
    assert sum(isinstance(one, Job) for one in sent) == 3
    assert {one.status_code for one in sent if isinstance(one, ApiError)} == {429}


def test_a_client_that_leaves_while_it_sends_leaves_no_job_undone(data_dir: Path) -> None:
    async def run() -> list[Job]:
        async with jobs_of(data_dir) as jobs:
            sending = asyncio.create_task(upload(jobs))
            await asyncio.sleep(0)  # it has begun
            await asyncio.sleep(0)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            store = JobStore(data_dir / "jobs.sqlite")
            async with asyncio.timeout(60):
                while not uploads(data_dir) or store.unfinished():
                    await asyncio.sleep(0.02)
            return store.unfinished()

    assert asyncio.run(run()) == []
    assert uploads(data_dir) == ["comet.md"]
