"""What was found and read in, the source sentences that answer out, quoted exactly and attributed: no model needed."""

import re
from collections.abc import Iterator, Sequence

from rag.answering.citations import DraftSentence, Quote
from rag.answering.dating import published_day
from rag.answering.disputes import Dispute
from rag.answering.orders import gives_orders
from rag.answering.quoting import quote_sentences
from rag.answering.ranking import ON_TOPIC, Scored
from rag.text import content_stems, is_statement
from rag.types import SentenceHit

MODEL = "extractive"
MOST_SENTENCES = 3

_MARGIN = 2.0  # log-odds below the best sentence at which another may still be said
_SAME_SHARE = 0.6  # of a sentence's words that another has: it adds nothing
_LEANING = re.compile(  # on what was said before it
    r"[“\"']?(?:(?:He|She|It|They|His|Her|Its|Their|These|Those|This|That|Such|Both)\b|"
    r"The (?:(?:two|three|four|five|six|same|latter|former|new|joint)\s+)*(?:agenc(?:y|ies)|agreement|association|bill|"
    r"board|club|committee|compan(?:y|ies)|council|couple|court|decision|deal|firms?|groups?|judges?|law|letter|m[ae]n|"
    r"measures?|ministers?|ministry|move|officials?|order|organi[sz]ations?|pair|parties|plan|president|project|"
    r"prosecutors?|proposal|report|ruling|statement|study|team|trio|wom[ae]n)\b)"
)
_SPECIFIC = re.compile(r"(?<!^)\b(?:[A-Z][\w'’-]+|\d[\d.,]*\d|\d)")
_NAMED = re.compile(r"(?<!^)\b[A-Z][\w'’-]+")


def draft_answer(
    ranked: Sequence[Scored], agreeing: Sequence[Scored] = (), *, newest_first: bool = False
) -> list[DraftSentence]:
    """The best of `ranked`, up to three: what is nearly as good and adds something, and another document's word.

    A sentence of another document that names the same answer, also one of `agreeing`, is said even when it scores less:
    a reader trusts two sources more than one. One that says the same is cited beside the first instead. `newest_first`
    puts the newest document's sentence first among those nearly as good.
    """
    near = [candidate for candidate in ranked if candidate.score >= ranked[0].score - _MARGIN]
    if newest_first:
        near.sort(key=lambda candidate: published_day(candidate.hit.document), reverse=True)
    best = near[0]
    near = [candidate for candidate in near if candidate.dated >= best.dated]
    others = [*ranked, *agreeing]
    second_word = next((candidate for candidate in others if _corroborates(candidate, best)), None)
    chosen: list[Scored] = []
    for candidate in [best, *([second_word] if second_word else []), *near]:
        if len(chosen) < MOST_SENTENCES and not any(_repeats(candidate, said) for said in chosen):
            chosen.append(candidate)
    return list(_drafts(chosen, others))


def draft_dispute(dispute: Dispute) -> list[DraftSentence]:
    """Its sides, each in its own words alone."""
    return [quote_sentences(side.hit.document, [side.sentence]) for side in dispute.sides]


def _drafts(chosen: Sequence[Scored], others: Sequence[Scored]) -> Iterator[DraftSentence]:
    """One for each of the chosen, but for those that were said as the context of one before."""
    said: set[tuple[str, int]] = set()
    for candidate in chosen:
        document = candidate.hit.document
        if (document.document_id, candidate.sentence.start) not in said:
            together = [
                one
                for one in _with_context(candidate)
                if one is candidate.sentence or (document.document_id, one.start) not in said
            ]
            said.update((document.document_id, one.start) for one in together)
            yield quote_sentences(document, together, agreeing=_same_elsewhere(candidate, others))


def _with_context(candidate: Scored) -> list[SentenceHit]:
    """The sentence, after the one before it if it leans on that ("He …", "The three groups …") and that has a name."""
    sentence = candidate.sentence
    if _LEANING.match(sentence.text):
        before = [one for one in candidate.hit.sentences if one.end <= sentence.start][-1:]
        if before and _is_context(before[0].text):
            return [*before, sentence]
    return [sentence]


def _is_context(sentence: str) -> bool:
    return is_statement(sentence) and _NAMED.search(sentence) is not None and not gives_orders(sentence)


def _same_elsewhere(candidate: Scored, others: Sequence[Scored]) -> list[Quote]:
    """The sentence of one other document that says the same in the same words: any other may say the opposite."""
    own = content_stems(candidate.sentence.text)
    for other in others:
        document, said = other.hit.document, other.sentence
        if document.document_id != candidate.hit.document.document_id and content_stems(said.text) == own:
            return [Quote(document, said.start, said.end, said.text)]
    return []


def _corroborates(candidate: Scored, best: Scored) -> bool:
    shared = len(candidate.holds & best.holds)
    return (
        candidate.hit.document.document_id != best.hit.document.document_id
        and candidate.dated > 0
        and candidate.coverage >= ON_TOPIC
        and shared >= 2
        and shared >= 0.5 * min(len(candidate.holds), len(best.holds))
    )


def _repeats(candidate: Scored, other: Scored) -> bool:
    """Whether it says little that the other does not, and names and counts nothing else."""
    shared = len(candidate.stems & other.stems)
    news = set(_SPECIFIC.findall(candidate.sentence.text)) - set(_SPECIFIC.findall(other.sentence.text))
    return shared >= _SAME_SHARE * min(len(candidate.stems), len(other.stems)) and not news
