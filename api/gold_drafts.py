"""Feedback in, drafts of gold cases out: what `attest eval gold check` reads, once somebody has judged them.

A draft repeats what was answered: its verdict and its citations are the answer's own, which is what there is to judge.
Facts are never drafted, lest a set agree with whatever was said. `eval` may not be imported from here; a test holds
the two together.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from api.feedback import Feedback

_TYPES: Mapping[str, str] = {
    "answered": "single_fact",
    "partial": "partial",
    "disputed": "conflict",
    "abstained": "unanswerable_near_miss",
}


def draft_cases(given: Iterable[Feedback]) -> list[dict[str, Any]]:
    """A draft for each question and answer, in the order of their first feedback; `note` has what readers said.

    A follow-up is drafted as it was understood, so that it stands alone.
    """
    together: dict[tuple[str, str], list[Feedback]] = {}
    for one in given:
        if question := _question(one).strip():
            together.setdefault((question, str((one.answer or {}).get("text"))), []).append(one)
    return [_draft(question, answers) for (question, _), answers in together.items()]


def _draft(question: str, given: list[Feedback]) -> dict[str, Any]:
    answer = next((one.answer for one in given if one.answer), {})
    said = answer.get("verdict")
    verdict = said if isinstance(said, str) and said in _TYPES else "answered"
    evidence = [] if verdict == "abstained" else [{"any_of": [quote]} for quote in _quotes(answer)]
    told = f"{question}\n{answer.get('text')}".encode(errors="replace")
    return {
        "id": f"feedback-{hashlib.sha256(told).hexdigest()[:12]}",
        "question": question,
        "type": _TYPES[verdict],
        "verdict": verdict,
        **({"evidence": evidence} if evidence else {}),
        "note": "; ".join(_remarks(given)),
    }


def _question(given: Feedback) -> str:
    understood = (given.answer or {}).get("standalone_question")
    return understood if isinstance(understood, str) else given.question


def _quotes(answer: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Those of the citations that can be read: an answer that came over HTTP is whatever a client sent."""
    citations = answer.get("citations")
    for citation in citations if isinstance(citations, list) else ():
        match citation:
            case {"source": str(source), "quote": str(quote)} if source.strip() and quote.strip():
                yield {"source": source, "quote": quote}


def _remarks(given: Iterable[Feedback]) -> list[str]:
    """One for each reader and rating, with the last comment: who presses a button often comments afterwards."""
    remarks: dict[tuple[str, str], str] = {}
    for one in given:
        key = (one.owner or one.feedback_id, one.rating)
        if one.comment or key not in remarks:
            remarks[key] = f"{one.rating} on {one.given_at[:10]}{f': {one.comment}' if one.comment else ''}"
    return list(remarks.values())
