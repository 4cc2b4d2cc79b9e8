import hashlib
from pathlib import Path

import pytest

from rag.corpus.sync import Synchroniser, SyncReport
from rag.errors import ConfigurationError, IndexMismatchError
from rag.index.embedding import LocalEmbedder
from rag.index.generations import Generations
from rag.index.library import Library
from rag.index.reader import IndexReader
from rag.protocols import Matrix


class CountingEmbedder(LocalEmbedder):
    """The real embedder, which also says how many texts it was given."""

    texts = 0

    def embed_documents(self, texts, *, progress=None) -> Matrix:  # type: ignore[no-untyped-def]
        self.texts += len(texts)
        return super().embed_documents(texts, progress=progress)


def changes(report: SyncReport) -> tuple[list[str], list[str], list[str], int]:
    return report.added, report.changed, report.removed, report.unchanged


def stored(tmp_path: Path) -> dict[str, str]:
    """Source to text, of everything in the current generation."""
    with Generations(tmp_path / "data").reading() as lease:
        assert lease is not None
        with Library.open(lease.folder / "library.sqlite") as library:
            documents = [
                library.document(entry.document_id) for root in library.roots() for entry in library.documents_of(root)
            ]
            return {document.info.source: document.text for document in documents if document}


def test_what_is_new_changed_and_gone_is_seen_and_the_rest_left_alone(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path
) -> None:
    first = synchroniser.sync([docs])
    assert changes(first) == (["bread.txt", "bridge.md", "otters.txt"], [], [], 0)
    (docs / "otters.txt").write_text("Otters eat clams.")
    (docs / "bread.txt").unlink()
    (docs / "new.txt").write_text("Zinc is a metal.")
    second = synchroniser.sync([docs])
    assert changes(second) == (["new.txt"], ["otters.txt"], ["bread.txt"], 1)
    assert second.documents == 3
    assert stored(tmp_path)["otters.txt"] == "Otters eat clams."
    assert set(stored(tmp_path)) == {"bridge.md", "new.txt", "otters.txt"}


