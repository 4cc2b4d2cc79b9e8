"""An answer as anyone's JSON has it in, typed pieces out; what is absent or malformed is left out, never an error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.metrics import SourceSpan
from eval.results import Score


@dataclass(frozen=True, slots=True)
class SaidSentence:
    """A sentence of the answer and the markers behind it."""

    text: str
    markers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CitedQuote:
    """A citation as the answer gives it; whether it is true is for others to find out."""

    marker: int
    source: str
    start: int | None
    end: int | None
    quote: str


def read_sentences(answer: Mapping[str, Any]) -> list[SaidSentence]:
    return [
        SaidSentence(entry["text"], tuple(dict.fromkeys(filter(_is_whole, _list(entry.get("citations"))))))
        for entry in _objects(answer.get("sentences"))
        if isinstance(entry.get("text"), str)
    ]


def read_citations(answer: Mapping[str, Any]) -> list[CitedQuote]:
    return [
        CitedQuote(
            marker=entry["marker"],
            source=str(entry.get("source") or ""),
            start=entry.get("start") if _is_whole(entry.get("start")) else None,
            end=entry.get("end") if _is_whole(entry.get("end")) else None,
            quote=str(entry.get("quote") or ""),
        )
        for entry in _objects(answer.get("citations"))
        if _is_whole(entry.get("marker"))
    ]


def read_passages(answer: Mapping[str, Any]) -> list[SourceSpan] | None:
    """Where the passages stand, best first; None when the answer does not tell.

    An empty list tells something only beside the time that retrieval took: answers made elsewhere leave both out.
    """
    timings = answer.get("timings_ms")
    if not answer.get("passages") and not (isinstance(timings, Mapping) and "retrieve" in timings):
        return None
    return [
        SourceSpan(str(entry.get("source") or ""), entry["start"], entry["end"])
        for entry in _objects(answer.get("passages"))
        if _is_whole(entry.get("start")) and _is_whole(entry.get("end")) and entry["start"] < entry["end"]
    ]


def read_count(answer: Mapping[str, Any], name: str) -> int | None:
    """A count in `usage`."""
    usage = answer.get("usage")
    value = usage.get(name) if isinstance(usage, Mapping) else None
    return value if _is_whole(value) else None


def read_fraction(answer: Mapping[str, Any], name: str) -> float | None:
    """A number from 0 to 1."""
    value = answer.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value <= 1 else None


def read_texts(answer: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple([value for value in _list(answer.get(name)) if isinstance(value, str)])


def why_no_sentences(answer: Mapping[str, Any]) -> str | None:
    """Why there is no sentence to hold against evidence, or None when there is one."""
    if read_sentences(answer):
        return None
    claims_nothing = answer.get("verdict") == "abstained" or not str(answer.get("text") or "").strip()
    return "nothing is said" if claims_nothing else "the answer is not split into sentences"


def not_scored(metrics: Sequence[str], reason: str) -> dict[str, Score]:
    return {metric: Score(None, reason) for metric in metrics}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in _list(value) if isinstance(entry, Mapping)]


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
