"""A hostile file costs itself at most: it gives one clear line or a sound document in time, and the next is read."""

import hashlib
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from rag.corpus.chunking import Chunker
from rag.corpus.files import hash_file
from rag.corpus.folders import shown
from rag.corpus.loading import READERS, SourceFile
from rag.corpus.parse_worker import Limits
from rag.corpus.parsing import Parser
from rag.corpus.sync import Synchroniser
from rag.dates import find_dates, parse_date
from rag.errors import DocumentError
from rag.protocols import Matrix, Vector
from rag.types import Document
from tests.rag.corpus.hostile_files import HostileFile, hostile_files, hostile_texts
from tests.rag.corpus.sound_files import SENTENCE, sound_files

LIMITS = Limits(seconds=1.0, memory_mb=256, file_mb=64, characters=2_000_000)
_LATE_SECONDS = 2.0  # past the limit, for a machine with other work
_BY_A_PROGRAMMER = re.compile(
    r"Traceback|\bsys\.|\bPython\b|<unicode|File \"|0x[0-9a-f]{6}|\b\w+(?:Error|Exception|Warning)\b|\bNone\b|<class|"
    r"\b(?:lxml|openpyxl|pdfium\w*|pypdf\w*|zipfile|zlib|docx\.|pptx\.|calamine|xml\.|json\.|csv\.|ebooklib|trafilatura)\b"
)

LINES = dict(
    [
        *((f"with a password.{kind}", "it is encrypted") for kind in ("docx", "xlsx", "pptx", "pdf")),
        *((f"in a safe.{kind}", "it is encrypted") for kind in ("docx", "xlsx", "pptx")),
        *((f"bomb that tells 4 GB size.{kind}", "too much") for kind in ("docx", "xlsx", "pptx", "epub")),
        *((f"is a pdf.{kind}", f"it is no .{kind} file but .pdf") for kind in ("txt", "docx", "html", "eml", "csv")),
        *((f"a gigabyte.{kind}", "it is larger than 64 MB") for kind in ("txt", "pdf", "xlsx", "json")),
        *((f"cut at 8 tenths.{kind}", "its end is missing") for kind in ("docx", "xlsx", "pptx", "epub", "pdf")),
        ("is a docx.pdf", "it is no PDF but .docx"),
        ("noise.pdf", "it is no PDF"),
        ("sixteen terabytes.txt", "it is larger than 64 MB"),
        ("3 MB without a space.txt", "its text is longer than 2,000,000 characters"),
        ("no bytes.txt", "it is empty"),
        ("zeros.txt", "it is binary"),
        ("half UTF-8.txt", "it is not UTF-8"),
        ("pipe.txt", "it is no file but a folder, a pipe"),
        ("link out.txt", "it is a link that leads out of its folder"),
        ("link to a device.pdf", "it is a link that leads out of its folder"),
        ("a.zip", "no reader for .zip"),
        ("only white.pdf", "no text"),
    ]
)
"""What must be in the line of a file."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a hostile file: the refusal or the document's length, and what is wrong with it."""

    file: HostileFile
    said: str
    faults: tuple[str, ...]
    seconds: float


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """Of every hostile file, by name; all are read by one parser, while a server waits that none may ask."""
    folder, outcomes = tmp_path_factory.mktemp("hostile"), {}
    good = folder / "good.txt"
    good.write_text(SENTENCE)
    with socket.create_server(("127.0.0.1", 0)) as server, Parser(LIMITS) as parser:
        server.setblocking(False)
        for file in hostile_files(server.getsockname()[1]):
            outcomes[file.name] = _outcome(file, parser, folder)
            assert parser.parse(SourceFile(good, folder)).text == SENTENCE, file.name
            with pytest.raises(BlockingIOError):
                server.accept()
    return outcomes


def _outcome(hostile: HostileFile, parser: Parser, folder: Path) -> Outcome:
    path = folder / hostile.name
    hostile.write(path)
    started = time.monotonic()
    try:
        document = parser.parse(SourceFile(path, folder))
    except DocumentError as error:
        said, faults = str(error), [*faults_of_line(str(error))]
    else:
        said, faults = f"{len(document.text)} characters", [*faults_of_document(document)]
        if document.info.version != f"sha256:{hash_file(SourceFile(path, folder), max_mb=LIMITS.file_mb)}":
            faults.append("the version is not that of its bytes")
    if (seconds := time.monotonic() - started) > LIMITS.seconds + _LATE_SECONDS:
        faults.append(f"took {seconds:.1f} s")
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()
    return Outcome(hostile, said, tuple(faults), seconds)


@pytest.mark.parametrize("suffix", sorted(sound_files()))
def test_sound_file_of_each_format_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(sound_files()[suffix])
    with Parser() as parser:
        assert SENTENCE in parser.parse(SourceFile(path, tmp_path)).text


