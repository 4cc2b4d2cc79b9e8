"""The values that pass between the rooms: frozen, vendor-free, and JSON-ready where readers see them.

`Answer` and what it holds (`Sentence`, `Citation`, `Passage`) are the public contract: the same object from the
command line, HTTP and Python. Every `start`/`end` is a Unicode code-point offset into a stored document's text.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from functools import lru_cache
from pathlib import PurePath
from typing import Any, Literal

Verdict = Literal["answered", "partial", "disputed", "abstained"]
Reason = Literal["no_evidence", "not_supported", "empty_index"]
"""Why an answer is an abstention."""
ModelFault = Literal[
    "failed",
    "unavailable",
    "timeout",
    "cut",
    "rate_limited",
    "out_of_quota",
    "unauthorised",
    "not_found",
    "rejected",
    "refused",
    "garbage",
    "circuit_open",
]
"""Why a language model gave nothing usable."""
Degradation = ModelFault | Literal["unproved"]
"""Why an answer is the documents' own words although a model was to write it; `unproved`: nothing it wrote held."""
DateBasis = Literal["printed", "supplied"]

_FORGING = '[]()“”„«»"'
_LONGEST_NAME = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """What is known of a document besides its text.

    `source` is the file's path relative to its root, with forward slashes. `published` is a day, a month or a year
    in ISO form (`2025-09-05`, `2025-09`, `2025`). `version` is `sha256:` and the hash of the file's bytes. `authors`
    are names with "; " between them, `language` a BCP 47 tag; both as the file says.
    """

    document_id: str
    source: str
    version: str
    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    published_basis: DateBasis | None = None
    authors: str | None = None
    language: str | None = None

    @property
    def label(self) -> str:
        """Who says it, and when: `CNN (2025-09-04)`. The title, then the file's name, stand in for a publisher."""
        publisher, title = _spoken(self.publisher), _spoken(self.title)
        name = publisher or (f"“{title}”" if title else _spoken(PurePath(self.source).stem))
        return f"{name} ({self.published})" if self.published else name


@lru_cache(maxsize=4096)
def _spoken(name: str | None) -> str:
    """A name as it may stand in a byline of ours: without what could forge a quotation, a date or a marker there."""
    kept = (character for character in name or "" if character.isprintable() and character not in _FORGING)
    return " ".join("".join(kept).split())[:_LONGEST_NAME]


