"""Answerers planted over the real gold set and seeds: a perfect one, and one a kind of fault.

Each fault must score badly on the metric made for it, and leave alone the metrics that it does not concern.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from eval.cases import GoldCase, QuoteRef, load_cases
from eval.forms import holds_form
from eval.metrics import SourceSpan, figure, overlap
from eval.results import CaseResult, CorpusDocument, Run, RunInfo
from eval.scorers import METRICS, generation, score_case
from eval.scorers.evidence import label, locate_evidence
from eval.summary import Summary, summarise
from rag.text import is_statement, split_sentences
from rag.types import Span

ROOT = Path(__file__).parents[3]
NEGATION = re.compile(r"\b(?:not (?!only\b)|no (?=[a-z])|never |nor )")
NUMBER = re.compile(r"\d+")

Corpus = Mapping[str, CorpusDocument]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence and the span it cites."""

    text: str
    cites: SourceSpan


Fault = Callable[[Claim, GoldCase, Corpus], Claim | None]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    known = tomllib.loads((ROOT / "seeds" / "corpus.toml").read_text())["documents"]
    return {
        source: CorpusDocument(
            source,
            (ROOT / "seeds" / source).read_bytes().decode(),
            title=entry.get("title"),
            publisher=entry.get("publisher"),
            published=str(entry["published"]),
        )
        for source, entry in known.items()
    }


@pytest.fixture(scope="module")
def cases() -> list[GoldCase]:
    return load_cases(ROOT / "eval" / "gold" / "seeds.jsonl")


def test_a_perfect_answerer_has_every_score_there_is(cases: list[GoldCase], corpus: Corpus) -> None:
    provable = [case for case in cases if is_covered_by_quotes(case)]
    assert len(provable) > 0.8 * len(cases)  # the others need a date or name worked out, which no quote says
    summary = summary_of(provable, corpus, [perfect_answer(case, corpus) for case in provable])
    low = {"false_answer", "false_abstention", "false_dispute", "prompt_tokens", "completion_tokens", "dollars"}
    unmeasured = {"seconds", "short_answer_em", "short_answer_f1", *generation.METRICS}
    partly = {"recall@1", "char_precision", "char_iou"}  # two pieces are not in one passage; passages may overlap
    values = {metric: found.value for metric, found in summary.figures.items()}
    assert {metric: values[metric] for metric in METRICS if metric not in low | unmeasured | partly} == {
        metric: 1.0 for metric in METRICS if metric not in low | unmeasured | partly
    }
    assert {metric: values[metric] for metric in low} == dict.fromkeys(low, 0.0)
    one_piece = [case.id for case in provable if len(case.evidence) == 1]
    for metric in partly:
        assert {summary.scores[case_id][metric].value for case_id in one_piece} == {1.0}


def cites_the_wrong_sentence(claim: Claim, case: GoldCase, corpus: Corpus) -> Claim | None:
    """The sentence of the same document that shares fewest words with the claim and no character with the evidence."""
    gold = [place for piece in locate_evidence(case, corpus) for place in piece]
    said = set(claim.text.lower().split())
    text = corpus[claim.cites.source].text
    others = [SourceSpan(claim.cites.source, span.start, span.end) for span in statements(text)]
    wrong = [other for other in others if not any(overlap(other, place) for place in gold)]
    return Claim(
        claim.text, min(wrong, key=lambda other: len(said & set(text[other.start : other.end].lower().split())))
    )


def alters_a_number(claim: Claim, case: GoldCase, corpus: Corpus) -> Claim | None:
    """The last number of the quote with a 7 behind it: 3.8 becomes 3.87, 2025 becomes 20257."""
    quote = claim.text.partition(": ")[2]
    numbers = list(NUMBER.finditer(quote))
    if not numbers:
        return None
    altered = f"{quote[: numbers[-1].end()]}7{quote[numbers[-1].end() :]}"
    return Claim(claim.text.replace(quote, altered), claim.cites)


def drops_a_negation(claim: Claim, case: GoldCase, corpus: Corpus) -> Claim | None:
    return Claim(NEGATION.sub("", claim.text), claim.cites) if NEGATION.search(claim.text) else None


def adds_a_negation(claim: Claim, case: GoldCase, corpus: Corpus) -> Claim | None:
    added = re.sub(r"\b(is|are|was|were|has|have|would) (?!not)", r"\1 not ", claim.text, count=1)
    return Claim(added, claim.cites) if added != claim.text else None


