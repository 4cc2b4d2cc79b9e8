"""A file that cannot be read is read once, and told at every sync until it can be."""

from pathlib import Path

import pytest

from rag.corpus import folders
from rag.corpus.parse_worker import Limits
from rag.corpus.parsing import Parser
from rag.corpus.sync import Synchroniser
from rag.errors import DocumentError
from rag.index.embedding import LocalEmbedder

Read = list[str]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """The sources that were read, in order. A file counts as old as soon as it is written."""
    monkeypatch.setattr(folders, "_RACY_NS", 0)
    sources: Read = []
    parse = Parser.parse

    def counted(self, file, told=None):  # type: ignore[no-untyped-def]
        sources.append(file.source)
        return parse(self, file, told)

    monkeypatch.setattr(Parser, "parse", counted)
    return sources


def test_a_bad_file_is_read_once_and_told_every_time(synchroniser: Synchroniser, docs: Path, read: Read) -> None:
    (docs / "bad.txt").write_bytes(b"caf\xe9")
    first = synchroniser.sync([docs])
    assert "bad.txt" in read
    read.clear()
    for dry_run in (False, True):
        again = synchroniser.sync([docs], dry_run=dry_run)
        assert (again.failed, again.unchanged) == (first.failed, 3)
    assert read == []
    (docs / "bad.txt").write_bytes(b"caf\xe9!")
    assert len(synchroniser.sync([docs]).failed) == 1
    assert read == ["bad.txt"]
    (docs / "bad.txt").write_text("A coffee.")
    assert synchroniser.sync([docs]).added == ["bad.txt"]


def test_a_bad_file_that_keeps_its_earlier_text_says_so_every_time(
    synchroniser: Synchroniser, docs: Path, read: Read
) -> None:
    synchroniser.sync([docs])
    (docs / "otters.txt").write_bytes(b"\0")
    first, again = synchroniser.sync([docs]).failed, synchroniser.sync([docs]).failed
    assert first == again
    assert "keeps its earlier text" in first[0][1]
    assert read.count("otters.txt") == 2


def test_other_limits_and_a_rebuild_read_it_again(
    docs: Path, tmp_path: Path, read: Read, embedder: LocalEmbedder
) -> None:
    (docs / "bad.txt").write_bytes(b"caf\xe9")

    def synchroniser(seconds: float) -> Synchroniser:
        return Synchroniser(
            tmp_path / "data",
            embedder=embedder,
            chunk_tokens=180,
            chunk_overlap_tokens=0,
            limits=Limits(seconds=seconds),
        )

    synchroniser(60).sync([docs])
    read.clear()
    synchroniser(61).sync([docs])
    assert read == ["bad.txt"]
    synchroniser(61).sync([docs], rebuild=True)
    assert read.count("bad.txt") == 2


def test_other_roots_keep_what_is_known_of_theirs(
    synchroniser: Synchroniser, docs: Path, tmp_path: Path, read: Read
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "bad.txt").write_bytes(b"\0")
    synchroniser.sync([other])
    synchroniser.sync([docs])
    read.clear()
    assert len(synchroniser.sync([other]).failed) == 1
    assert read == []
    (other / "bad.txt").unlink()
    synchroniser.sync([other])
    assert "other" not in (tmp_path / "data" / "unread.json").read_text()


def test_a_failure_that_may_pass_is_tried_again(
    synchroniser: Synchroniser, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_RACY_NS", 0)

    def fail(*_: object) -> None:
        raise DocumentError("the reader of .txt files is not whole; install Attest anew", may_pass=True)

    with monkeypatch.context() as patched:
        patched.setattr(Parser, "parse", fail)
        assert len(synchroniser.sync([docs]).failed) == 3
    assert synchroniser.sync([docs]).documents == 3


def test_a_damaged_note_is_no_note(synchroniser: Synchroniser, docs: Path, tmp_path: Path, read: Read) -> None:
    (docs / "bad.txt").write_bytes(b"\0")
    synchroniser.sync([docs])
    read.clear()
    (tmp_path / "data" / "unread.json").write_text("[")
    assert len(synchroniser.sync([docs]).failed) == 1
    assert read == ["bad.txt"]
