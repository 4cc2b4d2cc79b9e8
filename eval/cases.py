"""A gold set in JSON Lines in, cases out: a question, the verdict and facts a right answer has, and the proof.

One case a line. Absent keys mean "none"; a key that is not a field below is an error.

    {"id": "aid-yearly", "question": "How much military aid ...?", "type": "number", "verdict": "answered",
     "answer_points": [{"point": "at least $3.8 billion a year", "accepted": ["$3.8 billion"]}],
     "evidence": [{"any_of": [{"source": "003.txt", "quote": "The U.S. provides at least \\\\$3.8 billion"}]}],
     "must_not": [{"claim": "...", "forms": ["..."]}], "short_answer": ["$3.8 billion"],
     "history": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}],
     "as_of": "2024-06-30", "note": "..."}

A right answer shows every point by one of its accepted forms (`eval.forms.holds_form`), cites one alternative of every
piece of evidence, and holds none of the `must_not` forms. `as_of` is the day the question is asked on: documents
published later do not count, and "last year" is the year before it. Splits: see `split_of`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from rag.errors import ConfigurationError

CaseType = Literal[
    "single_fact",
    "date",
    "implied_date",  # "Thursday", "last year": the text's own date resolves it
    "number",
    "list",
    "paraphrase",  # shares few words with the text
    "multi_document",  # no one document holds all of the evidence
    "conflict",  # the sources, or those they quote, contradict each other
    "follow_up",
    "attribution",  # what someone said, called, asked for
    "as_of",
    "partial",
    "unanswerable_near_miss",  # the right entity or event, but the asked aspect, person or year is in no text
    "unanswerable_out_of_corpus",
]
GoldVerdict = Literal["answered", "partial", "disputed", "abstained"]
Role = Literal["user", "assistant"]
Split = Literal["tune", "test"]

_SHOWN_CHARS = 80
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AnswerPoint:
    """A fact the answer must contain, and the surface forms any one of which shows it."""

    point: str
    accepted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuoteRef:
    """Characters of a document, word for word; where they occur more than once in it, any occurrence will do."""

    source: str
    quote: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One needed piece of evidence: any of these quotes gives it."""

    any_of: tuple[QuoteRef, ...]


