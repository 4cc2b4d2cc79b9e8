"""A hostile file costs itself at most: it gives one clear line or a sound document in time, and the next is read."""

import re
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from rag.corpus.files import hash_file
from rag.corpus.loading import READERS, SourceFile
from rag.corpus.parse_worker import Limits
from rag.corpus.parsing import Parser
from rag.dates import parse_date
from rag.errors import DocumentError
from rag.types import Document
from tests.rag.corpus.hostile_files import HostileFile, hostile_files
from tests.rag.corpus.sound_files import SENTENCE, sound_files

LIMITS = Limits(seconds=2.0, memory_mb=256, file_mb=64, characters=2_000_000)
_LATE_SECONDS = 2.0  # past the limit, for a machine with other work
_BY_A_PROGRAMMER = re.compile(
    r"Traceback|File \"|0x[0-9a-f]{6}|\b\w+(?:Error|Exception|Warning)\b|\bNone\b|<class|"
    r"\b(?:lxml|openpyxl|pdfium\w*|pypdf\w*|zipfile|zlib|docx\.|pptx\.|calamine|xml\.|json\.|csv\.|ebooklib|trafilatura)\b"
)


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
    with Parser(LIMITS) as parser:
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


