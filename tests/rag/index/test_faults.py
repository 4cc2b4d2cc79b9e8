"""A full disk, a folder that may not be written to, files that are damaged: each says so, and what stood is served."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.bootstrap import describe_index
from rag.corpus.sync import Synchroniser
from rag.errors import ConfigurationError, IndexBusyError, StoreError
from rag.index.embedding import LocalEmbedder
from rag.index.generations import Generations
from rag.index.reader import IndexReader
from rag.index.transfer import rebuild
from rag.settings import Settings


def make(data_dir: Path, embedder: LocalEmbedder) -> Synchroniser:
    return Synchroniser(data_dir, embedder=embedder, chunk_tokens=180, chunk_overlap_tokens=0)


def documents(data_dir: Path) -> int:
    """How many documents a fresh reader finds."""
    reader = IndexReader(data_dir, embedding_model=LocalEmbedder.name)
    try:
        with reader.use() as index:
            assert index is not None
            assert len(index.vectors.search(LocalEmbedder().embed_query("otters"), limit=3)) == 3
            return index.library.counts()["documents"]
    finally:
        reader.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Gives a file system of that size; skips where none can be mounted."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / "disk"
        if options.startswith("remount"):
            subprocess.run(["mount", "-o", options, str(folder)], check=True)
            return folder
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], capture_output=True)
        if done.returncode:
            pytest.skip("no file system can be mounted here")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def attest(*arguments: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rag", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "ATTEST_DATA_DIR": str(data_dir), "COLUMNS": "100"},
        check=False,
    )


def prose(number: int) -> str:
    return " ".join(f"Otter {number} of bay {bay} eats {number * bay} clams." for bay in range(40))


@pytest.mark.parametrize("room_kb", [100, 400, 800, 1200, 1600, 2000, 2400])
def test_a_full_disk_is_one_line_and_the_last_generation_is_served(
    small_disk: Callable[[str], Path], docs: Path, embedder: LocalEmbedder, room_kb: int
) -> None:
    """Wherever the room ends: in the copies, the cache of embedded texts, the library, Chroma's files."""
    disk = small_disk("size=24m")
    data = disk / "data"
    make(data, embedder).sync([docs])
    for number in range(60):
        (docs / f"new{number}.txt").write_text(prose(number))
    free = shutil.disk_usage(disk).free - room_kb * 1024
    (disk / "filler").write_bytes(b"\0" * free)
    with pytest.raises(StoreError, match=r"no room left .*still served"):
        make(data, embedder).sync([docs])
    assert documents(data) == 3
    assert len(list((data / "generations").iterdir())) == 1
    (disk / "filler").unlink()
    make(data, embedder).sync([docs])
    assert documents(data) == 63


def test_a_full_disk_exits_with_1_and_no_traceback(small_disk: Callable[[str], Path], docs: Path) -> None:
    disk = small_disk("size=1m")
    (disk / "filler").write_bytes(b"\0" * 900_000)
    run = attest("ingest", str(docs), data_dir=disk / "data")
    assert run.returncode == 1
    assert "no room left" in run.stderr
    assert run.stderr.count("\n") == 1


def test_a_read_only_folder_is_read_and_not_written_to(
    small_disk: Callable[[str], Path], docs: Path, embedder: LocalEmbedder
) -> None:
    disk = small_disk("size=24m")
    data = disk / "data"
    make(data, embedder).sync([docs])
    small_disk("remount,ro")
    try:
        assert documents(data) == 3
        assert "otters.txt" in attest("search", "otters", data_dir=data).stdout
        (docs / "otters.txt").write_text("Otters eat clams.")
        run = attest("ingest", str(docs), data_dir=data)
        assert run.returncode == 2
        assert "cannot be written to" in run.stderr
        assert run.stderr.count("\n") == 1
        for write in (lambda: make(data, embedder).sync([docs]), lambda: rebuild(data, embedding_model=embedder.name)):
            with pytest.raises(ConfigurationError, match="cannot be written to"):
                write()
    finally:
        small_disk("remount,rw")