def test_an_unchanged_folder_makes_no_generation_and_embeds_nothing(docs: Path, tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    synchroniser = Synchroniser(tmp_path / "data", embedder=embedder, chunk_tokens=180, chunk_overlap_tokens=0)
    first = synchroniser.sync([docs])
    embedded = embedder.texts
    assert embedded > 0
    again = synchroniser.sync([docs])
    assert again.generation == first.generation
    assert embedder.texts == embedded
    assert changes(again) == ([], [], [], 3)


def test_only_the_changed_document_is_embedded_again(docs: Path, tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    synchroniser = Synchroniser(tmp_path / "data", embedder=embedder, chunk_tokens=180, chunk_overlap_tokens=0)
    synchroniser.sync([docs])
    embedder.texts = 0
    (docs / "otters.txt").write_text("Otters eat clams. They also eat crabs.")
    synchroniser.sync([docs])
    assert embedder.texts == 3  # a chunk and its two sentences


def test_a_dry_run_tells_the_same_and_writes_nothing(synchroniser: Synchroniser, docs: Path, tmp_path: Path) -> None:
    report = synchroniser.sync([docs], dry_run=True)
    assert changes(report) == (["bread.txt", "bridge.md", "otters.txt"], [], [], 0)
    assert not (tmp_path / "data").exists()


def test_each_root_is_synchronised_alone(synchroniser: Synchroniser, docs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "otters.txt").write_text("Other otters.")
    synchroniser.sync([docs])
    report = synchroniser.sync([other])
    assert changes(report) == (["otters.txt"], [], [], 0)
    assert report.documents == 4
    (other / "otters.txt").unlink()
    (docs / "bread.txt").unlink()
    assert changes(synchroniser.sync([other])) == ([], [], ["otters.txt"], 0)
    assert set(stored(tmp_path)) == {"bread.txt", "bridge.md", "otters.txt"}


def test_a_single_file_is_a_root_of_its_own(synchroniser: Synchroniser, docs: Path, tmp_path: Path) -> None:
    report = synchroniser.sync([docs / "otters.txt"])
    assert (report.added, report.documents) == (["otters.txt"], 1)


def test_bad_files_are_reported_and_the_rest_goes_on(synchroniser: Synchroniser, docs: Path) -> None:
    (docs / "latin.txt").write_bytes("café".encode("latin-1"))
    (docs / "binary.txt").write_bytes(b"\x00\x01")
    (docs / "empty.txt").write_text(" \n")
    (docs / "picture.png").write_bytes(b"\x89PNG")
    report = synchroniser.sync([docs])
    assert report.documents == 3
    problems = dict(report.failed)
    assert set(problems) == {"latin.txt", "binary.txt", "empty.txt", "picture.png"}
    assert "UTF-8" in problems["latin.txt"]
    assert "binary" in problems["binary.txt"]
    assert "empty" in problems["empty.txt"]
    assert ".png" in problems["picture.png"]


def test_a_file_that_becomes_unreadable_keeps_what_was_indexed(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path
) -> None:
    synchroniser.sync([docs])
    before = stored(tmp_path)["otters.txt"]
    (docs / "otters.txt").write_bytes(b"\x00")
    report = synchroniser.sync([docs])
    ((source, problem),) = report.failed
    assert source == "otters.txt"
    assert "keeps its earlier text" in problem
    assert stored(tmp_path)["otters.txt"] == before


def test_a_sidecar_that_changes_changes_its_document(synchroniser: Synchroniser, docs: Path, tmp_path: Path) -> None:
    synchroniser.sync([docs])
    (docs / "corpus.toml").write_text('[documents."otters.txt"]\npublisher = "The Kelp"\npublished = "2024-05"\n')
    assert changes(synchroniser.sync([docs])) == ([], ["otters.txt"], [], 2)


def test_a_sidecar_entry_without_a_file_is_reported(synchroniser: Synchroniser, docs: Path) -> None:
    (docs / "corpus.toml").write_text('[documents."oters.txt"]\ntitle = "typo"\n')
    assert [source for source, _ in synchroniser.sync([docs]).failed] == ["oters.txt"]


def test_an_invalid_sidecar_or_a_missing_path_changes_nothing(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path
) -> None:
    first = synchroniser.sync([docs])
    (docs / "otters.txt").write_text("changed")
    (docs / "corpus.toml").write_text("[documents")
    with pytest.raises(ConfigurationError, match=r"corpus\.toml"):
        synchroniser.sync([docs])
    with pytest.raises(ConfigurationError, match="nowhere"):
        synchroniser.sync([tmp_path / "nowhere"])
    assert Generations(tmp_path / "data").current() == first.generation


def test_other_chunk_settings_index_everything_again(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path, embedder: LocalEmbedder
) -> None:
    synchroniser.sync([docs])
    other = Synchroniser(tmp_path / "data", embedder=embedder, chunk_tokens=64, chunk_overlap_tokens=0)
    assert len(other.sync([docs]).changed) == 3


def test_an_index_of_another_model_is_refused_and_rebuilt_on_request(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path, embedder: LocalEmbedder
) -> None:
    synchroniser.sync([docs])

    class Renamed(LocalEmbedder):
        name = "another"

    other = Synchroniser(tmp_path / "data", embedder=Renamed(), chunk_tokens=180, chunk_overlap_tokens=0)
    with pytest.raises(IndexMismatchError, match="--rebuild"):
        other.sync([docs])
    assert other.known_roots() == [docs.resolve()]
    assert len(other.sync(other.known_roots(), rebuild=True).added) == 3
    with IndexReader(tmp_path / "data", embedding_model="another").use() as index:
        assert index is not None
        assert len(index.vectors) == index.library.counts()["chunks"] == 3


def test_library_and_vectors_hold_the_same_chunks_after_many_changes(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path, embedder: LocalEmbedder
) -> None:
    for turn in range(5):
        (docs / "otters.txt").write_text(f"Otters, turn {turn}. " * (turn * 40 + 1))
        (docs / f"extra{turn}.txt").write_text(f"Extra number {turn}.")
        (docs / f"extra{turn - 1}.txt").unlink(missing_ok=True)
        synchroniser.sync([docs])
    with IndexReader(tmp_path / "data", embedding_model=embedder.name).use() as index:
        assert index is not None
        query = embedder.embed_query("otters")
        found = {chunk_id for chunk_id, _ in index.vectors.search(query, limit=1000)}
        assert found == set(index.library.candidates(sorted(found), dimensions=embedder.dimensions).chunk_ids)
        assert len(found) == index.library.counts()["chunks"]


def test_versions_are_the_hash_of_the_file(synchroniser: Synchroniser, docs: Path, tmp_path: Path) -> None:
    synchroniser.sync([docs / "otters.txt"])
    expected = hashlib.sha256((docs / "otters.txt").read_bytes()).hexdigest()
    with Generations(tmp_path / "data").reading() as lease:
        assert lease is not None
        with Library.open(lease.folder / "library.sqlite") as library:
            document = library.document(library.documents_of(library.roots()[0])[0].document_id)
    assert document is not None
    assert document.info.version == f"sha256:{expected}"


def test_a_root_that_is_gone_takes_its_documents_with_it(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "zinc.txt").write_text("Zinc is a metal.")
    synchroniser.sync([docs, other])
    (other / "zinc.txt").unlink()
    other.rmdir()
    report = synchroniser.sync([other])
    assert (report.removed, report.documents) == (["zinc.txt"], 3)


def test_the_index_does_not_index_itself(docs: Path, embedder: LocalEmbedder) -> None:
    inside = Synchroniser(docs / "index", embedder=embedder, chunk_tokens=180, chunk_overlap_tokens=0)
    inside.sync([docs])
    assert (inside.sync([docs]).failed, inside.sync([docs]).unchanged) == ([], 3)


def test_a_folder_inside_the_data_directory_can_be_a_root_of_its_own(
    synchroniser: Synchroniser, tmp_path: Path
) -> None:
    uploads = tmp_path / "data" / "uploads"
    uploads.mkdir(parents=True)
    (uploads / "comet.txt").write_text("The comet had a green tail.")
    assert synchroniser.sync([uploads]).added == ["comet.txt"]


def test_a_rebuild_needs_nothing_of_a_damaged_index(synchroniser: Synchroniser, docs: Path, tmp_path: Path) -> None:
    synchroniser.sync([docs])
    (tmp_path / "data" / "CURRENT").write_text("junk")
    assert synchroniser.sync([docs], rebuild=True).documents == 3
    assert len(stored(tmp_path)) == 3


@pytest.mark.parametrize("deeper", ["", "deeper"])
def test_a_data_directory_that_is_a_file_is_refused_by_name(
    docs: Path, tmp_path: Path, embedder: LocalEmbedder, deeper: str
) -> None:
    (tmp_path / "taken").write_text("")
    folder = tmp_path / "taken" / deeper
    with pytest.raises(ConfigurationError, match=r"taken.*ATTEST_DATA_DIR"):
        Synchroniser(folder, embedder=embedder, chunk_tokens=180, chunk_overlap_tokens=0).sync([docs])
    with pytest.raises(ConfigurationError, match=r"taken.*ATTEST_DATA_DIR"):
        Generations(folder).current()
