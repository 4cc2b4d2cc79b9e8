"""Folders that are watched, with a stand-in for the ingest worker, and then as `attest serve` watches them."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import watchfiles
from prometheus_client import REGISTRY

import api.watching
from api.indexing import IndexingError, index_root
from api.job_store import JobReport
from api.turns import Turns
from api.watched import Watched, parse_watched
from api.watching import Watches
from rag.corpus.sync import Synchroniser
from rag.errors import ConfigurationError
from tests.api.serving import Running, attest_serve
from tests.api.test_app import attest
from tests.waiting import wait_until

QUIET_SECONDS = 2.5  # in which a change would have been indexed


class Indexing:
    """Stands for the ingest worker: remembers what was in the folder each time, and fails as often as it is told."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []
        self.at: list[float] = []
        self.problems: list[Exception] = []
        self.seconds = 0.0

    async def __call__(self, folder: Path, root: Path, *, keep_vanished: bool) -> JobReport:
        assert keep_vanished
        self.seen.append({path.name: path.read_text() for path in root.rglob("*") if path.is_file()})
        self.at.append(time.monotonic())
        await asyncio.sleep(self.seconds)
        if self.problems:
            raise self.problems.pop(0)
        return JobReport()

    async def reaches(self, times: int) -> None:
        async with asyncio.timeout(20):
            while len(self.seen) < times:
                await asyncio.sleep(0.02)

    async def stays(self, times: int) -> None:
        await self.reaches(times)
        await asyncio.sleep(QUIET_SECONDS)
        assert len(self.seen) == times


@pytest.fixture
def indexing(monkeypatch: pytest.MonkeyPatch) -> Indexing:
    indexing = Indexing()
    monkeypatch.setattr(api.watching, "index_root", indexing)
    return indexing


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[None]:
    data_dir = folder.parent / "data"
    async with Watches([Watched("default", folder)], data_dir, Turns(data_dir)):
        yield


def failing(root: Path) -> float | None:
    return REGISTRY.get_sample_value("attest_watch_failing", {"corpus": "default", "root": str(root)})


