"""A model's sentence and the numbered passages in; the sentence with the exact spans that prove it, or why not, out.

Each citation is narrowed to the sentence of its passage that supports the claim best, with the one before it where it
leans on that. A missing or wrong number is mended from the other passages; what no passage says is dropped.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.answering.citations import DraftSentence
from rag.answering.filtering import plain_text
from rag.answering.generation.bearing import as_written, bearing
from rag.answering.generation.bylines import find_byline
from rag.answering.generation.markers import split_at_markers
from rag.answering.generation.places import Place, find_places
from rag.answering.generation.prompts import NumberedPassage
from rag.answering.quoting import noted_again
from rag.grounding import LEAST_SUPPORT, judge_support
from rag.grounding.names import find_names
from rag.text import content_stems, is_statement, words

Fate = Literal["kept", "repaired", "unsupported", "misattributed", "fragment", "repeated", "no_answer"]
"""What became of a sentence: the first two are said."""

_LOOKED_AT = 6  # places a claim is judged against
_NEAR = 0.85  # of the words that the nearest place shares with a claim
_NO_ANSWER = re.compile(
    r"(?:sorry,?\s)?(?:however,?\s|but\s)?(?:(?:the|these|none of the)\s)?(?:provided\s|given\s)?"
    r"(?:passages?|sources?|documents?|texts?)\s(?:\S+\s){0,3}?"
    r"(?:do(?:es)?\s?n[o'’]t|cannot|can['’]t|contains?\sno|give\sno|have\sno|(?:say|says|answers?|mentions?)\b)",
    re.IGNORECASE,
)
_OF_ITSELF = re.compile(  # what a model says of its prompt or its answer, not of the world
    r"(?:(?:the|this|these|each|both)\s(?:\w+\s)?passages?\b(?!\s(?:of|from|into|through|to)\b)|passages?\s\W?\d|(?:the|my|this)\sanswer\s(?:to\b.{0,80}\s)?is\b"
    r"|(?:the|this)\s(?:sentence|question|statement)\s(?:is|was|says|asks)\s?:)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"\s*(?:;|,\s(?:and|but|while|whereas|though|although)\b)\s*")
_JOINT = re.compile(r"^[\s,;]*(?:(?:and|but|while|whereas|though|although)\s)?")
_LEAST_CLAUSE_WORDS = 2  # that carry content


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a sentence, and, where it may be said, its draft with the spans it rests on."""

    fate: Fate
    draft: DraftSentence | None = None


@dataclass(frozen=True, slots=True)
class _Proof:
    claim: str
    places: tuple[Place, ...]
    repaired: bool


class Verifier:
    """Checks the sentences of one answer against the passages its model was shown."""

    def __init__(self, passages: Sequence[NumberedPassage]) -> None:
        self._documents = list({passage.document.document_id: passage.document for passage in passages}.values())
        self._places = find_places(passages)
        names = (name for place in self._places for text in place.texts for name in find_names(text))
        self._known_names = frozenset(word for name in names for word in words(" ".join(name)))
        self._said: set[tuple[str, ...]] = set()

    def check(self, sentence: str) -> Checked:
        """`sentence` is one of `rag.answering.generation.sentences`; the draft's text is plain text without markers."""
        stretches = split_at_markers(sentence)
        text = plain_text("".join(stretch.text for stretch in stretches))
        if _NO_ANSWER.match(text):
            return Checked("no_answer")
        if not is_statement(text) or _OF_ITSELF.match(text):
            return Checked("fragment")
        if tuple(words(text)) in self._said:
            return Checked("repeated")
        parts = [(plain_text(one.text), one.numbers) for one in stretches]
        if len(parts) < 2 or not all(_is_clause(part) for part, _ in parts):
            parts = [(text, tuple(number for _, numbers in parts for number in numbers))]
        proofs: list[_Proof] = []
        for part, numbers in parts:
            found = self._prove(_JOINT.sub("", part), numbers)
            if isinstance(found, str):
                return Checked(found)
            proofs += found
        days = [when for proof in proofs for place in proof.places for _, when in place.readings]
        draft = _draft(noted_again(text, days), proofs)
        judged = judge_support(draft.claim, [quote.text for quote in draft.quotes])
        if judged.label != "supported":  # where people cannot tell either, a document's own words are the better answer
            return Checked("unsupported")
        self._said.add(tuple(words(text)))
        return Checked("repaired" if any(proof.repaired for proof in proofs) else "kept", draft)

    def _prove(self, text: str, numbers: Sequence[int]) -> list[_Proof] | Fate:
        """Each source that a byline names must say it; "Amnesty said …" may also stand in another's text."""
        byline = find_byline(text, self._documents)
        if byline is None:
            return self._prove_claim(text, self._places, numbers) or "unsupported"
        proofs: list[_Proof] = []
        for name in byline.names:
            own = [place for place in self._places if byline.fits(name, place.document)]
            found = self._prove_claim(byline.claim, own, numbers)
            if not found:
                elsewhere = self._prove_claim(text, self._places, numbers, strictly=True)
                return elsewhere or (
                    "misattributed" if self._prove_claim(byline.claim, self._places, ()) else "unsupported"
                )
            proofs += found
        return proofs

    def _prove_claim(
        self, claim: str, places: Sequence[Place], numbers: Sequence[int], *, strictly: bool = False
    ) -> list[_Proof]:
        """A proof of every clause of the claim; none when one has none."""
        proofs: list[_Proof] = []
        for clause in _clauses(claim):
            proof = self._prove_clause(clause, places, numbers, strictly=strictly)
            if proof is None:
                return []
            proofs.append(proof)
        return proofs

    def _prove_clause(
        self, claim: str, places: Sequence[Place], numbers: Sequence[int], *, strictly: bool
    ) -> _Proof | None:
        """By the best place of each passage cited, else of any.

        Only places nearest to the claim count, those of all passages that share most words with it: where the nearest
        has another number or denies it, one farther off that merely fits proves nothing.
        """
        wanted = frozenset(content_stems(claim))
        least = _NEAR * max((len(wanted & place.stems) for place in self._places), default=0)
        near = [place for place in places if len(wanted & place.stems) >= least]
        near.sort(key=lambda place: (place.number not in numbers, -len(wanted & place.stems), len(place.sentences)))
        best: dict[int, tuple[float, Place]] = {}
        for place in near[:_LOOKED_AT]:
            score = bearing(claim, place, known_names=self._known_names, strictly=strictly)
            if score >= LEAST_SUPPORT and (place.number not in best or score > best[place.number][0]):
                best[place.number] = (score, place)
        if not best:
            return None
        cited = tuple(best[number][1] for number in numbers if number in best)
        chosen = cited or (max(best.values(), key=lambda one: one[0])[1],)
        return _Proof(as_written(claim, chosen[0]), chosen, repaired=not cited)


def _clauses(claim: str) -> list[str]:
    """Its parts that are told apart; the claim itself when one would be too short to say anything."""
    parts = [part for part in _CLAUSE.split(claim) if part]
    return parts if all(map(_is_clause, parts)) else [claim]


def _is_clause(text: str) -> bool:
    return len(content_stems(text)) >= _LEAST_CLAUSE_WORDS


def _draft(text: str, proofs: Sequence[_Proof]) -> DraftSentence:
    quotes = [quote for proof in proofs for place in proof.places for quote in place.quotes()]
    return DraftSentence(text, " ".join(proof.claim for proof in proofs), tuple(dict.fromkeys(quotes)))