def test_there_are_hundreds_and_of_every_format(outcomes: Mapping[str, Outcome]) -> None:
    suffixes = {outcome.file.suffix for outcome in outcomes.values()}
    assert len(outcomes) > 800
    assert {READERS[suffix] for suffix in suffixes & {*READERS}} == {*READERS.values()}


@pytest.mark.parametrize("suffix", [*sorted(READERS), "any other"])
def test_hostile_file_gives_a_sound_document_or_a_clear_line(outcomes: Mapping[str, Outcome], suffix: str) -> None:
    wrong = [
        f"{name}: {fault}"
        for name, outcome in outcomes.items()
        if (outcome.file.suffix if outcome.file.suffix in READERS else "any other") == suffix
        for fault in outcome.faults
    ]
    assert wrong == []


def test_line_says_what_is_wrong(tmp_path: Path) -> None:
    """Given time, as a line that says that there was none is a clear one too."""
    said = {}
    with Parser(replace(LIMITS, seconds=60.0)) as parser:
        for file in hostile_files(0):
            if file.name in LINES:
                said[file.name] = _outcome(file, parser, tmp_path).said
    assert said.keys() == LINES.keys()
    assert [(name, said[name]) for name, line in LINES.items() if line not in said[name]] == []


def test_folder_of_hostile_files_costs_the_good_ones_nothing(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for suffix in (".txt", ".docx", ".pdf", ".html", ".xlsx"):
        (docs / f"good{suffix}").write_bytes(sound_files()[suffix])
    hostile = [file for number, file in enumerate(hostile_files(0)) if number % 5 == 0 or "link" in file.name]
    for file in hostile:
        file.write(docs / file.name)
    limits = Limits(seconds=1.0, memory_mb=256, file_mb=64, characters=20_000)
    synchroniser = Synchroniser(
        tmp_path / "data", embedder=QuickEmbedder(), chunk_tokens=180, chunk_overlap_tokens=0, limits=limits
    )
    report = synchroniser.sync([docs])

    failed = dict(report.failed)
    assert {f"good{suffix}" for suffix in (".txt", ".docx", ".pdf", ".html", ".xlsx")} <= {*report.added}
    no_files = {"pipe.txt", "pipe.pdf", "folder.txt", "folder.pdf", "link to a folder.txt", "link to a folder.pdf"}
    assert {shown(file.name) for file in hostile} <= {*report.added, *failed} | no_files
    assert [fault for line in failed.values() for fault in faults_of_line(line)] == []
    assert len(failed) > 50
    assert report.seconds < 90
    assert synchroniser.sync([docs]).unchanged == len(report.added)


@pytest.mark.parametrize(("name", "text"), hostile_texts(60_000).items())
def test_hostile_text_is_cut_into_chunks_and_dated_in_time(chunker: Chunker, name: str, text: str) -> None:
    started = time.monotonic()
    chunks = chunker.chunk(text)
    for chunk in chunks:
        for sentence in chunk.sentences:
            find_dates(text[sentence.start : sentence.end])
    assert time.monotonic() - started < 4  # 5 s for ` when sentencex had it whole; the others take 0.1 to 1 s
    assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)


@pytest.fixture(scope="module")
def chunker() -> Chunker:
    chunker = Chunker(chunk_tokens=180, overlap_tokens=0)
    chunker.chunk("What it imports is not counted.")
    return chunker


class QuickEmbedder:
    """Vectors that mean nothing, at once."""

    name = "quick"
    dimensions = 8

    def embed_documents(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> Matrix:
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vector:
        vector = np.frombuffer(hashlib.sha256(text.encode()).digest()[:8], np.uint8).astype(np.float32) + 1
        return vector / np.linalg.norm(vector)


def faults_of_line(line: str) -> Iterator[str]:
    if not 5 < len(line) <= 500 or not line.isprintable():
        yield f"no line for people: {line!r}"
    if found := _BY_A_PROGRAMMER.search(line):
        yield f"{found.group()!r} in {line!r}"
    if "the reader gave nothing usable" in line:
        yield "the reader gave nothing usable"


def faults_of_document(document: Document) -> Iterator[str]:
    info, text = document.info, document.text
    try:
        "".join([text, *(str(value) for value in (info.title, info.authors, info.language))]).encode()
    except UnicodeEncodeError as error:
        yield f"not to be written as UTF-8: {error}"
    if not text[document.body_start :].strip():
        yield "no text"
    if "\0" in text:
        yield "NUL in the text"
    if "root:" in text:
        yield "it has read /etc/passwd"
    ends = 0
    for place in document.places:
        if not (ends <= place.start < place.end <= len(text) and place.label.strip() and place.label.isprintable()):
            yield f"no sound place: {place}"
        ends = place.end
    if info.published is not None:
        parse_date(info.published)
    for value in (info.title, info.authors, info.language):
        if value is not None and not (value.strip() and len(value) <= 500):
            yield f"no sound title, author or language: {value[:80]!r}"
