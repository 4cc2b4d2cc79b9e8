from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from rag.index.vectors import VectorIndex, copy_vectors
from rag.protocols import Matrix


def unit_rows(count: int, seed: int = 0) -> Matrix:
    rows = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[VectorIndex]:
    with closing(VectorIndex.create(tmp_path / "chroma")) as index:
        yield index


def test_the_nearest_come_first_with_their_cosines(index: VectorIndex) -> None:
    rows = unit_rows(200)
    index.add(range(1, 201), rows)
    found = index.search(rows[41], limit=5)
    cosines = rows @ rows[41]
    assert [chunk_id for chunk_id, _ in found] == [int(row) + 1 for row in np.argsort(-cosines)[:5]]
    assert [cosine for _, cosine in found] == pytest.approx(sorted(cosines, reverse=True)[:5], abs=1e-5)


def test_a_search_among_some_finds_only_those(index: VectorIndex) -> None:
    rows = unit_rows(50)
    index.add(range(1, 51), rows)
    assert {chunk_id for chunk_id, _ in index.search(rows[0], limit=10, among=frozenset([7, 9]))} == {7, 9}
    assert index.search(rows[0], limit=10, among=frozenset()) == []


@pytest.mark.parametrize("hidden", [0, 1, 5, 15, 40])
def test_a_search_that_hides_the_nearest_finds_the_next(index: VectorIndex, hidden: int) -> None:
    rows = unit_rows(200)
    index.add(range(200), rows)
    nearest = np.argsort(-(rows @ rows[0])).tolist()
    found = index.search(rows[0], limit=5, among=frozenset(nearest[hidden:]))
    assert [chunk_id for chunk_id, _ in found] == nearest[hidden : hidden + 5]


def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    assert index.search(unit_rows(1)[0], limit=5) == []
    assert len(index) == 0


def test_removed_vectors_are_not_found(index: VectorIndex) -> None:
    rows = unit_rows(10)
    index.add(range(1, 11), rows)
    index.remove([3])
    assert len(index) == 9
    assert 3 not in [chunk_id for chunk_id, _ in index.search(rows[2], limit=10)]


def test_more_vectors_than_one_batch_takes_are_all_added(index: VectorIndex) -> None:
    count = 6000  # Chroma takes 5,461 at once
    rows = unit_rows(count)
    index.add(range(1, count + 1), rows)
    assert len(index) == count
    assert index.search(rows[-1], limit=1)[0][0] == count


def test_a_copy_holds_the_same_and_lives_on_its_own(tmp_path: Path, index: VectorIndex) -> None:
    rows = unit_rows(20)
    index.add(range(1, 21), rows)
    copy_vectors(tmp_path / "chroma", tmp_path / "copy")
    with closing(VectorIndex.open(tmp_path / "copy")) as copy:
        copy.remove([1])
        assert (len(copy), len(index)) == (19, 20)
        assert index.search(rows[0], limit=1)[0][0] == 1
        assert copy.search(rows[1], limit=1)[0][0] == 2


def test_threads_open_and_close_one_folder_at_once(tmp_path: Path) -> None:
    rows = unit_rows(50)
    with closing(VectorIndex.create(tmp_path / "chroma")) as index:
        index.add(range(50), rows)

    def open_and_search(place: int) -> int:
        with closing(VectorIndex.open(tmp_path / "chroma")) as index:
            return index.search(rows[place % 50], limit=1)[0][0]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(open_and_search, range(200))) == [place % 50 for place in range(200)]
