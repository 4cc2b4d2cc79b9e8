"""A prompt of the engine's in, an answer out as a fluent model might write it, with at most one sentence that is false.

The model reads the passages from the messages it is sent, as any model must. It says what they say word for word or
lightly put otherwise (the source named before or after, two statements joined, "Thursday" as the day that it was),
marks its sentences the many ways that models do, and makes one fault that its seed draws.
"""

import random
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter

from eval.fault_sentences import FaultKind, is_said, make_fault, names_in
from rag.protocols import Completion, CompletionStream, Message
from rag.text import STOP_WORDS, is_statement, split_sentences
from rag.types import Usage

TRUE_SENTENCES = 3
_LONGEST = 300  # characters of a sentence that it repeats
_LONGEST_NAME = 60  # characters of a source that it names
_PIECE = 7  # characters that it sends at a time
_TELLS = re.compile(r"(?!.*(?:: |\b(?:I|we|our|us|you|your|click)\b))[A-Z][^\n]*[.]$")  # and does not address or list
_HEADER = re.compile(r" \[(?P<number>\d+)\] (?P<label>.+)")
_LABEL_DATE = re.compile(r" \(\d{4}[-\d]*\)$")
_GAP = " … "
_DATE = r"(?:\d{1,2} )?[A-Z][a-z]+ \d{4}"
_NOTE = re.compile(rf" \((?:{_DATE}(?: to {_DATE})?|the year \d{{4}})\)")
_NOTED_DAY = re.compile(
    r"(?:\bon )?(?:early |late )?\b(?:last |this )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?: \w+)? "
    r"\((?P<day>\d{1,2} [A-Z][a-z]+ \d{4})\)"
)
_NOTED_YEAR = re.compile(r"\b(?:last|this) year \(the year (?P<year>\d{4})\)")
_STYLES = ("plain", "plain", "that", "according", "tail", "joined")
_MARKS = (
    " [{n}].",
    " [{n}].",
    " [{n}].",
    ". [{n}]",
    ".【{n}】",
    " [^{n}].",
    " ({n}).",
    " [{n}, {other}].",
    ".",
    " [97].",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a passage as the prompt shows it, `said` as it will be repeated."""

    number: int
    source: str
    shown: str
    said: str


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence of an answer: as written, as it should be read without its markers, and its fault, if it has one."""

    marked: str
    text: str
    fault: FaultKind | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One answer, and how long the engine worked on each of its sentences but the last, in milliseconds."""

    sentences: Sequence[Written] = ()
    milliseconds: Sequence[float] = ()


class ScriptedModel:
    """A `ChatModel` without a network: the same answer to the same messages and `seed`."""

    name = "scripted"

    def __init__(self, fault: FaultKind | None, *, seed: int = 0) -> None:
        self._fault: FaultKind | None = fault
        self._seed = seed
        self._told: list[Written] = []
        self._spent: list[float] = []

    def told(self) -> Told:
        """The answer it wrote last, once; nothing if it was not asked since."""
        # A sentence is checked while the next one comes in: the first has no other's work in it.
        told = Told(self._told, [1_000 * seconds for seconds in self._spent[1:]])
        self._told, self._spent = [], []
        return told

    def complete(self, messages: Sequence[Message], *, max_tokens: int, temperature: float = 0.0) -> Completion:
        return Completion(" ".join(one.marked for one in self._write(messages)), 0, 0)

    @asynccontextmanager
    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, temperature: float = 0.0
    ) -> AsyncIterator[CompletionStream]:
        self._told, self._spent = self._write(messages), []
        yield _Pieces(self._told, self._spent)

    def _write(self, messages: Sequence[Message]) -> list[Written]:
        asked = messages[-1].content.rpartition("\n")[2]
        drawn = random.Random(f"{self._seed} {self._fault} {asked}")  # noqa: S311 - a draw, not a secret
        return write_answer(messages, self._fault, drawn)


class _Pieces:
    """Sentences a few characters at a time; `spent` gets the seconds between one piece and the next, by sentence."""

    usage = Usage()
    truncated = False

    def __init__(self, sentences: Sequence[Written], spent: list[float]) -> None:
        self._sentences = sentences
        self._spent = spent

    async def __aiter__(self) -> AsyncIterator[str]:
        for one in self._sentences:
            self._spent.append(0.0)
            text = f"{one.marked} "
            for at in range(0, len(text), _PIECE):
                sent = perf_counter()
                yield text[at : at + _PIECE]
                self._spent[-1] += perf_counter() - sent


def read_passages(messages: Sequence[Message]) -> list[Statement]:
    """The statements of the passages in the last message, in order."""
    lines = messages[-1].content.split("\n")
    mark = lines[0].removeprefix("The mark is ").removesuffix(".")
    found: list[Statement] = []
    for line, text in pairwise(lines):
        header = _HEADER.fullmatch(line.removeprefix(mark)) if line.startswith(mark) else None
        if header is not None:
            source = _LABEL_DATE.sub("", header["label"])
            found += [Statement(int(header["number"]), source, said, said) for said in _statements(text)]
    return found


def write_answer(messages: Sequence[Message], fault: FaultKind | None, drawn: random.Random) -> list[Written]:
    """A few true sentences and, where one of the statements allows the fault, a false one among them."""
    statements = [replace(one, said=_with_dates(one.shown, drawn)) for one in read_passages(messages)]
    drawn.shuffle(statements)
    false = _false_statement(statements, fault, drawn) if fault else None
    chosen = [one for one in statements if false is None or one.shown != false.shown][: TRUE_SENTENCES + 1]
    written: list[Written] = []
    while chosen and len(written) < TRUE_SENTENCES:
        style = drawn.choice(_STYLES)
        written.append(_written(chosen.pop(), chosen.pop() if style == "joined" and chosen else None, style, drawn))
    if false is not None:
        told = _written(false, chosen.pop() if chosen else None, drawn.choice(_STYLES), drawn)
        written.insert(drawn.randint(0, len(written)), replace(told, fault=fault))
    return [one for one in written if len(split_sentences(one.text)) == 1]


def _false_statement(statements: Sequence[Statement], fault: FaultKind, drawn: random.Random) -> Statement | None:
    names = sorted({name for one in statements for name in names_in(one.said)})
    shown = [one.shown for one in statements] + [one.said for one in statements]
    for one in statements:
        said = make_fault(fault, one.said, names=names, drawn=drawn)
        if said is not None and not is_said(said, shown):
            return replace(one, said=said)
    return None


def _statements(text: str) -> list[str]:
    return [
        said
        for stretch in text.split(_GAP)
        for span in split_sentences(stretch)
        for said in [stretch[span.start : span.end]]
        if is_statement(said) and _TELLS.match(said) and len(said) <= _LONGEST
    ]


def _with_dates(shown: str, drawn: random.Random) -> str:
    """The notes of days in place of "Thursday", beside it, or not at all."""
    way = drawn.choice(("told", "noted", "left out"))
    if way == "told":
        shown = _NOTED_YEAR.sub(r"in \g<year>", _NOTED_DAY.sub(r"on \g<day>", shown))
        shown = shown[0].upper() + shown[1:]
    return shown if way == "noted" else _NOTE.sub("", shown)


def _written(one: Statement, other: Statement | None, style: str, drawn: random.Random) -> Written:
    if len(one.source) > _LONGEST_NAME:
        style = "plain"
    said, continued = one.said.rstrip("."), _lowered(one.said.rstrip("."))
    mark = drawn.choice(_MARKS).format(n=one.number, other=one.number + 1)
    if style == "joined" and other is not None:
        end = _lowered(other.said.rstrip("."))
        return Written(f"{said} [{one.number}], and {end} [{other.number}].", f"{said}, and {end}.")
    text = {
        "that": f"{one.source} says that {continued}",
        "according": f"According to {one.source}, {continued}",
        "tail": f"{said}, according to {one.source}",
    }.get(style, said)
    return Written(f"{text}{mark}", f"{text}.")


def _lowered(sentence: str) -> str:
    """As it goes on after other words: its first word small where that is no name."""
    first = sentence.split(maxsplit=1)[0]
    return sentence[0].lower() + sentence[1:] if first.lower() in STOP_WORDS and first != "I" else sentence
