"""What was replaced stays readable, what was renamed is not read again, and what was embedded is not embedded again."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rag.corpus import drafting
from rag.corpus.loading import SourceFile
from rag.corpus.parsing import Parser
from rag.corpus.sync import Synchroniser
from rag.index.embedding import LocalEmbedder
from rag.index.library import Library
from rag.index.reader import Index, IndexReader
from rag.index.transfer import rebuild
from rag.protocols import Matrix


class CountingEmbedder(LocalEmbedder):
    texts = 0

    def embed_documents(self, texts, *, progress=None) -> Matrix:  # type: ignore[no-untyped-def]
        self.texts += len(texts)
        return super().embed_documents(texts, progress=progress)


@contextmanager
def opened(tmp_path: Path) -> Iterator[Index]:
    reader = IndexReader(tmp_path / "data", embedding_model=LocalEmbedder.name)
    with reader.use() as index:
        assert index is not None
        yield index
    reader.close()


def version_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def id_of(docs: Path, source: str) -> str:
    root = docs.resolve()
    return SourceFile(root / source, root).document_id


@pytest.mark.parametrize("change", ["changed", "renamed", "removed"])
def test_the_earlier_text_is_read_and_quoted_by_its_version(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path, change: str
) -> None:
    synchroniser.sync([docs])
    before = (docs / "otters.txt").read_text()
    match change:
        case "changed":
            (docs / "otters.txt").write_text("Otters eat clams.")
        case "renamed":
            (docs / "otters.txt").rename(docs / "seals.txt")
        case "removed":
            (docs / "otters.txt").unlink()
    synchroniser.sync([docs])
    document_id, version = id_of(docs, "otters.txt"), version_of(before)
    with opened(tmp_path) as index:
        earlier = index.library.document(document_id, version)
        assert earlier is not None
        assert (earlier.text, earlier.info.source, earlier.info.version) == (before, "otters.txt", version)
        assert index.library.quote(document_id, version, 0, 10) == before[:10]
        now = index.library.document(document_id)
        assert (now is None) if change != "changed" else (now is not None and now.text == "Otters eat clams.")


def test_a_document_that_is_as_it_was_before_is_live_and_no_earlier_version(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path
) -> None:
    first = (docs / "otters.txt").read_text()
    for text in (first, "Otters eat clams.", first):
        (docs / "otters.txt").write_text(text)
        synchroniser.sync([docs])
    with opened(tmp_path) as index:
        assert index.library.count_versions() == 1
        live = index.library.document(id_of(docs, "otters.txt"), version_of(first))
        assert live is not None
        assert live == index.library.document(id_of(docs, "otters.txt"))


class Clock:
    """Stands in for `datetime` in `rag.corpus.drafting`."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self, zone: object) -> datetime:
        assert zone is UTC
        return self.time


def kept(tmp_path: Path) -> int:
    with opened(tmp_path) as index:
        return index.library.count_versions()


def synchroniser_that_keeps(tmp_path: Path, days: int, embedder: LocalEmbedder) -> Synchroniser:
    return Synchroniser(
        tmp_path / "data", embedder=embedder, chunk_tokens=180, chunk_overlap_tokens=0, keep_versions_days=days
    )