def test_a_large_index_on_a_read_only_folder_is_searched(
    small_disk: Callable[[str], Path], tmp_path: Path, embedder: LocalEmbedder
) -> None:
    """From 1,000 vectors on, Chroma keeps its graph in files of its own."""
    disk, many = small_disk("size=60m"), tmp_path / "many"
    many.mkdir()
    for number in range(1100):
        (many / f"{number}.txt").write_text(f"Otter {number} eats clams.")
    make(disk / "data", embedder).sync([many])
    small_disk("remount,ro")
    try:
        assert documents(disk / "data") == 1100
    finally:
        small_disk("remount,rw")


def generation(data_dir: Path) -> Path:
    number = Generations(data_dir).current()
    assert number is not None
    return data_dir / "generations" / str(number)


def flip_library(folder: Path) -> None:
    path = folder / "library.sqlite"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def cut_library(folder: Path) -> None:
    os.truncate(folder / "library.sqlite", 5000)


def cut_vectors(folder: Path) -> None:
    os.truncate(folder / "chroma" / "chroma.sqlite3", 5000)


def junk_vectors(folder: Path) -> None:
    path = folder / "chroma" / "chroma.sqlite3"
    path.write_bytes(b"junk" * (path.stat().st_size // 4 + 1))


def lose_vectors(folder: Path) -> None:
    shutil.rmtree(folder / "chroma")


def junk_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"schema": 3')


def lose_everything(folder: Path) -> None:
    shutil.rmtree(folder)


DAMAGES = [flip_library, cut_library, cut_vectors, junk_vectors, lose_vectors, junk_manifest, lose_everything]


@pytest.fixture
def two_generations(tmp_path: Path, docs: Path, embedder: LocalEmbedder) -> Path:
    """A data directory whose first generation holds three documents and whose second, current one holds four."""
    data = tmp_path / "data"
    make(data, embedder).sync([docs])
    (docs / "zinc.txt").write_text("Zinc is a metal.")
    make(data, embedder).sync([docs])
    return data


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_generation_is_passed_over_at_start_and_mended_by_the_next_ingest(
    two_generations: Path, docs: Path, embedder: LocalEmbedder, damage: Callable[[Path], None]
) -> None:
    damage(generation(two_generations))
    assert documents(two_generations) == 3
    told = describe_index(two_generations, settings=Settings.model_validate({}))
    assert told["generation"] == 1
    assert "generation 1 is read in its place" in str(told["warning"])
    report = make(two_generations, embedder).sync([docs])
    assert (report.documents, report.generation) == (4, 3)
    assert documents(two_generations) == 4
    assert describe_index(two_generations, settings=Settings.model_validate({}))["warning"] is None


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_server_that_runs_goes_on_with_what_it_holds(
    tmp_path: Path, docs: Path, embedder: LocalEmbedder, damage: Callable[[Path], None]
) -> None:
    data = tmp_path / "data"
    make(data, embedder).sync([docs])
    reader = IndexReader(data, embedding_model=embedder.name)
    with reader.use() as index:
        assert index is not None
    (docs / "zinc.txt").write_text("Zinc is a metal.")
    make(data, embedder).sync([docs])
    damage(generation(data))
    for _ in range(3):
        with reader.use() as index:
            assert index is not None
            assert (index.number, index.library.counts()["documents"]) == (1, 3)
    assert "damaged" in str(reader.warning) or "missing" in str(reader.warning)
    make(data, embedder).sync([docs], rebuild=True)
    with reader.use() as index:
        assert index is not None
        assert (index.number, index.library.counts()["documents"]) == (3, 4)
    assert reader.warning is None
    reader.close()


def test_damage_that_shows_only_while_it_is_read_leads_back_to_the_generation_before(two_generations: Path) -> None:
    reader = IndexReader(two_generations, embedding_model=LocalEmbedder.name)
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT

    def read() -> None:
        with reader.use() as index:
            assert index is not None
            assert index.number == 2
            raise error

    with pytest.raises(StoreError, match="damaged"):
        read()
    with reader.use() as index:
        assert index is not None
        assert index.number == 1
    reader.close()


def test_when_all_are_damaged_the_remedy_is_told(two_generations: Path, docs: Path, embedder: LocalEmbedder) -> None:
    for folder in (two_generations / "generations").iterdir():
        cut_library(folder)
    for use in (lambda: documents(two_generations), lambda: make(two_generations, embedder).sync([docs])):
        with pytest.raises(StoreError, match=r"damaged.*attest ingest --rebuild"):
            use()
    make(two_generations, embedder).sync([docs], rebuild=True)
    assert documents(two_generations) == 4


def test_what_another_root_brought_to_a_damaged_generation_is_brought_again(
    tmp_path: Path, docs: Path, embedder: LocalEmbedder
) -> None:
    data, uploads = tmp_path / "data", tmp_path / "uploads"
    uploads.mkdir()
    make(data, embedder).sync([docs])
    (uploads / "comet.txt").write_text("The comet had a green tail.")
    make(data, embedder).sync([uploads])
    cut_library(generation(data))
    assert make(data, embedder).sync([docs]).documents == 4


def test_a_rebuild_mends_vectors_and_embeds_nothing(
    two_generations: Path, embedder: LocalEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_vectors(generation(two_generations))
    monkeypatch.setattr(LocalEmbedder, "embed_documents", lambda *_, **__: pytest.fail("it embedded"))
    report = rebuild(two_generations, embedding_model=embedder.name)
    assert (report.generation, report.documents) == (3, 4)
    assert documents(two_generations) == 4


@pytest.mark.parametrize(("current", "spare"), [(cut_library, junk_vectors), (junk_manifest, lose_vectors)])
def test_a_rebuild_takes_the_last_library_that_is_sound_whatever_its_vectors_are(
    two_generations: Path, embedder: LocalEmbedder, current: Callable[[Path], None], spare: Callable[[Path], None]
) -> None:
    current(generation(two_generations))
    spare(two_generations / "generations" / "1")
    report = rebuild(two_generations, embedding_model=embedder.name)
    assert (report.generation, report.documents, documents(two_generations)) == (3, 3, 3)


def test_a_rebuild_without_any_sound_library_says_what_to_do_and_leaves_what_is_served(
    two_generations: Path, docs: Path, embedder: LocalEmbedder
) -> None:
    reader = IndexReader(two_generations, embedding_model=embedder.name)
    with reader.use() as index:
        assert index is not None
    for folder in (two_generations / "generations").iterdir():
        cut_library(folder)
    run = attest("rebuild", data_dir=two_generations)
    assert run.returncode == 1
    assert "library.sqlite is damaged" in run.stderr
    assert run.stderr.count("rebuild --from BACKUP") == run.stderr.count("ingest --rebuild") == 1
    with reader.use() as index:
        assert index is not None
        assert index.number == 2
    reader.close()


def test_a_pointer_that_is_overwritten_costs_no_generation(
    two_generations: Path, docs: Path, embedder: LocalEmbedder
) -> None:
    """Neither do the messages send anybody to delete what lies beside it, as uploads and keys do."""
    (two_generations / "CURRENT").write_text("junk")
    reader = IndexReader(two_generations, embedding_model=embedder.name)
    for use in (
        lambda: make(two_generations, embedder).sync([docs]),
        lambda: rebuild(two_generations, embedding_model=embedder.name),
        lambda: reader.use().__enter__(),
    ):
        with pytest.raises(StoreError, match=r"hold a number\. Delete nothing; run: attest rebuild --from") as raised:
            use()
        assert str(raised.value).lower().count("run:") == 1
    with pytest.raises(ConfigurationError):
        make(two_generations, embedder).sync([docs / "nowhere"], rebuild=True)
    assert {"1", "2"} <= {folder.name for folder in (two_generations / "generations").iterdir()}
    assert make(two_generations, embedder).sync([docs], rebuild=True).documents == 4
    assert documents(two_generations) == 4
    assert len(list((two_generations / "generations").iterdir())) == 1


def test_a_missing_generation_is_told_with_one_remedy(tmp_path: Path, docs: Path, embedder: LocalEmbedder) -> None:
    make(tmp_path / "data", embedder).sync([docs])
    lose_everything(generation(tmp_path / "data"))
    for arguments in (
        ("ingest", str(docs)),
        ("ingest", "--rebuild"),
        ("rebuild",),
        ("export", str(tmp_path / "x.jsonl")),
    ):
        run = attest(*arguments, data_dir=tmp_path / "data")
        assert run.returncode == 1
        assert "1 is missing" in run.stderr
        assert run.stderr.lower().count("run:") == 1


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc")
@pytest.mark.parametrize("arguments", [("ingest",), ("rebuild", "--from")])
def test_a_folder_that_cannot_be_made_is_a_clear_refusal(
    docs: Path, two_generations: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    from rag.index.transfer import export

    export(two_generations, tmp_path / "all.sqlite", force=False)
    given = docs if arguments == ("ingest",) else tmp_path / "all.sqlite"
    run = attest(*arguments, str(given), data_dir=Path("/proc/nope"))
    assert run.returncode == 2
    assert "/proc/nope cannot be made" in run.stderr
    assert "ATTEST_DATA_DIR" in run.stderr


def test_an_export_of_another_schema_or_model_is_refused_with_what_to_do(
    two_generations: Path, tmp_path: Path, embedder: LocalEmbedder
) -> None:
    from rag.index.transfer import export

    path = tmp_path / "all.sqlite"
    export(two_generations, path, force=False)
    with pytest.raises(StoreError, match=r"'other'.*ATTEST_EMBEDDING_MODEL"):
        rebuild(tmp_path / "new", embedding_model="other", source=path)
    with closing(sqlite3.connect(path)) as database:
        manifest = json.loads(database.execute("SELECT json FROM manifest").fetchone()[0])
        database.execute("UPDATE manifest SET json = ?", (json.dumps(manifest | {"schema": 2}),))
        database.commit()
    with pytest.raises(StoreError, match=r"schema 2.*Export it again"):
        rebuild(tmp_path / "new", embedding_model=embedder.name, source=path)
    assert not (tmp_path / "new").exists()


def test_a_damaged_export_is_refused(two_generations: Path, tmp_path: Path, embedder: LocalEmbedder) -> None:
    from rag.index.transfer import export

    path = tmp_path / "all.sqlite"
    export(two_generations, path, force=False)
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 12] = b"\xff" * 4096 * 9
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged"):
        rebuild(tmp_path / "new", embedding_model=embedder.name, source=path)


def test_two_writers_at_once_are_one_and_a_clear_refusal(tmp_path: Path, docs: Path, embedder: LocalEmbedder) -> None:
    with Generations(tmp_path / "data").draft():
        with pytest.raises(IndexBusyError, match=r"process \d+ is already writing"):
            make(tmp_path / "data", embedder).sync([docs])
        run = attest("ingest", str(docs), data_dir=tmp_path / "data")
    assert run.returncode == 1
    assert "already writing" in run.stderr


def test_a_disk_that_fails_below_chroma_is_told_too(
    tmp_path: Path, docs: Path, embedder: LocalEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chromadb.errors import InternalError

    from rag.index.vectors import VectorIndex

    def fail(*_: object) -> None:
        raise InternalError("error returned from database: (code: 13) database or disk is full")

    make(tmp_path / "data", embedder).sync([docs])
    (docs / "otters.txt").write_text("Otters eat clams.")
    monkeypatch.setattr(VectorIndex, "add", fail)
    with pytest.raises(StoreError, match="no room left"):
        make(tmp_path / "data", embedder).sync([docs])
    monkeypatch.undo()
    assert documents(tmp_path / "data") == 3
