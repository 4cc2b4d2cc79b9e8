import os
import shutil
import socket
from pathlib import Path

import pytest

from rag.corpus import folders
from rag.corpus.files import hash_file
from rag.corpus.folders import list_root
from rag.corpus.sync import Synchroniser
from rag.errors import ConfigurationError


def sources(root: Path, data_dir: Path = Path("/nowhere")) -> list[str]:
    return [found.file.source for found in list_root(root, data_dir=data_dir).files]


def test_hidden_files_and_the_sidecar_are_no_documents_and_the_order_is_that_of_sources(tmp_path: Path) -> None:
    for name in ("b.txt", ".hidden", "corpus.toml", "a/z.txt", ".git/x.txt", "a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert sources(tmp_path) == ["a.txt", "a/z.txt", "b.txt"]


def test_what_programs_leave_behind_is_no_document_but_what_is_named_alike_is(tmp_path: Path) -> None:
    for name in (
        "~$plan.docx",
        "plan.txt~",
        "plan.txt.swp",
        "plan.SWO",
        "#plan.txt#",
        "plan.pdf.part",
        "x.tmp",
        "4913",
    ):
        (tmp_path / name).write_text("x")
    for name in ("~plan.txt", "plan.swept.txt", "4913.txt", "#1.txt", "old~/a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert sources(tmp_path) == ["#1.txt", "4913.txt", "old~/a.txt", "plan.swept.txt", "~plan.txt"]
    assert sources(tmp_path / "plan.txt~") == ["plan.txt~"]


def test_pipes_and_sockets_are_reported_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.txt"))
        (tmp_path / "link.txt").symlink_to(tmp_path / "pipe.txt")
        listing = list_root(tmp_path, data_dir=Path("/nowhere"))
    assert listing.files == []
    assert sorted(source for source, _ in listing.failed) == ["link.txt", "pipe.txt", "socket.txt"]
    assert all("a pipe, a socket or a device" in reason for _, reason in listing.failed)


def test_links_out_of_the_folder_are_reported_and_not_read(synchroniser: Synchroniser, docs: Path) -> None:
    outside = docs.parent / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("The code is 1234.")
    (docs / "link.txt").symlink_to(outside / "secret.txt")
    (docs / "folder").symlink_to(outside)
    (docs / "nothing.txt").symlink_to(outside / "gone.txt")
    (docs / "loop").symlink_to(docs)
    (docs / "again.txt").symlink_to(docs / "otters.txt")
    report = synchroniser.sync([docs])
    problems = dict(report.failed)
    assert set(problems) == {"link.txt", "folder", "nothing.txt"}
    assert "link that leads out" in problems["link.txt"]
    assert "link out of the folder" in problems["folder"]
    assert "leads nowhere" in problems["nothing.txt"]
    assert report.added == ["again.txt", "bread.txt", "bridge.md", "otters.txt"]


def test_another_data_directory_in_the_folder_is_not_read(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path
) -> None:
    synchroniser.sync([docs])
    shutil.copytree(tmp_path / "data", docs / "copied")
    (docs / "copied" / "uploads").mkdir()
    (docs / "copied" / "uploads" / "note.txt").write_text("Not of this corpus.")
    report = synchroniser.sync([docs])
    assert (report.unchanged, report.added, report.failed) == (3, [], [])
    with pytest.raises(ConfigurationError, match="holds an index"):
        synchroniser.sync([tmp_path / "data"])


def test_a_root_in_a_root_is_refused(synchroniser: Synchroniser, docs: Path) -> None:
    inner = docs / "inner"
    inner.mkdir()
    (inner / "zinc.txt").write_text("Zinc is a metal.")
    with pytest.raises(ConfigurationError, match=r"inner lies in .*docs"):
        synchroniser.sync([docs, inner])
    synchroniser.sync([docs])
    for path in (inner, docs / "otters.txt"):
        with pytest.raises(ConfigurationError, match="indexed twice"):
            synchroniser.sync([path])


def test_a_root_around_roots_takes_their_documents_over(synchroniser: Synchroniser, docs: Path) -> None:
    inner = docs / "inner"
    inner.mkdir()
    (inner / "zinc.txt").write_text("Zinc is a metal.")
    synchroniser.sync([inner])
    report = synchroniser.sync([docs])
    assert report.renamed == [("zinc.txt", "inner/zinc.txt")]
    assert report.documents == 4
    assert synchroniser.known_roots() == [docs.resolve()]


def test_a_folder_that_cannot_be_listed_keeps_what_is_indexed_of_it(
    synchroniser: Synchroniser, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = docs / "inner"
    inner.mkdir()
    (inner / "zinc.txt").write_text("Zinc is a metal.")
    synchroniser.sync([docs])
    scandir = os.scandir

    def fail(path: Path | int) -> object:
        if path == inner.resolve():
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("rag.corpus.folders.os.scandir", fail)
    report = synchroniser.sync([docs])
    assert (report.removed, report.unchanged, report.documents) == ([], 4, 4)
    ((source, problem),) = report.failed
    assert source == "inner"
    assert "Permission denied" in problem


def test_an_unchanged_file_is_not_read_again_once_its_last_change_is_past(
    synchroniser: Synchroniser, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_RACY_NS", 0)
    synchroniser.sync([docs])
    hashed = []

    def count(file, *, max_mb):  # type: ignore[no-untyped-def]
        hashed.append(file.source)
        return hash_file(file, max_mb=max_mb)

    monkeypatch.setattr("rag.corpus.planning.hash_file", count)
    synchroniser.sync([docs])
    assert hashed == []
    (docs / "bread.txt").touch()
    assert synchroniser.sync([docs]).unchanged == 3
    assert hashed == ["bread.txt"]


def test_a_file_that_changed_just_now_is_always_read(
    synchroniser: Synchroniser, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next change may fall into the same tick of the clock and leave its size: here it does."""
    synchroniser.sync([docs])
    path = (docs / "otters.txt").resolve()
    looks = path.stat()
    path.write_text(path.read_text().replace("clams", "crabs"))
    os.utime(path, ns=(looks.st_atime_ns, looks.st_mtime_ns))
    stat = Path.stat

    def as_before(self: Path, **options: bool) -> os.stat_result:
        return looks if self == path else stat(self, **options)

    monkeypatch.setattr(Path, "stat", as_before)
    assert synchroniser.sync([docs]).changed == ["otters.txt"]