def test_earlier_versions_go_when_their_days_are_over_even_if_nothing_else_changes(
    docs: Path, tmp_path: Path, embedder: LocalEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(datetime(2026, 5, 1, tzinfo=UTC))
    monkeypatch.setattr(drafting, "datetime", clock)
    synchroniser = synchroniser_that_keeps(tmp_path, 30, embedder)
    synchroniser.sync([docs])
    (docs / "otters.txt").unlink()
    synchroniser.sync([docs])
    clock.time += timedelta(days=29)
    synchroniser.sync([docs])
    assert kept(tmp_path) == 1
    clock.time += timedelta(days=2)
    synchroniser.sync([docs])
    assert kept(tmp_path) == 0


def test_a_clock_that_is_set_back_and_right_again_loses_no_version(
    docs: Path, tmp_path: Path, embedder: LocalEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(datetime(2026, 5, 1, tzinfo=UTC))
    monkeypatch.setattr(drafting, "datetime", clock)
    synchroniser = synchroniser_that_keeps(tmp_path, 30, embedder)
    synchroniser.sync([docs])
    clock.time = datetime(1970, 1, 2, tzinfo=UTC)
    (docs / "otters.txt").unlink()
    synchroniser.sync([docs])
    synchroniser.sync([docs])
    assert kept(tmp_path) == 1
    clock.time = datetime(2026, 5, 2, tzinfo=UTC)
    synchroniser.sync([docs])
    assert kept(tmp_path) == 1


def test_with_no_days_to_keep_them_nothing_is_left(docs: Path, tmp_path: Path, embedder: LocalEmbedder) -> None:
    synchroniser = synchroniser_that_keeps(tmp_path, 0, embedder)
    synchroniser.sync([docs])
    (docs / "otters.txt").unlink()
    synchroniser.sync([docs])
    assert kept(tmp_path) == 0


def test_a_text_that_is_forgotten_is_not_left_in_the_file(docs: Path, tmp_path: Path, embedder: LocalEmbedder) -> None:
    synchroniser = synchroniser_that_keeps(tmp_path, 0, embedder)
    (docs / "secret.txt").write_text("The secret lies under the kelp. " * 300)
    synchroniser.sync([docs])
    (docs / "secret.txt").unlink()
    report = synchroniser.sync([docs])
    assert b"under the kelp" not in (tmp_path / f"data/generations/{report.generation}/library.sqlite").read_bytes()


def test_what_is_renamed_is_neither_read_nor_embedded_again_and_found_as_before(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = CountingEmbedder()
    synchroniser = Synchroniser(tmp_path / "data", embedder=embedder, chunk_tokens=180, chunk_overlap_tokens=0)
    other = tmp_path / "other"
    other.mkdir()
    (other / "zinc.txt").write_text("Zinc is a metal.")
    synchroniser.sync([docs, other])
    embedder.texts = 0
    monkeypatch.setattr(Parser, "parse", lambda *_: pytest.fail("it was read"))
    (docs / "deep").mkdir()
    (docs / "otters.txt").rename(docs / "deep" / "seals.txt")
    (docs / "bread.txt").rename(other / "bread.txt")
    report = synchroniser.sync([docs, other])
    assert sorted(report.renamed) == [("bread.txt", "bread.txt"), ("otters.txt", "deep/seals.txt")]
    assert (report.added, report.changed, report.removed, report.unchanged) == ([], [], [], 2)
    assert embedder.texts == 0
    with opened(tmp_path) as index:
        ((chunk_id, _),) = index.vectors.search(embedder.embed_query("What do otters eat?"), limit=1)
        assert index.library.chunks([chunk_id])[chunk_id].document.source == "deep/seals.txt"
        assert len(index.vectors) == index.library.counts()["chunks"] == 4


@pytest.mark.parametrize(
    ("moves", "renamed", "removed"),
    [
        ("bread otters>old bread>otters", [("bread.txt", "otters.txt"), ("otters.txt", "old.txt")], []),
        ("swap otters>old bread>otters old>bread", [("bread.txt", "otters.txt"), ("otters.txt", "bread.txt")], []),
        ("over otters bread>otters", [("bread.txt", "otters.txt")], ["otters.txt"]),
    ],
)
def test_files_that_take_each_others_places_are_not_read_again(
    docs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moves: str,
    renamed: list[tuple[str, str]],
    removed: list[str],
) -> None:
    embedder = CountingEmbedder()
    synchroniser = Synchroniser(tmp_path / "data", embedder=embedder, chunk_tokens=180, chunk_overlap_tokens=0)
    synchroniser.sync([docs])
    embedder.texts = 0
    monkeypatch.setattr(Parser, "parse", lambda *_: pytest.fail("it was read"))
    for move in moves.split():
        old, _, new = move.partition(">")
        if new:
            (docs / f"{old}.txt").rename(docs / f"{new}.txt")
    report = synchroniser.sync([docs])
    assert (sorted(report.renamed), report.removed, report.added, report.changed) == (renamed, removed, [], [])
    assert embedder.texts == 0
    with opened(tmp_path) as index:
        for path in docs.iterdir():
            document = index.library.document(id_of(docs, path.name))
            assert document is not None
            assert (document.text, document.info.source) == (path.read_text(), path.name)
            (chunk_id,) = index.library.chunks_of(document.info.document_id)
            assert index.library.chunks([chunk_id])[chunk_id].document.source == path.name
        assert len(index.vectors) == report.documents == len(list(docs.iterdir()))


def test_what_takes_the_place_of_a_renamed_file_is_new(synchroniser: Synchroniser, docs: Path) -> None:
    synchroniser.sync([docs])
    (docs / "otters.txt").rename(docs / "seals.txt")
    (docs / "otters.txt").write_text("Otters eat clams.")
    report = synchroniser.sync([docs])
    assert (report.renamed, report.added, report.changed) == ([("otters.txt", "seals.txt")], ["otters.txt"], [])
    assert report.documents == 4


def test_a_renamed_file_of_another_kind_or_description_is_read_again(synchroniser: Synchroniser, docs: Path) -> None:
    synchroniser.sync([docs])
    (docs / "otters.txt").rename(docs / "otters.md")
    (docs / "bread.txt").rename(docs / "rye.txt")
    (docs / "corpus.toml").write_text('[documents."rye.txt"]\ntitle = "Rye"\n')
    report = synchroniser.sync([docs])
    assert (report.renamed, report.added) == ([], ["otters.md", "rye.txt"])


def test_two_copies_that_move_are_two_renames(synchroniser: Synchroniser, docs: Path) -> None:
    (docs / "a.txt").write_text("The same.")
    (docs / "b.txt").write_text("The same.")
    synchroniser.sync([docs])
    (docs / "a.txt").rename(docs / "c.txt")
    (docs / "b.txt").rename(docs / "d.txt")
    assert synchroniser.sync([docs]).renamed == [("a.txt", "c.txt"), ("b.txt", "d.txt")]


def test_a_killed_ingest_goes_on_where_it_was(tmp_path: Path) -> None:
    docs, data = tmp_path / "docs", tmp_path / "data"
    docs.mkdir()
    for number in range(400):
        sentences = " ".join(f"Otter {number} of bay {bay} eats {bay * number} clams." for bay in range(12))
        (docs / f"{number:03}.txt").write_text(sentences)
    process = subprocess.Popen(
        [sys.executable, "-m", "rag", "ingest", str(docs)],
        env={**os.environ, "ATTEST_DATA_DIR": str(data)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    embedded = False
    deadline = time.monotonic() + 100
    while not embedded and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
        embedded = (data / "embedded.sqlite-wal").exists() and (data / "embedded.sqlite-wal").stat().st_size > 10**6
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it was killed"
    known = rows(data / "embedded.sqlite")
    embedder = CountingEmbedder()
    report = Synchroniser(data, embedder=embedder, chunk_tokens=180, chunk_overlap_tokens=0).sync([docs])
    assert report.documents == 400
    with Library.open(data / "generations" / str(report.generation) / "library.sqlite") as library:
        distinct = library.counts()["sentences"] + library.counts()["chunks"]
    assert embedder.texts == distinct - known < distinct
    assert list(data.glob("embedded*")) == []


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        count: int = database.execute("SELECT count(*) FROM embedded").fetchone()[0]
        return count


def test_a_cache_of_embedded_texts_that_a_power_cut_broke_is_made_anew(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "embedded.sqlite").write_bytes(b"no database at all" * 100)
    assert synchroniser.sync([docs]).documents == 3
    assert not (tmp_path / "data" / "embedded.sqlite").exists()


def test_a_rebuilt_index_has_the_same_vectors_and_finds_the_same_to_the_bit(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path, embedder: LocalEmbedder
) -> None:
    def look() -> tuple[dict[str, list[float]], list[tuple[int, float]]]:
        with opened(tmp_path) as index:
            held = index.vectors._collection.get(include=["embeddings"])
            assert held["embeddings"] is not None
            vectors = {name: list(vector) for name, vector in zip(held["ids"], held["embeddings"], strict=True)}
            return vectors, index.vectors.search(embedder.embed_query("What do otters eat?"), limit=5)

    synchroniser.sync([docs])
    (docs / "otters.txt").write_text("Otters eat clams. They sleep at sea.")
    (docs / "bread.txt").rename(docs / "rye.txt")
    synchroniser.sync([docs])
    before = look()
    assert rebuild(tmp_path / "data", embedding_model=embedder.name).generation == 3
    assert look() == before


def test_after_many_removals_the_vectors_are_built_anew(
    tmp_path: Path, embedder: LocalEmbedder, synchroniser: Synchroniser
) -> None:
    docs = tmp_path / "many"
    docs.mkdir()
    for number in range(20):
        (docs / f"{number:02}.txt").write_text(f"Otter {number} eats clams.")
    synchroniser.sync([docs])
    dead = []
    for number in range(6):
        (docs / f"{number:02}.txt").write_text(f"Seal {number} eats crabs.")
        synchroniser.sync([docs])
        with opened(tmp_path) as index:
            dead.append(index.manifest.dead_vectors)
            assert len(index.vectors) == 20
            ((nearest, _),) = index.vectors.search(embedder.embed_query(f"Seal {number} eats crabs."), limit=1)
            assert index.library.chunks([nearest])[nearest].document.source == f"{number:02}.txt"
    assert dead == [1, 2, 3, 4, 0, 1]