async def eventually(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


def test_at_the_start_and_after_each_change_the_index_is_brought_in_line(docs: Path, indexing: Indexing) -> None:
    async def scene() -> None:
        async with watching(docs):
            await indexing.stays(1)
            (docs / "new.txt").write_text("new")
            await indexing.stays(2)
            assert indexing.seen[-1]["new.txt"] == "new"
            (docs / "new.txt").unlink()
            await indexing.reaches(3)
            (docs / "otters.txt").rename(docs / "seals.txt")
            await indexing.reaches(4)
            assert "seals.txt" in indexing.seen[-1]

    play(scene)


def test_what_a_sync_would_not_see_begins_none(docs: Path, indexing: Indexing) -> None:
    (docs / ".git").mkdir()

    async def scene() -> None:
        async with watching(docs):
            await indexing.reaches(1)
            for name in (
                ".hidden.txt",
                ".git/index",
                "a.txt~",
                "~$report.docx",
                "#a.txt#",
                "4913",
                "x.txt.swp",
                "x.part",
            ):
                (docs / name).write_text("temporary")
            await indexing.stays(1)

    play(scene)


def test_the_index_itself_may_lie_in_the_folder(tmp_path: Path, indexing: Indexing) -> None:
    async def scene() -> None:
        data_dir = tmp_path / "index"
        async with Watches([Watched("default", tmp_path)], data_dir, Turns(data_dir)):
            await indexing.reaches(1)
            (data_dir / "library.txt").write_text("a generation")
            await indexing.stays(1)

    play(scene)


def test_thousands_of_changes_at_once_are_a_few_syncs(docs: Path, indexing: Indexing) -> None:
    async def scene() -> None:
        async with watching(docs):
            await indexing.reaches(1)
            for number in range(3000):
                folder = docs / f"folder{number % 50}"
                folder.mkdir(exist_ok=True)
                (folder / f"{number}.txt").write_text(str(number))
            await eventually(lambda: len(indexing.seen[-1]) == 3003)
            assert len(indexing.seen) <= 3

    play(scene)


def test_a_file_is_waited_for_until_it_is_written(docs: Path, indexing: Indexing) -> None:
    async def scene() -> None:
        async with watching(docs):
            await indexing.reaches(1)
            with (docs / "long.txt").open("w") as written:
                for number in range(10):
                    written.write(f"{number}\n")
                    written.flush()
                    await asyncio.sleep(0.3)
            await indexing.stays(2)
            assert indexing.seen[-1]["long.txt"].endswith("9\n")

    play(scene)


def test_a_file_that_is_written_for_ever_is_indexed_as_it_is(
    docs: Path, indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.watching, "_LONGEST_UNREST_SECONDS", 1.5)

    async def scene() -> None:
        async with watching(docs):
            await indexing.reaches(1)
            with (docs / "log.txt").open("w") as written:
                while len(indexing.seen) < 2:
                    written.write("line\n")
                    written.flush()
                    await asyncio.sleep(0.1)
            assert indexing.seen[-1]["log.txt"]

    play(scene)


def test_what_changes_during_a_sync_is_indexed_by_the_next(docs: Path, indexing: Indexing) -> None:
    indexing.seconds = 1.5

    async def scene() -> None:
        async with watching(docs):
            await indexing.reaches(1)
            (docs / "late.txt").write_text("late")
            await indexing.reaches(2)
            assert indexing.seen[0].get("late.txt") is None
            assert indexing.seen[1]["late.txt"] == "late"

    play(scene)


def test_a_failure_is_said_once_shown_and_tried_again_ever_later(
    docs: Path, indexing: Indexing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(api.watching, "_RETRY_SECONDS", 0.6)
    indexing.problems = [IndexingError("the disk is full") for _ in range(3)]

    async def scene() -> None:
        async with watching(docs):
            await indexing.reaches(2)
            assert failing(docs) == 1
            await indexing.reaches(4)
            await eventually(lambda: failing(docs) == 0)
            await indexing.stays(4)

    play(scene)
    assert [record.levelname for record in caplog.records if "the disk is full" in record.message] == ["ERROR"]
    waits = [later - earlier for earlier, later in zip(indexing.at, indexing.at[1:], strict=False)]
    assert waits[0] < waits[1] < waits[2]


def test_a_folder_that_goes_away_is_left_alone_until_it_is_back(
    docs: Path, indexing: Indexing, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        async with watching(docs):
            await indexing.reaches(1)
            docs.rename(docs.with_name("away"))
            await eventually(lambda: failing(docs) == 1)
            await indexing.stays(1)
            shutil.copytree(docs.with_name("away"), docs)
            await indexing.stays(2)
            assert failing(docs) == 0
            (docs / "new.txt").write_text("new")
            await indexing.reaches(3)

    play(scene)
    assert len([record for record in caplog.records if "its documents are kept" in record.message]) == 1


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path, indexing: Indexing) -> None:
    async def scene() -> None:
        async with watching(tmp_path / "disk"):
            await asyncio.sleep(1)
            (tmp_path / "disk").mkdir()
            await indexing.reaches(1)

    play(scene)


def test_where_nothing_tells_of_changes_files_are_looked_at(
    docs: Path, indexing: Indexing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def without_inotify(*paths: Path, force_polling: bool | None, **options: Any) -> Any:
        if not force_polling:
            raise OSError("OS file watch limit reached")
        return watchfiles.awatch(*paths, force_polling=force_polling, **{**options, "poll_delay_ms": 100})

    monkeypatch.setattr(api.watching, "awatch", without_inotify)

    async def scene() -> None:
        async with watching(docs):
            await indexing.reaches(1)
            (docs / "new.txt").write_text("new")
            await indexing.reaches(2)

    play(scene)
    assert "OS file watch limit reached" in caplog.text


def test_one_watches_and_another_takes_over(docs: Path, indexing: Indexing) -> None:
    async def scene() -> None:
        async with watching(docs):
            await indexing.reaches(1)
            second = asyncio.create_task(watch_for(QUIET_SECONDS * 2))
            await indexing.stays(1)
        await indexing.reaches(2)
        await second

    async def watch_for(seconds: float) -> None:
        async with watching(docs):
            await asyncio.sleep(seconds)

    play(scene)


def test_a_look_at_all_of_it_is_taken_now_and_then(
    docs: Path, indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.watching, "_LOOK_AGAIN_SECONDS", 1.0)

    async def scene() -> None:
        async with watching(docs):
            await indexing.reaches(3)

    play(scene)


def test_a_folder_that_is_missing_or_empty_keeps_its_documents(
    tmp_path: Path, docs: Path, synchroniser: Synchroniser
) -> None:
    synchroniser.sync([docs])
    data_dir = tmp_path / "data"

    def kept() -> str:
        with pytest.raises(IndexingError, match="its documents are kept") as refused:
            asyncio.run(index_root(data_dir, docs, keep_vanished=True))
        assert synchroniser.sync([], dry_run=True).documents == 3
        return str(refused.value)

    docs.rename(tmp_path / "away")
    assert "is not there" in kept()
    docs.mkdir()
    assert "is empty" in kept()
    report = asyncio.run(index_root(data_dir, docs))  # as `attest ingest` does, and uploads
    assert len(report.removed) == 3
    assert asyncio.run(index_root(data_dir, docs, keep_vanished=True)) == JobReport()


def test_a_name_before_the_path_is_a_corpus(tmp_path: Path) -> None:
    assert parse_watched(str(tmp_path), data_dir=tmp_path) == Watched("default", tmp_path)
    assert parse_watched(f"legal={tmp_path}", data_dir=tmp_path) == Watched("legal", tmp_path)
    with pytest.raises(ConfigurationError, match="cannot name a corpus"):
        parse_watched(f"../legal={tmp_path}", data_dir=tmp_path)


def test_a_folder_that_never_was_is_a_mistake_and_one_that_was_is_not(
    tmp_path: Path, docs: Path, synchroniser: Synchroniser
) -> None:
    synchroniser.sync([docs])
    docs.rename(tmp_path / "away")
    assert parse_watched(str(docs), data_dir=tmp_path / "data").root == docs
    with pytest.raises(ConfigurationError, match="is no folder"):
        parse_watched(str(tmp_path / "dosc"), data_dir=tmp_path / "data")
    refused = attest(tmp_path / "data", "serve", "--watch", str(tmp_path / "dosc"))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def asked(served: Running, question: str, corpus: str = "default") -> str:
    response = httpx.post(f"{served.url}/v1/ask", json={"question": question, "corpus": corpus}, timeout=60)
    return str(response.json().get("text", ""))


def test_a_server_follows_its_folders_and_is_ready_once_one_is_indexed(tmp_path: Path, docs: Path) -> None:
    laws = tmp_path / "laws"
    laws.mkdir()
    (laws / "fines.txt").write_text("The fine for littering in Oslo is 500 crowns.")
    with attest_serve(tmp_path / "data", tmp_path / "log", "--watch", str(docs), "--watch", f"legal={laws}") as served:
        early = httpx.get(f"{served.url}/readyz")
        assert (early.status_code, "is being read" in early.json()["error"]["message"]) == (503, True)
        wait_until(lambda: httpx.get(f"{served.url}/readyz").status_code == 200)
        wait_until(lambda: "500 crowns" in asked(served, "What is the fine for littering in Oslo?", "legal"))
        wait_until(lambda: "503 metres" in asked(served, "How long is the bridge?"))
        (docs / "bridge.md").write_text("# The bridge\n\nThe bridge is 777 metres long.")
        wait_until(lambda: "777 metres" in asked(served, "How long is the bridge?"))
        (docs / "bridge.md").unlink()
        wait_until(lambda: asked(served, "How long is the bridge?") == "")
        assert 'attest_watch_failing{corpus="legal"' in httpx.get(f"{served.url}/metrics").text


def test_when_the_worker_that_watches_is_killed_another_one_does(tmp_path: Path, docs: Path) -> None:
    with attest_serve(tmp_path / "data", tmp_path / "log", "--workers", "2", "--watch", str(docs)) as served:
        wait_until(lambda: served.log.read_text().count("Application startup complete") == 2)
        wait_until(lambda: httpx.get(f"{served.url}/readyz").status_code == 200)
        [lock] = (tmp_path / "data" / "locks").glob("watch-*")
        [holder] = [
            line.split()[4]
            for line in Path("/proc/locks").read_text().splitlines()
            if f":{lock.stat().st_ino} " in line
        ]
        os.kill(int(holder), signal.SIGKILL)
        (docs / "comet.txt").write_text("The comet Ostara had a green tail.")
        wait_until(lambda: "green tail" in asked(served, "What tail had the comet Ostara?"))