@dataclass(frozen=True, slots=True)
class Place:
    """`text[start:end]` of a document, by the name under which a reader finds it in the file: `page 3`, `slide 4`,
    `Prices!A2:D2`."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file's text, decoded or extracted and otherwise untouched, with what is known of it.

    Up to `body_start` the text describes itself (front matter): it is kept, for offsets, and not searched. `places`
    are in order, do not overlap and may leave gaps; most formats have none. `warnings`, a line each, tell who ingests
    it what of the file is not in the text: pages that are scans, say. They are not stored.
    """

    info: DocumentInfo
    text: str
    body_start: int = 0
    places: tuple[Place, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A document without its text: `characters` long, ingested with the folder or file `root`."""

    info: DocumentInfo
    characters: int
    root: str


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` of some text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DateSpan:
    """The days from `first` to `last`, both included: one day, one month, one year, or any stretch of days."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_day(self) -> bool:
        return self.first == self.last

    def overlaps(self, other: "DateSpan") -> bool:
        return self.first <= other.last and other.first <= self.last

    def within(self, other: "DateSpan") -> bool:
        return other.first <= self.first and self.last <= other.last

    def tokens(self) -> list[str]:
        """Index terms of this span and the wider ones around it, the narrowest first.

        A day's are its day, month and year; a stretch within a year has all its months; one across years has its
        years, or, beyond ten, the first and the last.
        """
        years = range(self.first.year, self.last.year + 1)
        if len(years) > 1:
            return [f"y{year:04}" for year in (years if len(years) <= 10 else (years[0], years[-1]))]
        year, months = f"{years[0]:04}", range(self.first.month, self.last.month + 1)
        return [
            *([f"d{year}{self.first:%m%d}"] if self.is_day else []),
            *(f"m{year}{month:02}" for month in (months if len(months) < 12 else ())),
            f"y{year}",
        ]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a document that is embedded and searched: `document.text[start:end] == text`."""

    start: int
    end: int
    text: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class SentenceHit:
    """A sentence inside a retrieved passage; `similarity` is its cosine with the question, -1..1.

    `dates` are those it says, resolved against its document's publication date when that was indexed.
    """

    start: int
    end: int
    text: str
    similarity: float
    dates: tuple[DateSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A retrieved passage with the document it is from and its sentences.

    `score` ranks it among the others, higher being better; `relevance` is the part of it that does not depend on them.
    `copies` are other documents that say nearly the same, ranked lower and left out in its favour.
    """

    chunk_id: int
    document: DocumentInfo
    start: int
    end: int
    text: str
    score: float
    relevance: float
    copies: tuple[DocumentInfo, ...]
    sentences: tuple[SentenceHit, ...]

    def passage(self) -> "Passage":
        return Passage(
            document_id=self.document.document_id,
            source=self.document.source,
            start=self.start,
            end=self.end,
            text=self.text,
            score=round(self.score, 6),
            title=self.document.title,
            publisher=self.document.publisher,
            published=self.document.published,
            version=self.document.version,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and the documents it may be answered from; build it with `rag.questions.parse_question`.

    `source` is a glob over document sources; `published_after` and `published_before` are inclusive ISO days,
    months or years, and a document without a publication date passes neither.

    `as_of`, also one of these, is when the question is asked: documents that are certainly later are hidden, and "last
    month" is counted from it. Undated documents stay visible under it: nothing says that they are later.
    """

    text: str
    source: str | None = None
    published_after: str | None = None
    published_before: str | None = None
    as_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of a document that was found for a question, whether or not it answers that."""

    document_id: str
    source: str
    start: int
    end: int
    text: str
    score: float
    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """An exact span of a stored document version: `text[start:end] == quote`, checked before it leaves.

    `place` names where in the file that is, when its format has pages, slides or cells.
    """

    marker: int
    document_id: str
    source: str
    title: str | None
    publisher: str | None = None
    published: str | None
    version: str
    place: str | None = None
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of an answer, the markers that prove it and how well they do, 0..1."""

    text: str
    citations: tuple[int, ...]
    support: float

    @property
    def marked(self) -> str:
        """As readers see it: `sentence [1][2]`."""
        return f"{self.text} {''.join(f'[{marker}]' for marker in self.citations)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of a language model."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Milliseconds spent in each stage."""

    retrieve: float = 0.0
    answer: float = 0.0
    verify: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The whole of what a reader is told. An abstention has no sentences, a `reason`, and the nearest passages.

    `degraded` answers were to be written by a language model and are the documents' own words instead, for `reason`.
    Of what a model wrote, `dropped` sentences were not said because nothing cited proves them; `repaired` ones were
    said with other citations than the model gave. `cost_usd` is the price of `usage`, None where it is not known.
    `confidence`, 0..1, is the calibrated chance that the passages answer the question; None where nothing was read.
    `missing` is what was asked and not found; `message` says what the verdict rests on, in a sentence or two that is
    ours and not a source's. `standalone_question` is what a follow-up was taken to mean, None when as asked.
    """

    question: str
    verdict: Verdict
    reason: Reason | Degradation | None = None
    text: str = ""
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    model: str
    degraded: bool = False
    usage: Usage = field(default_factory=Usage)
    timings_ms: Timings = field(default_factory=Timings)
    conversation_id: str | None = None
    confidence: float | None = None
    missing: tuple[str, ...] = ()
    message: str = ""
    standalone_question: str | None = None
    dropped: int = 0
    repaired: int = 0
    cost_usd: float | None = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The contract's JSON object, as plain dicts and lists."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesFound:
    """What an answer will be drawn from, and the question as understood where that is not as asked."""

    passages: tuple[Passage, ...]
    standalone_question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceSaid:
    """The next sentence, checked and final, with those of its citations that no sentence before it had."""

    sentence: Sentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerGiven:
    """The end: the whole answer, with exactly the sentences that were said."""

    answer: Answer


AnswerEvent = SourcesFound | SentenceSaid | AnswerGiven
"""What a stream is made of: sources once (unless nothing is indexed), sentences, and the answer at the end."""


Seal = tuple[int, str]
"""A file's size in bytes and what its content hashes to; "" where that changes while it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What one generation of the index is made of and with; written beside it as `manifest.json`.

    `dead_vectors` were removed from the vector index since it was last built: it keeps them, marked. `made` is an ISO
    time, UTC, that never goes back from one generation to the next. `files` are sealed under their relative paths.
    """

    schema: int
    embedding_model: str
    dimensions: int
    chunk_tokens: int
    chunk_overlap_tokens: int
    chunks: int = 0
    roots: tuple[str, ...] = ()
    dead_vectors: int = 0
    made: str = ""
    files: Mapping[str, Seal] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Manifest":
        """What `asdict` gave; another version of Attest may have written more, or less."""
        known = {name: value for name, value in values.items() if name in {one.name for one in fields(cls)}}
        files = {name: (int(size), str(digest)) for name, (size, digest) in values.get("files", {}).items()}
        return cls(**{**known, "roots": tuple(values["roots"]), "files": files})