def shifts_its_offsets(claim: Claim, case: GoldCase, corpus: Corpus) -> Claim | None:
    """One character further than the quote it shows; see `perfect_answer`."""
    return Claim(claim.text, SourceSpan(claim.cites.source, claim.cites.start + 1, claim.cites.end + 1))


FAULTS: list[tuple[Fault, dict[str, float], dict[str, float]]] = [
    # the fault, at most so much of what it must lose, at least so much of what it must keep
    (
        cites_the_wrong_sentence,
        {"citation_recall": 0.0, "citation_precision": 0.0, "evidence_hit": 0.0, "grounded_share": 0.0},
        {"citation_exact": 1.0, "verdict_correct": 1.0, "points_covered": 1.0, "char_recall": 1.0},
    ),
    (
        alters_a_number,
        {"citation_recall": 0.0, "citation_precision": 0.0, "grounded_share": 0.0, "grounded_strict": 0.0},
        {"citation_exact": 1.0, "verdict_correct": 1.0, "evidence_hit": 1.0},
    ),
    (
        drops_a_negation,
        {"citation_recall": 0.1, "citation_precision": 0.1, "grounded_share": 0.1, "grounded_strict": 0.1},
        {"citation_exact": 1.0, "verdict_correct": 1.0, "evidence_hit": 1.0},
    ),
    (
        adds_a_negation,
        {"citation_recall": 0.1, "citation_precision": 0.1, "grounded_share": 0.1, "grounded_strict": 0.1},
        {"citation_exact": 1.0, "verdict_correct": 1.0, "evidence_hit": 1.0},
    ),
    (shifts_its_offsets, {"citation_exact": 0.0}, {"citation_recall": 1.0, "evidence_hit": 1.0}),
]


@pytest.mark.parametrize(("fault", "loses", "keeps"), FAULTS, ids=[fault.__name__ for fault, _, _ in FAULTS])
def test_a_planted_fault_is_caught_by_the_metric_made_for_it(
    fault: Fault,
    loses: dict[str, float],
    keeps: dict[str, float],
    cases: list[GoldCase],
    corpus: Corpus,
) -> None:
    chosen, answers = [], []
    for case in cases:
        claims = [fault(claim, case, corpus) for claim in claims_of(case, corpus)]
        faulty = [claim for claim in claims if claim is not None]
        if faulty and is_covered_by_quotes(case):
            chosen.append(case)
            answers.append(perfect_answer(case, corpus, claims=faulty))
    assert len(chosen) >= 8
    scores = [
        score_case(case, CaseResult(case.id, answer, None, 0.1), corpus)
        for case, answer in zip(chosen, answers, strict=True)
    ]
    means = {metric: figure([one[metric].value or 0.0 for one in scores]).value for metric in (*loses, *keeps)}
    assert all(one[metric].value is not None for one in scores for metric in means)
    assert {metric: means[metric] for metric, most in loses.items() if (means[metric] or 0.0) > most} == {}
    assert {metric: means[metric] for metric, least in keeps.items() if (means[metric] or 0.0) < least} == {}


@pytest.mark.parametrize("fault", [drops_a_negation, alters_a_number, adds_a_negation])
def test_a_fault_in_any_sentence_of_the_seeds_is_caught(fault: Fault, cases: list[GoldCase], corpus: Corpus) -> None:
    caught, total = 0, 0
    for source, document in corpus.items():
        for span in statements(document.text):
            quote = document.text[span.start : span.end]
            claim = Claim(said_by(document, quote), SourceSpan(source, span.start, span.end))
            faulty = fault(claim, cases[0], corpus)
            if faulty is not None:
                answer = answer_of(cases[0], [faulty], corpus, "answered")
                scores = score_case(cases[0], CaseResult(cases[0].id, answer, None, 0.1), corpus)
                total += 1
                caught += scores["citation_recall"].value == 0
    assert total >= 10
    assert caught / total >= 0.9


def test_an_answerer_that_always_answers_fails_the_cases_without_an_answer(
    cases: list[GoldCase], corpus: Corpus
) -> None:
    answers = []
    for case in cases:
        quote = next(case.quotes, next(quote for other in cases for quote in other.quotes))
        answers.append(answer_of(case, [claim_of(quote, corpus)], corpus, "answered"))
    summary = summary_of(cases, corpus, answers)
    answerable = sum(case.verdict == "answered" for case in cases) / len(cases)
    assert summary.figures["false_answer"].value == 1.0
    assert summary.figures["false_abstention"].value == 0.0
    assert summary.figures["disputed_found"].value == 0.0
    assert summary.figures["verdict_correct"].value == pytest.approx(answerable)
    for metric in ("verdict_correct", "false_answer", "false_abstention", "disputed_found", "false_dispute"):
        assert summary.baselines["always_answer"][metric] == summary.figures[metric].value


