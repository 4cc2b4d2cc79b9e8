"""Gold quotes and citations in, where they really stand in the documents out, and what a citation may prove with."""

from collections.abc import Mapping, Sequence

from eval.cases import Evidence, GoldCase
from eval.metrics import SourceSpan, overlap
from eval.results import CorpusDocument
from eval.scorers.reading import CitedQuote, SaidSentence
from rag.answering.quoting import claim_of, with_notes
from rag.types import DocumentInfo

Piece = list[SourceSpan]
"""Every place that gives one needed piece of evidence: any alternative, wherever it occurs."""
_LEAST_SHARE = 0.5  # of a quote
_SHOWN_CHARS = 60


def locate_evidence(case: GoldCase, corpus: Mapping[str, CorpusDocument]) -> list[Piece]:
    """The places of each piece of evidence; none for a piece that is in none of these documents."""
    return [
        [
            SourceSpan(reference.source, start, start + len(reference.quote))
            for reference in piece.any_of
            if reference.source in corpus
            for start in _occurrences(reference.quote, corpus[reference.source].text)
        ]
        for piece in case.evidence
    ]


def why_no_evidence(case: GoldCase, pieces: list[Piece]) -> str | None:
    """Why answers to `case` cannot be held against evidence, or None when they can."""
    if not case.evidence:
        return "no evidence is expected for an abstention" if case.verdict == "abstained" else "the case has none"
    missing = next((piece for piece, places in zip(case.evidence, pieces, strict=True) if not places), None)
    return f"the run's documents do not hold the evidence {shown_piece(missing)}" if missing else None


def is_cited(place: SourceSpan, span: SourceSpan) -> bool:
    """Whether a cited span hits a gold quote: they share at least half of the shorter one."""
    return overlap(span, place) >= _LEAST_SHARE * min(span.end - span.start, place.end - place.start)


def rank_of(piece: Piece, passages: Sequence[SourceSpan]) -> int | None:
    """The rank, from 1, of the first passage that holds at least half of one of the piece's quotes."""
    return next(
        (
            rank
            for rank, passage in enumerate(passages, start=1)
            if any(overlap(passage, place) >= _LEAST_SHARE * (place.end - place.start) for place in piece)
        ),
        None,
    )


def why_not_exact(citation: CitedQuote, corpus: Mapping[str, CorpusDocument]) -> str | None:
    """What is wrong with the citation's offsets, or None when `text[start:end] == quote`."""
    name = f"citation {citation.marker}"
    if citation.source not in corpus:
        return f"{name}'s source {citation.source!r} is none of the run's documents"
    if citation.start is None or citation.end is None:
        return f"{name} gives no offsets"
    exact = 0 <= citation.start < citation.end and (
        corpus[citation.source].text[citation.start : citation.end] == citation.quote
    )
    return None if exact else f"{name}'s quote is not at {citation.start}-{citation.end} of {citation.source}"


def cited_span(citation: CitedQuote, corpus: Mapping[str, CorpusDocument]) -> SourceSpan | None:
    """Where the quote stands: at its offsets, else where its document first has it; None when that has it nowhere."""
    if citation.start is not None and citation.end is not None and why_not_exact(citation, corpus) is None:
        return SourceSpan(citation.source, citation.start, citation.end)
    document = corpus.get(citation.source)
    start = document.text.find(citation.quote) if document and citation.quote else -1
    return SourceSpan(citation.source, start, start + len(citation.quote)) if start >= 0 else None


def proof(citation: CitedQuote, corpus: Mapping[str, CorpusDocument], *, within: SourceSpan | None = None) -> str:
    """The citation's words as evidence, "who says it: what" and when, as the engine proves; empty when it made them up.

    "Thursday" is noted as the day that it was, which a reader sees from the date beside the quote.

    A quote of a document that the run does not have cannot be checked: it is taken as given, without a "who".
    `within` is a wider span to take the words from, the passage around the quote.
    """
    document = corpus.get(citation.source)
    if document is None:
        return citation.quote
    span = within or cited_span(citation, corpus)
    words = with_notes(document.text[span.start : span.end], document.published) if span else ""
    return f"{label(document)}: {words}" if words else ""


def label(document: CorpusDocument) -> str:
    """The attribution that the engine puts before a quote."""
    return DocumentInfo(
        document_id="",
        version="",
        source=document.source,
        title=document.title,
        publisher=document.publisher,
        published=document.published,
    ).label


def stated(sentence: SaidSentence, citations: Sequence[CitedQuote], corpus: Mapping[str, CorpusDocument]) -> str:
    """What the sentence claims: its text without the attribution of a document it cites, which claims nothing.

    Left in, a long title would carry any short sentence past the threshold, since the evidence has it too; and
    "CNN (2025-09-04) says: …" would answer "in which year?" with 2025.
    """
    cited = (c for c in citations if c.marker in sentence.markers and c.source in corpus)
    return claim_of(sentence.text, [label(corpus[citation.source]) for citation in cited])


def shown_piece(piece: Evidence) -> str:
    """A piece by the start of its first quote."""
    quote = " ".join(piece.any_of[0].quote.split()) if piece.any_of else ""
    return f"“{quote if len(quote) <= _SHOWN_CHARS else quote[: _SHOWN_CHARS - 1] + '…'}”"


def _occurrences(quote: str, text: str) -> list[int]:
    found = []
    start = text.find(quote) if quote else -1
    while start >= 0:
        found.append(start)
        start = text.find(quote, start + 1)
    return found
