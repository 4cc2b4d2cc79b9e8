from pathlib import Path

import pytest

from eval.bench.ingest import ingest, run
from eval.public_sets import SourceText
from rag.errors import AttestError
from rag.settings import Settings


def test_three_ingests_are_timed_as_commands(settings: Settings) -> None:
    documents = [SourceText(f"{number}.txt", f"Otter number {number} eats clams.") for number in range(3)]
    result = run(documents, settings=settings)
    assert (result.documents, result.chunks) == (3, 3)
    assert result.unchanged_share == result.unchanged_seconds / result.first_seconds
    assert result.chunks_per_second == 3 / result.first_seconds
    assert 10 < result.peak_megabytes < 10_000
    assert result.bytes_per_chunk > 384 * 2


def test_a_failing_ingest_says_what_it_said(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(AttestError, match=r"ended with 2: .*nowhere is neither a file nor a folder"):
        ingest(tmp_path / "nowhere", tmp_path / "index", settings=settings)