def test_an_answerer_that_always_abstains_fails_the_cases_with_an_answer(cases: list[GoldCase], corpus: Corpus) -> None:
    summary = summary_of(cases, corpus, [answer_of(case, [], corpus, "abstained") for case in cases])
    unanswerable = sum(case.verdict == "abstained" for case in cases) / len(cases)
    assert summary.figures["false_abstention"].value == 1.0
    assert summary.figures["false_answer"].value == 0.0
    assert summary.figures["points_covered"].value == 0.0
    assert summary.figures["evidence_hit"].value == 0.0
    assert summary.figures["verdict_correct"].value == pytest.approx(unanswerable)
    assert summary.figures["citation_recall"].n == 0


def test_an_answerer_that_makes_the_wrong_claims_is_caught_at_each(cases: list[GoldCase], corpus: Corpus) -> None:
    tempted = [case for case in cases if case.must_not]
    assert len(tempted) >= 50
    answers = [
        {**answer_of(case, [], corpus, "answered"), "text": f"It is so: {case.must_not[-1].forms[-1]}."}
        for case in tempted
    ]
    assert summary_of(tempted, corpus, answers).figures["no_wrong_claims"].value == 0.0


@cache
def statements(text: str) -> list[Span]:
    return [span for span in split_sentences(text) if is_statement(text[span.start : span.end])]


def is_covered_by_quotes(case: GoldCase) -> bool:
    """Whether the first quotes of its evidence, said as they are, make every point and no wrong claim."""
    said = "\n".join(piece.any_of[0].quote for piece in case.evidence)
    return all(any(holds_form(said, form) for form in point.accepted) for point in case.answer_points)


def claims_of(case: GoldCase, corpus: Corpus) -> list[Claim]:
    """Every piece of evidence, quoted and attributed."""
    return [claim_of(piece.any_of[0], corpus) for piece in case.evidence]


def claim_of(reference: QuoteRef, corpus: Corpus) -> Claim:
    document = corpus[reference.source]
    start = document.text.index(reference.quote)
    return Claim(
        said_by(document, reference.quote),
        SourceSpan(reference.source, start, start + len(reference.quote)),
    )


def said_by(document: CorpusDocument, quote: str) -> str:
    return f"{label(document)} says: “{quote}”"


def perfect_answer(case: GoldCase, corpus: Corpus, *, claims: Sequence[Claim] | None = None) -> dict[str, Any]:
    """The gold verdict, its evidence retrieved first, and every piece of it said and cited, or `claims` instead."""
    right = claims_of(case, corpus)
    answer = answer_of(case, right if claims is None else claims, corpus, case.verdict)
    answer["passages"] = [{"source": at.source, "start": at.start, "end": at.end} for at in (c.cites for c in right)]
    quotes = {
        claim.cites.start: corpus[claim.cites.source].text[claim.cites.start : claim.cites.end] for claim in right
    }
    for citation in answer["citations"]:  # shifted offsets keep the quote they were made of
        citation["quote"] = quotes.get(citation["start"] - 1, citation["quote"])
    return answer


def answer_of(case: GoldCase, claims: Sequence[Claim], corpus: Corpus, verdict: str) -> dict[str, Any]:
    numbered = list(enumerate(claims, start=1))
    return {
        "question": case.question,
        "verdict": verdict,
        "text": " ".join(f"{claim.text} [{marker}]" for marker, claim in numbered),
        "sentences": [{"text": claim.text, "citations": [marker]} for marker, claim in numbered],
        "citations": [
            {
                "marker": marker,
                "source": claim.cites.source,
                "start": claim.cites.start,
                "end": claim.cites.end,
                "quote": corpus[claim.cites.source].text[claim.cites.start : claim.cites.end],
            }
            for marker, claim in numbered
        ],
        "passages": [],
        "model": "extractive",
        "usage": {"prompt_tokens": 0, "completion_tokens": 0},
        "timings_ms": {"retrieve": 1.0},
    }


def summary_of(cases: Sequence[GoldCase], corpus: Corpus, answers: Sequence[Mapping[str, Any]]) -> Summary:
    info = RunInfo("planted", "0", "2025-01-01T00:00:00Z", "answers", {}, "seeds.jsonl", "0")
    results = [CaseResult(case.id, answer, None, 0.1) for case, answer in zip(cases, answers, strict=True)]
    return summarise(cases, Run(Path("planted"), info, results, corpus))
