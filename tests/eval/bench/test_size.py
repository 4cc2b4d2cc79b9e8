from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.bench import collection, size
from eval.bench.collection import Collection
from eval.bench.long_ingest import IngestStoppedError
from eval.public_sets import SourceText
from rag.settings import Settings


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    def few(count: int) -> Iterator[SourceText]:
        for number in range(count):
            yield SourceText(f"{number:02}.md", f"# Otter {number}\n\nOtter number {number} ate {number + 3} clams.\n")

    monkeypatch.setattr(collection, "dossiers", few)
    monkeypatch.setattr(size, "_questions", lambda: [f"What did otter {number} eat?" for number in range(20)])


def test_a_collection_is_measured_and_then_measured_again_without_an_ingest(tmp_path: Path, settings: Settings) -> None:
    result = size.run(tmp_path, chunks=200, settings=settings)
    assert (result.documents, result.chunks, result.ingest.attempts) == (10, 10, 1)
    assert result.one_changed.report is not None
    assert result.one_changed.report["unchanged"] == 9
    assert result.many_changed.report is not None
    assert result.many_changed.report["documents"] == 9
    assert result.embedding.texts == 3 * 10  # each chunk, its heading and its sentence
    assert result.embedding.roofline_share == result.embedding.gflops / result.embedding.machine_gflops
    assert result.searches.recall == result.searches_after.recall == 1.0
    assert (result.searches.chunks, result.searches_after.chunks) == (10, 9)
    assert 50 < result.serving.memory.own < result.serving.memory.resident
    assert sum(result.bytes_per_chunk.values()) > 384 * 4
    again = size.run(tmp_path, chunks=200, settings=settings)
    assert (again.ingest, again.many_changed) == (result.ingest, result.many_changed)


def test_an_ingest_that_is_stopped_goes_on_and_its_time_is_added_up(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(IngestStoppedError, match="Run the same command"):
        Collection(tmp_path, 5, settings, within_seconds=0.3).ingest()
    assert not (tmp_path / "index" / "CURRENT").exists()
    spent = Collection(tmp_path, 5, settings, within_seconds=None).ingest()
    assert spent.attempts == 2
    assert spent.report is not None
    assert spent.report["documents"] == 5
    assert spent.seconds > spent.report["seconds"] + 0.3


def test_the_files_are_as_they_were_after_a_change(tmp_path: Path, settings: Settings) -> None:
    made = Collection(tmp_path, 10, settings, within_seconds=None)
    made.ingest()
    before = {path: path.read_bytes() for path in (tmp_path / "corpus").iterdir()}
    made.change_one()
    made.change_many()
    assert {path: path.read_bytes() for path in (tmp_path / "corpus").iterdir()} == before
