"""A case and its answer in; which facts the answer states, whether a wrong claim is among them, and EM/F1 out."""

import re
import string
from collections import Counter
from collections.abc import Mapping
from typing import Any

from eval.cases import GoldCase
from eval.forms import holds_form
from eval.results import CorpusDocument, Score
from eval.scorers.evidence import stated
from eval.scorers.reading import read_citations, read_sentences, why_no_sentences
from rag.answering.quoting import without_notes

METRICS = ("points_covered", "no_wrong_claims", "short_answer_em", "short_answer_f1")
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def score(case: GoldCase, answer: Mapping[str, Any], corpus: Mapping[str, CorpusDocument]) -> dict[str, Score]:
    """Answer points by their accepted forms, wrong claims by theirs, SQuAD's scores where there is a short answer."""
    said = said_text(answer, corpus)
    return {
        "points_covered": _points(case, said),
        "no_wrong_claims": _no_wrong_claims(case, said),
        **_short_answer(case, answer),
    }


def said_text(answer: Mapping[str, Any], corpus: Mapping[str, CorpusDocument]) -> str:
    """What the answer states: its sentences without attributions. An abstention states nothing, however worded.

    A note in brackets is said too, and what it parts is also read without it: "on Thursday [4 September 2025] in court"
    says both "4 September 2025" and "on Thursday in court".
    """
    if why_no_sentences(answer) is not None:
        return "" if answer.get("verdict") == "abstained" else str(answer.get("text") or "")
    citations = read_citations(answer)
    said = [stated(sentence, citations, corpus) for sentence in read_sentences(answer)]
    return "\n".join(dict.fromkeys(reading for words in said for reading in (words, without_notes(words))))


def short_answer_scores(given: str, accepted: tuple[str, ...]) -> tuple[float, float]:
    """SQuAD's exact match and F1, the best over the accepted answers.

    Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text" (2016), with the normalisation of
    its evaluation script: lower case, then no ASCII punctuation, no articles, single spaces. F1 = 2PR / (P + R) over
    words with their repetitions; where one side is empty, 1 if both are, as in SQuAD 2.0.
    """
    return (
        max(float(normalised(given) == normalised(one)) for one in accepted),
        max(_f1(normalised(given).split(), normalised(one).split()) for one in accepted),
    )


def normalised(text: str) -> str:
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def _points(case: GoldCase, said: str) -> Score:
    if not case.answer_points:
        return Score(None, "no answer is expected" if case.verdict == "abstained" else "the case lists no points")
    missing = [
        repr(point.point) for point in case.answer_points if not any(holds_form(said, form) for form in point.accepted)
    ]
    total = len(case.answer_points)
    covered = total - len(missing)
    told = f"{covered} of {total} point{'s' if total > 1 else ''}"
    if not said.strip():
        return Score(0.0, f"{told}: nothing is said")
    return Score(covered / total, f"{told}: missing {', '.join(missing)}" if missing else told)


def _no_wrong_claims(case: GoldCase, said: str) -> Score:
    if not case.must_not:
        return Score(None, "the case lists no wrong claims")
    for wrong in case.must_not:
        if found := next((form for form in wrong.forms if holds_form(said, form)), None):
            return Score(0.0, f"says {found!r}: {wrong.claim}")
    return Score(1.0, "no listed wrong claim is made" if said.strip() else "nothing is said")


def _short_answer(case: GoldCase, answer: Mapping[str, Any]) -> dict[str, Score]:
    given = answer.get("short_answer")
    if not case.short_answer:
        score = Score(None, "the case has no short answer")
        return {"short_answer_em": score, "short_answer_f1": score}
    if not isinstance(given, str):
        score = Score(None, "the answer gives no short answer")
        return {"short_answer_em": score, "short_answer_f1": score}
    exact, f1 = short_answer_scores(given, case.short_answer)
    reason = f"{given!r}, expected {' or '.join(map(repr, case.short_answer))}"
    return {"short_answer_em": Score(exact, reason), "short_answer_f1": Score(f1, reason)}


def _f1(given: list[str], expected: list[str]) -> float:
    shared = sum((Counter(given) & Counter(expected)).values())
    if not given or not expected:
        return float(given == expected)
    return 2 * shared / (len(given) + len(expected))
