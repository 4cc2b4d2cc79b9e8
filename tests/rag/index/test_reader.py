import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rag.corpus.sync import Synchroniser
from rag.errors import IndexMismatchError, StoreError
from rag.index.embedding import LocalEmbedder
from rag.index.generations import Generations
from rag.index.reader import IndexReader
from rag.index.vectors import VectorIndex


@pytest.fixture
def reader(tmp_path: Path, embedder: LocalEmbedder) -> IndexReader:
    return IndexReader(tmp_path / "data", embedding_model=embedder.name)


def test_without_an_index_there_is_none_to_use(reader: IndexReader) -> None:
    with reader.use() as index:
        assert index is None


def test_a_new_generation_is_seen_by_the_next_question_and_not_by_the_one_being_answered(
    reader: IndexReader, synchroniser: Synchroniser, docs: Path
) -> None:
    synchroniser.sync([docs])
    with reader.use() as before:
        assert before is not None
        (docs / "new.txt").write_text("A new document about zinc.")
        synchroniser.sync([docs])
        assert before.library.counts()["documents"] == 3
        with reader.use() as after:
            assert after is not None
            assert after.library.counts()["documents"] == 4
        assert before.library.counts()["documents"] == 3
    reader.close()


def test_questions_go_on_with_the_old_generation_while_the_new_one_is_opened(
    reader: IndexReader, synchroniser: Synchroniser, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def documents() -> int:
        with reader.use() as index:
            assert index is not None
            return index.library.counts()["documents"]

    synchroniser.sync([docs])
    assert documents() == 3
    (docs / "new.txt").write_text("A new document about zinc.")
    synchroniser.sync([docs])
    opening, may_open, opened = threading.Event(), threading.Event(), VectorIndex.open

    def open_slowly(folder: Path) -> VectorIndex:
        opening.set()
        assert may_open.wait(10)
        return opened(folder)

    monkeypatch.setattr(VectorIndex, "open", open_slowly)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(documents)
        assert opening.wait(10)
        meanwhile = [threads.submit(documents) for _ in range(3)]
        try:
            assert [question.result(timeout=5) for question in meanwhile] == [3, 3, 3]
        finally:
            may_open.set()
        assert first.result(timeout=10) == 4
    assert documents() == 4
    reader.close()


def test_a_generation_is_opened_once_for_all_who_wait_for_the_first(
    reader: IndexReader, synchroniser: Synchroniser, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synchroniser.sync([docs])
    folders: list[Path] = []
    opened = VectorIndex.open

    def open_noting(folder: Path) -> VectorIndex:
        folders.append(folder)
        return opened(folder)

    def read(_: int) -> int:
        with reader.use() as index:
            assert index is not None
            return index.number

    monkeypatch.setattr(VectorIndex, "open", open_noting)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(read, range(40))) == {1}
    assert len(folders) == 1
    reader.close()


def test_replaced_generations_but_the_last_are_deleted_once_nobody_reads_them(
    reader: IndexReader, synchroniser: Synchroniser, docs: Path, tmp_path: Path
) -> None:
    for turn in range(4):
        (docs / "otters.txt").write_text(f"Otters, turn {turn}.")
        synchroniser.sync([docs])
        with reader.use() as index:
            assert index is not None
    reader.close()
    (docs / "otters.txt").unlink()
    synchroniser.sync([docs])
    assert {path.name for path in (tmp_path / "data" / "generations").iterdir()} == {"4", "5"}


def test_another_embedding_model_is_refused_with_the_command_that_mends_it(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path
) -> None:
    synchroniser.sync([docs])
    reader = IndexReader(tmp_path / "data", embedding_model="another")
    with pytest.raises(IndexMismatchError, match=r"attest ingest --rebuild"), reader.use():
        pass


def test_another_schema_is_refused_with_the_command_that_mends_it(
    reader: IndexReader, synchroniser: Synchroniser, docs: Path, tmp_path: Path
) -> None:
    synchroniser.sync([docs])
    with Generations(tmp_path / "data").draft() as draft:
        assert draft.previous is not None
        draft.publish(replace(draft.previous.manifest(), schema=1))  # it kept no dates
    with pytest.raises(IndexMismatchError, match=r"schema 1.*schema 3.*attest ingest --rebuild"), reader.use():
        pass
    with pytest.raises(IndexMismatchError, match=r"attest ingest --rebuild"):
        synchroniser.sync([docs])


def truncate_library(generation: Path) -> None:
    (generation / "library.sqlite").write_bytes((generation / "library.sqlite").read_bytes()[:5000])


def remove_library(generation: Path) -> None:
    (generation / "library.sqlite").unlink()


def cut_manifest(generation: Path) -> None:
    (generation / "manifest.json").write_text("{")


def empty_manifest(generation: Path) -> None:
    (generation / "manifest.json").write_text("{}")


def junk_vectors(generation: Path) -> None:
    (generation / "chroma" / "chroma.sqlite3").write_bytes(b"junk" * 1000)


def remove_vectors(generation: Path) -> None:
    shutil.rmtree(generation / "chroma")


@pytest.mark.parametrize(
    "damage", [truncate_library, remove_library, cut_manifest, empty_manifest, junk_vectors, remove_vectors]
)
def test_damage_is_told_with_the_command_that_mends_it(
    reader: IndexReader,
    synchroniser: Synchroniser,
    docs: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
) -> None:
    generation = synchroniser.sync([docs]).generation
    damage(tmp_path / "data" / "generations" / str(generation))

    def read() -> None:
        with reader.use() as index:
            assert index is not None
            index.library.counts()

    with pytest.raises(StoreError, match=r"damaged.*attest ingest --rebuild"):
        read()
    synchroniser.sync([docs], rebuild=True)
    read()


def test_many_threads_share_one_open_generation(reader: IndexReader, synchroniser: Synchroniser, docs: Path) -> None:
    synchroniser.sync([docs])
    seen: list[int] = []

    def read() -> None:
        for _ in range(20):
            with reader.use() as index:
                assert index is not None
                seen.append(index.library.counts()["documents"])

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [3] * 160
    reader.close()
