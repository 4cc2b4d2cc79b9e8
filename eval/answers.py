"""Answers from anywhere in, `Answer`-contract objects out: checked ones as they are, text with `[n]` read into one.

What another system does not say is left out or empty, never made up. Where it cites a source and quotes no text, the
whole document counts as cited; where it quotes text without offsets, the quote is looked for in that document.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.results import CorpusDocument
from rag.text import split_sentences

_MARKERS = re.compile(r"\[(\d+(?:\s*,\s*\d+)*)\]")
_TRAILING_MARKERS = re.compile(r"(?P<end>[.!?…]+[\"'”’»)\]]*)(?P<markers>(?:\s*\[\d+(?:\s*,\s*\d+)*\])+)")
_ABSTENTION = re.compile(
    r"no answer\b|(?:i(?:'m| am) (?:sorry|afraid|unable|not (?:sure|able|certain))|i (?:do not|don't|cannot|can't) "
    r"(?:know|find|answer|say|tell|determine)|i (?:could not|couldn't) (?:find|determine))\b"
    r"|(?:the |this |these |provided |given |available )*(?:documents?|sources?|context|texts?|passages?|information|"
    r"articles?)\b[^.]{0,40}\b(?:do(?:es)?(?: not|n't)|not (?:say|mention|provide|contain|specif\w+))",
    re.IGNORECASE,
)

Fraction = Annotated[float, Field(ge=0, le=1)]


class _Lenient(BaseModel):
    """Further keys are kept: a later contract's answers stay whole."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class _Sentence(_Lenient):
    text: str
    citations: list[int] = []
    support: Fraction | None = None


class _Citation(_Lenient):
    marker: int
    document_id: str = ""
    source: str
    title: str | None = None
    published: str | None = None
    version: str = ""
    start: int | None = None
    end: int | None = None
    quote: str


class _Passage(_Lenient):
    document_id: str = ""
    source: str
    start: int
    end: int
    text: str = ""
    score: float = 0.0


class _Answer(_Lenient):
    question: str = ""
    verdict: Literal["answered", "partial", "disputed", "abstained"]
    reason: str | None = None
    confidence: Fraction | None = None
    missing: list[str] = []
    message: str = ""
    standalone_question: str | None = None
    text: str
    sentences: list[_Sentence]
    citations: list[_Citation]
    passages: list[_Passage] | None = None
    model: str = ""
    degraded: bool = False
    usage: dict[str, int] | None = None
    timings_ms: dict[str, float] = {}
    conversation_id: str | None = None


def checked_answer(value: Any) -> dict[str, Any]:
    """`value` as the contract has it.

    Raises:
        ValueError: it is not an answer; the message names each field at fault.
    """
    try:
        return _Answer.model_validate(value).model_dump()
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc'])) or 'answer'}: {problem['msg']}" for problem in error.errors()[:5]
        ]
        raise ValueError(f"not an answer of the contract: {'; '.join(problems)}") from None


def answer_from_text(
    question: str,
    text: str,
    cited: Sequence[Any] = (),
    *,
    corpus: Mapping[str, CorpusDocument],
    model: str = "",
    usage: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """An answer of the contract from prose with `[n]`, which stands for the `cited` of that `marker` or place, from 1.

    The verdict is read from the prose: "abstained" where it is empty or opens, without a citation, by saying that it
    cannot tell; else "answered". Where nothing is cited beside the prose, its markers say nothing and are dropped.

    Raises:
        ValueError: a citation is not readable.
    """
    citations = [_read_citation(entry, number, corpus) for number, entry in enumerate(cited, start=1)]
    sentences = _sentences(text, keep_markers=bool(citations))
    cannot_tell = not sentences or (not sentences[0]["citations"] and _ABSTENTION.match(sentences[0]["text"]))
    return checked_answer(
        {
            "question": question,
            "verdict": "abstained" if cannot_tell else "answered",
            "reason": "not_supported" if cannot_tell else None,
            "text": text,
            "sentences": [] if cannot_tell else sentences,
            "citations": [] if cannot_tell else citations,
            "model": model,
            "usage": None if usage is None else dict(usage),
        }
    )


def _sentences(text: str, *, keep_markers: bool) -> list[dict[str, Any]]:
    # "It opened. [1] It is long. [2]": a marker behind the full stop belongs to the sentence before it.
    moved = _TRAILING_MARKERS.sub(lambda found: f"{found['markers']}{found['end']}", text)
    sentences = []
    for span in split_sentences(moved):
        said = moved[span.start : span.end]
        markers = [int(number) for found in _MARKERS.findall(said) for number in found.split(",")]
        bare = re.sub(r"\s+(?=[.!?…])", "", " ".join(_MARKERS.sub(" ", said).split()))
        if bare:
            sentences.append({"text": bare, "citations": list(dict.fromkeys(markers)) if keep_markers else []})
    return sentences


def _read_citation(entry: Any, number: int, corpus: Mapping[str, CorpusDocument]) -> dict[str, Any]:
    values = {"source": entry} if isinstance(entry, str) else entry
    if not isinstance(values, Mapping):
        raise ValueError(f"citation {number} is {type(entry).__name__}, not an object or a source")
    source = next((values[key] for key in ("source", "url", "title", "document_id") if values.get(key)), None)
    if not isinstance(source, str):
        raise ValueError(f"citation {number} names no source")
    document = corpus.get(source)
    quote = next((values[key] for key in ("quote", "text", "content") if isinstance(values.get(key), str)), None)
    start, end = values.get("start"), values.get("end")
    if quote is None and document is not None:
        start, end = (start, end) if isinstance(start, int) and isinstance(end, int) else (0, len(document.text))
        quote = document.text[start:end]
    if not (isinstance(start, int) and isinstance(end, int)):
        found = document.text.find(quote) if document is not None and quote else -1
        start, end = (found, found + len(quote or "")) if found >= 0 else (None, None)
    return {
        "marker": values.get("marker", number),
        "document_id": str(values.get("document_id") or ""),
        "source": source,
        "title": document.title if document else None,
        "published": document.published if document else None,
        "start": start,
        "end": end,
        "quote": quote or "",
    }
