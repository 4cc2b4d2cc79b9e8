"""An answer in; whether the passages its sentences cite say what they say, by the engine's own scorer, out.

Where citation recall holds a sentence against the quotes alone, this holds it against the passages around them: what a
reader of the source would see. A sentence whose quote is too narrow is grounded; one that is made up is neither.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.cases import GoldCase
from eval.metrics import SourceSpan
from eval.results import CorpusDocument, Score
from eval.scorers.evidence import cited_span, proof, stated
from eval.scorers.reading import CitedQuote, not_scored, read_citations, read_passages, read_sentences, why_no_sentences
from rag.answering.quoting import without_notes
from rag.grounding import LEAST_SUPPORT, support

METRICS = ("grounded_share", "grounded_strict")


def score(case: GoldCase, answer: Mapping[str, Any], corpus: Mapping[str, CorpusDocument]) -> dict[str, Score]:
    """The share of sentences that their cited passages support, and whether all are."""
    if reason := why_no_sentences(answer):
        return not_scored(METRICS, reason)
    passages, citations = read_passages(answer) or [], read_citations(answer)
    proofs = {
        citation.marker: proof(citation, corpus, within=_passage(citation, passages, corpus)) for citation in citations
    }
    held = [
        support(
            without_notes(stated(sentence, citations, corpus)),
            [words for marker in sentence.markers if (words := proofs.get(marker))],
        )
        for sentence in read_sentences(answer)
    ]
    weak = [
        f"sentence {number} has support {value:.2f} < {LEAST_SUPPORT}"
        for number, value in enumerate(held, start=1)
        if value < LEAST_SUPPORT
    ]
    told = "; ".join(weak) or "every sentence is supported by its passages"
    return {
        "grounded_share": Score(1 - len(weak) / len(held), told),
        "grounded_strict": Score(float(not weak), told),
    }


def _passage(
    citation: CitedQuote, passages: Sequence[SourceSpan], corpus: Mapping[str, CorpusDocument]
) -> SourceSpan | None:
    """The first passage that the quote stands in."""
    span = cited_span(citation, corpus)
    return next(
        (
            passage
            for passage in passages
            if span and passage.source == span.source and passage.start <= span.start and span.end <= passage.end
        ),
        None,
    )
