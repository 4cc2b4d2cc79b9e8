"""A document's name and a revision number in, its text out; an answer in, the revision it shows and what is torn out.

Every sentence names its document and its revision, and a text follows from the two alone. So whatever a reader is shown
can be compared, to the letter and the offset, with what was written.
"""

import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.index.reader import Index
from rag.settings import Settings

DOCUMENTS = 12
_SENTENCES = 10  # two chunks at the default size
_THINGS = ("water level", "wind speed", "grain price", "ferry count", "bell weight", "snow depth")
_PLACES = ("harbour", "quarry", "orchard", "lighthouse", "mill", "chapel", "market", "bridge", "station", "tower")
_MARK = re.compile(r"revision r(\d+) of ([a-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at the index showed: its revision, None when that is not one, and what is wrong."""

    revision: int | None
    problems: tuple[str, ...]


@dataclass(slots=True)
class Trial:
    """A corpus that goes from revision to revision, and the index that follows it."""

    corpus: Path
    data_dir: Path
    settings: Settings
    revision: int = 0

    def next_revision(self) -> int:
        """Writes the next revision's files; indexing them is the caller's."""
        self.revision += 1
        write_revision(self.corpus, self.revision)
        return self.revision


def names(revision: int) -> list[str]:
    """The documents of a revision: always the same ones, and a guest that comes and goes."""
    return [*(f"log-{number:02}" for number in range(DOCUMENTS)), f"guest-{revision % 5}"]


def text_of(name: str, revision: int) -> str:
    """Numbers differ in length from revision to revision, so that offsets move as well."""
    return "".join(
        f"In revision r{revision} of {name}, the {_THINGS[number % 6]} at the {_PLACES[(number * 7) % 10]} was "
        f"{(revision * 7919 + number * 104729) % 10 ** (1 + (revision + number) % 6)} units.\n"
        for number in range(_SENTENCES)
    )


def any_question(generator: random.Random) -> str:
    """A question that one sentence of each revision answers."""
    number = generator.randrange(_SENTENCES)
    name = f"log-{generator.randrange(DOCUMENTS):02}"
    return f"What was the {_THINGS[number % 6]} at the {_PLACES[(number * 7) % 10]} in {name}?"


def write_revision(folder: Path, revision: int) -> None:
    """Makes `folder` hold this revision: every file new, the last guest gone."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {folder / f"{name}.txt": text_of(name, revision) for name in names(revision)}
    for path in set(folder.iterdir()) - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.write_bytes(text.encode())


def look_at_answer(answer: Mapping[str, Any]) -> Seen:
    """Checks all that an `Answer`, as its JSON object, shows of the documents."""
    revisions: set[int] = {int(revision) for revision, _ in _MARK.findall(answer["text"])}
    problems: list[str] = []
    if not answer["passages"]:
        problems.append(f"nothing found: {answer['verdict']}, {answer['reason']}")
    for shown, text in _shown(answer):
        where = f"{shown['source']} {shown['start']}-{shown['end']}"
        marks = {int(revision) for revision, _ in _MARK.findall(text)}
        revisions |= marks
        if len(marks) != 1:
            problems.append(f"{where} has the marks of {len(marks)} revisions: {text[:80]!r}")
            continue
        written = text_of(shown["source"].removesuffix(".txt"), *marks)
        if written[shown["start"] : shown["end"]] != text:
            problems.append(f"{where} is not what revision {marks} has there: {text[:80]!r}")
        if "version" in shown and shown["version"] != f"sha256:{hashlib.sha256(written.encode()).hexdigest()}":
            problems.append(f"{where} is cited as another version than the one quoted")
    if len(revisions) > 1:
        problems.append(f"one answer shows the revisions {sorted(revisions)}")
    return Seen(min(revisions) if len(revisions) == 1 else None, tuple(problems))


def look_at_index(index: Index) -> Seen:
    """Checks a whole generation: every document of one revision, none else, and a vector for every chunk."""
    library, problems = index.library, []
    stored = {
        document.info.source.removesuffix(".txt"): document.text
        for root in library.roots()
        for entry in library.documents_of(root)
        if (document := library.document(entry.document_id)) is not None
    }
    revisions = {int(revision) for text in stored.values() for revision, _ in _MARK.findall(text)}
    if len(revisions) != 1:
        return Seen(None, (f"generation {index.number} holds the revisions {sorted(revisions)}",))
    (revision,) = revisions
    if stored != {name: text_of(name, revision) for name in names(revision)}:
        problems.append(f"generation {index.number} does not hold exactly the documents of revision {revision}")
    chunks = library.counts()["chunks"]
    if chunks != len(index.vectors):
        problems.append(f"generation {index.number} has {chunks} chunks and {len(index.vectors)} vectors")
    return Seen(revision, tuple(problems))


def _shown(answer: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    for passage in answer["passages"]:
        yield passage, passage["text"]
    for citation in answer["citations"]:
        yield citation, citation["quote"]
