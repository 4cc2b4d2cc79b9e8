"""A case and its answer's citations in; whether they are exact, enough, needed and of the right evidence out."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.cases import GoldCase
from eval.results import CorpusDocument, Score
from eval.scorers.evidence import (
    cited_span,
    is_cited,
    locate_evidence,
    proof,
    stated,
    why_no_evidence,
    why_not_exact,
)
from eval.scorers.reading import SaidSentence, not_scored, read_citations, read_sentences, why_no_sentences
from rag.answering.quoting import without_notes
from rag.grounding import LEAST_SUPPORT, support

METRICS = ("citation_exact", "citation_recall", "citation_precision", "evidence_hit")


def score(case: GoldCase, answer: Mapping[str, Any], corpus: Mapping[str, CorpusDocument]) -> dict[str, Score]:
    """Exactness, ALCE's citation recall and precision, and whether gold evidence is cited."""
    return {
        "citation_exact": _exact(answer, corpus),
        **_alce(answer, corpus),
        "evidence_hit": _evidence_hit(case, answer, corpus),
    }


def _exact(answer: Mapping[str, Any], corpus: Mapping[str, CorpusDocument]) -> Score:
    """The share of citations with text[start:end] == quote, a hard promise. A marker without a citation breaks it."""
    citations = read_citations(answer)
    known = {citation.marker for citation in citations}
    used = dict.fromkeys(marker for sentence in read_sentences(answer) for marker in sentence.markers)
    wrong = [reason for citation in citations if (reason := why_not_exact(citation, corpus))]
    wrong += [f"marker [{marker}] has no citation" for marker in used if marker not in known]
    total = len(citations) + sum(marker not in known for marker in used)
    if not total:
        return Score(None, "nothing is cited")
    return Score((total - len(wrong)) / total, "; ".join(wrong) or "every quote is at its offsets")


def _alce(answer: Mapping[str, Any], corpus: Mapping[str, CorpusDocument]) -> dict[str, Score]:
    """Gao et al., "Enabling Large Language Models to Generate Text with Citations" (2023, arXiv 2305.14627), section 4,
    where "entails" is the engine's support of at least its own threshold."""
    if reason := why_no_sentences(answer):
        return not_scored(("citation_recall", "citation_precision"), reason)
    citations = read_citations(answer)
    proofs = {citation.marker: proof(citation, corpus) for citation in citations}
    sentences = [
        SaidSentence(without_notes(stated(said, citations, corpus)), said.markers) for said in read_sentences(answer)
    ]
    proved = [_support(sentence.text, sentence.markers, proofs) for sentence in sentences]
    unproved = [
        f"sentence {number} has support {supported:.2f} < {LEAST_SUPPORT}" if sentence.markers else
        f"sentence {number} cites nothing"
        for number, (sentence, supported) in enumerate(zip(sentences, proved, strict=True), start=1)
        if supported < LEAST_SUPPORT
    ]  # fmt: skip
    share = 1 - len(unproved) / len(sentences)
    return {
        "citation_recall": Score(share, "; ".join(unproved) or "every sentence follows from what it cites"),
        "citation_precision": _precision(sentences, proved, proofs),
    }


def _precision(sentences: Sequence[SaidSentence], proved: Sequence[float], proofs: Mapping[int, str]) -> Score:
    useless = []
    for number, (sentence, supported) in enumerate(zip(sentences, proved, strict=True), start=1):
        for marker in sentence.markers:
            others = [other for other in sentence.markers if other != marker]
            alone = _support(sentence.text, [marker], proofs) >= LEAST_SUPPORT
            if supported < LEAST_SUPPORT:
                useless.append(f"[{marker}] is behind sentence {number}, which does not follow")
            elif not alone and _support(sentence.text, others, proofs) >= LEAST_SUPPORT:
                useless.append(f"[{marker}] adds nothing to sentence {number}")
    total = sum(len(sentence.markers) for sentence in sentences)
    if not total:
        return Score(None, "nothing is cited")
    return Score(1 - len(useless) / total, "; ".join(useless) or "every citation is needed or enough alone")


def _support(claim: str, markers: Sequence[int], proofs: Mapping[int, str]) -> float:
    return support(claim, [words for marker in markers if (words := proofs.get(marker))])


def _evidence_hit(case: GoldCase, answer: Mapping[str, Any], corpus: Mapping[str, CorpusDocument]) -> Score:
    """1 when a cited span and a gold quote share at least half of the shorter one."""
    pieces = locate_evidence(case, corpus)
    if reason := why_no_evidence(case, pieces):
        return Score(None, reason)
    spans = {citation.marker: cited_span(citation, corpus) for citation in read_citations(answer)}
    for marker, span in spans.items():
        for place in (place for piece in pieces for place in piece):
            if span and is_cited(place, span):
                return Score(1.0, f"[{marker}] overlaps the evidence at {place.start}-{place.end} of {place.source}")
    return Score(0.0, "no citation overlaps the evidence" if spans else "nothing is cited")