@dataclass(frozen=True, slots=True)
class WrongClaim:
    """A tempting wrong answer, and the surface forms any one of which shows it."""

    claim: str
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class GoldCase:
    id: str
    question: str
    type: CaseType
    verdict: GoldVerdict
    answer_points: tuple[AnswerPoint, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    must_not: tuple[WrongClaim, ...] = ()
    short_answer: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    as_of: str | None = None
    note: str | None = None
    line: int | None = field(default=None, compare=False, repr=False)  # where it stood in its file, from 1

    @property
    def quotes(self) -> Iterator[QuoteRef]:
        return (quote for piece in self.evidence for quote in piece.any_of)


def load_cases(path: Path) -> list[GoldCase]:
    """The cases of a JSON Lines file, in its order; blank lines are passed over.

    Raises:
        ConfigurationError: the file cannot be read, or a line is no case; the message has one line a problem.
    """
    cases, problems = read_cases(path)
    if problems:
        raise ConfigurationError("\n".join([f"{path} is not a gold set:", *problems]))
    return cases


def read_cases(path: Path) -> tuple[list[GoldCase], list[str]]:
    """The cases that can be read, and what is wrong with the other lines: "line 3 (the-id): field: 'value' ...".

    Raises:
        ConfigurationError: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The gold set {path} cannot be read: {error}.") from error
    cases, problems = [], list[str]()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            problems.append(f"line {number}: {shown(line)} is not JSON: {error.msg} at column {error.colno}")
            continue
        case, found = _read_case(values, number)
        problems.extend(found)
        if not found:
            cases.append(case)
    return cases, problems


def dump_case(case: GoldCase) -> str:
    """The one line of JSON that reads back as `case`; empty fields are left out."""
    values = {name: value for name, value in asdict(case).items() if value not in ((), None) and name != "line"}
    return json.dumps(values, ensure_ascii=False)


def split_of(case_id: str) -> Split:
    """The half a case belongs to, by the parity of its id's SHA-256: even is `tune`, odd is `test`.

    So a case never changes sides when others come or go, and renaming it is the only way to move it. Thresholds,
    prompts and models are chosen on `tune` alone; `test` is only ever reported.
    """
    return "test" if int(hashlib.sha256(case_id.encode()).hexdigest(), 16) % 2 else "tune"


class _Object:
    """A JSON object's fields, each taken by its name and kind; what is wrong with one is added to `problems`."""

    def __init__(self, values: Any, path: str, kind: type[Any], problems: list[str]) -> None:
        self.values: dict[str, Any] = values if isinstance(values, dict) else {}
        self.path, self.problems = path, problems
        if not isinstance(values, dict):
            self._complain("", f"{shown(values)} is not an object")
        known = [entry.name for entry in fields(kind) if entry.name != "line"]
        for key in self.values:
            if key not in known:
                self._complain(key, f"unknown key, with value {shown(self.values[key])}; known: {', '.join(known)}")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if isinstance(value, str) and value.strip():
            return value
        self._complain(key, f"{shown(value)} is not text" if key in self.values else "missing")
        return ""

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self.values else None

    def choice(self, key: str, options: tuple[Any, ...]) -> Any:
        value = self.text(key)
        if value and value not in options:
            self._complain(key, f"{shown(value)} is none of {', '.join(options)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._items(key)
        for i, value in enumerate(values):
            if not isinstance(value, str):
                self._complain(f"{key}[{i}]", f"{shown(value)} is not text")
        return tuple(values)

    def objects(self, key: str, kind: type[T], read: Callable[["_Object"], T]) -> tuple[T, ...]:
        items = enumerate(self._items(key))
        return tuple(read(_Object(item, f"{self.path}{key}[{i}].", kind, self.problems)) for i, item in items)

    def _items(self, key: str) -> list[Any]:
        values = self.values.get(key, [])
        if isinstance(values, list):
            return values
        self._complain(key, f"{shown(values)} is not a list")
        return []

    def _complain(self, key: str, problem: str) -> None:
        place = f"{self.path}{key}".strip(".")
        self.problems.append(f"{place}: {problem}" if place else problem)


def _read_case(values: Any, line: int) -> tuple[GoldCase, list[str]]:
    read = _Object(values, "", GoldCase, [])
    case = GoldCase(
        id=read.text("id"),
        question=read.text("question"),
        type=read.choice("type", get_args(CaseType)),
        verdict=read.choice("verdict", get_args(GoldVerdict)),
        answer_points=read.objects("answer_points", AnswerPoint, _read_point),
        evidence=read.objects("evidence", Evidence, _read_evidence),
        must_not=read.objects("must_not", WrongClaim, _read_wrong_claim),
        short_answer=read.texts("short_answer"),
        history=read.objects("history", Turn, _read_turn),
        as_of=read.optional_text("as_of"),
        note=read.optional_text("note"),
        line=line,
    )
    where = f"line {line} ({case.id})" if case.id else f"line {line}"
    return case, [f"{where}: {problem}" for problem in read.problems]


def _read_point(read: _Object) -> AnswerPoint:
    return AnswerPoint(read.text("point"), read.texts("accepted"))


def _read_evidence(read: _Object) -> Evidence:
    return Evidence(read.objects("any_of", QuoteRef, _read_quote))


def _read_quote(read: _Object) -> QuoteRef:
    return QuoteRef(read.text("source"), read.text("quote"))


def _read_wrong_claim(read: _Object) -> WrongClaim:
    return WrongClaim(read.text("claim"), read.texts("forms"))


def _read_turn(read: _Object) -> Turn:
    return Turn(read.choice("role", get_args(Role)), read.text("content"))


def shown(value: object) -> str:
    """The value on one line, cut when long."""
    shown = repr(value)
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[: _SHOWN_CHARS - 1]}…"
