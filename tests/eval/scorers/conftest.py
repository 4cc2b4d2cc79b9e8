"""A corpus of two small documents, and short ways to say a case and an answer."""

from collections.abc import Callable
from typing import Any

import pytest

from eval.cases import AnswerPoint, Evidence, GoldCase, QuoteRef, WrongClaim
from eval.results import CorpusDocument

BRIDGE = "The bridge opened on 3 May 1932. It is 503 metres long. Nobody has swum under it."
BREAD = "Rye bread needs a sour starter. Bakers feed the starter twice a day."

Quote = tuple[str, str]
MakeCase = Callable[..., GoldCase]
MakeAnswer = Callable[..., dict[str, Any]]


@pytest.fixture
def documents() -> dict[str, CorpusDocument]:
    """`bridge.txt` has a publisher and a date, `bread.txt` only its name."""
    return {
        "bridge.txt": CorpusDocument("bridge.txt", BRIDGE, "Bridges", "The Post", "1999-01-02"),
        "bread.txt": CorpusDocument("bread.txt", BREAD),
    }


@pytest.fixture
def make_case() -> MakeCase:
    """`evidence` is a list of pieces, each a list of alternatives (source, quote)."""

    def make(
        verdict: str = "answered",
        *,
        evidence: list[list[Quote]] | None = None,
        points: list[tuple[str, ...]] | None = None,
        must_not: list[str] | None = None,
        **fields: Any,
    ) -> GoldCase:
        return GoldCase(
            **{
                "id": "one",
                "question": "How long?",
                "type": "single_fact",
                "verdict": verdict,
                "answer_points": tuple(AnswerPoint(forms[0], forms) for forms in points or ()),
                "evidence": tuple(
                    Evidence(tuple(QuoteRef(*quote) for quote in alternatives)) for alternatives in evidence or ()
                ),
                "must_not": tuple(WrongClaim(f"it is {form}", (form,)) for form in must_not or ()),
                **fields,
            }
        )

    return make


@pytest.fixture
def make_answer(documents: dict[str, CorpusDocument]) -> MakeAnswer:
    """`says` is a list of (sentence, markers), `cites` of (source, quote) with markers 1, 2 ..., `shows` of spans."""

    def make(
        says: list[tuple[str, list[int]]] | None = None,
        *,
        cites: list[Quote] | None = None,
        shows: list[tuple[str, int, int]] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        return {
            "verdict": "answered",
            "text": " ".join(text for text, _ in says or ()),
            "sentences": [{"text": text, "citations": markers} for text, markers in says or ()],
            "citations": [
                {
                    "marker": marker,
                    "source": source,
                    "start": documents[source].text.index(quote) if source in documents else 0,
                    "end": documents[source].text.index(quote) + len(quote) if source in documents else len(quote),
                    "quote": quote,
                }
                for marker, (source, quote) in enumerate(cites or (), start=1)
            ],
            "passages": [{"source": source, "start": start, "end": end} for source, start, end in shows or ()],
            **fields,
        }

    return make
