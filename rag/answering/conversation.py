"""A follow-up question and the conversation before it in, a question that can be read alone out, by rule.

The rules are told in docs/follow-ups.md. Each question of the conversation is made standalone in its turn, so that a
follow-up of a follow-up finds what it leans on. What nothing points back at stays as it is, character for character.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.follow_ups.ellipsis import fill_in, replace_part
from rag.answering.follow_ups.names import said_by_other
from rag.answering.follow_ups.pointers import points_back
from rag.answering.follow_ups.pronouns import Referred, refer
from rag.answering.follow_ups.topic import Topic, joined
from rag.protocols import Message
from rag.text import content_stems, split_sentences, words

_MOST_TURNS = 12  # six questions and their answers
_MOST_QUESTION_CHARS = 1000  # the end of a longer turn holds what it asks
_MOST_ANSWER_CHARS = 2000
_MOST_SENTENCES = 3  # of a turn: "I read about the hoax. Who was behind it?"

_COURTESIES = frozenset(
    """a alright bye cheers cool fine good goodbye got great hello hey hi i it lot much nice ok okay perfect please
    right see so sure thank thanks very well wow yes you""".split()
)
_NTH = re.compile(
    r"\bthe (?P<nth>first|second|third|fourth|last|former|latter)(?: one)?(?=[?.!,]*$| (?:is|was|one)\b)", re.I
)
_PLACES_IN_LIST = {"first": 0, "former": 0, "second": 1, "third": 2, "fourth": 3, "latter": -1, "last": -1}


@dataclass(frozen=True, slots=True)
class Standalone:
    """A follow-up question made readable alone: `carried` is what was taken from the conversation, () if nothing."""

    text: str
    carried: tuple[str, ...] = ()


def make_standalone(question: str, history: Sequence[Message]) -> Standalone:
    """`question` with what it leans on in `history`, oldest turn first; itself where it leans on nothing.

    Looks at the last twelve turns and a bounded part of each, and never raises.
    """
    topic = Topic()
    listening = True
    for message in history[-_MOST_TURNS:]:
        if message.role == "user":
            asked = [said for said in _last_sentences(message.content) if not _is_courtesy(said)]
            listening = bool(asked)  # nothing is answered to "Thanks!"
            for said in asked:
                full = _rewrite(said, topic)
                topic = topic.asked(full.text, goes_on=bool(full.carried))
        elif message.role == "assistant" and listening:
            topic = topic.answered(said_by_other(message.content[:_MOST_ANSWER_CHARS]))
    if len(question) > _MOST_QUESTION_CHARS or _is_courtesy(question):
        return Standalone(question)
    rewritten = _rewrite(_without_courtesies(question), topic)
    return rewritten if rewritten.carried else Standalone(question)


def _rewrite(question: str, topic: Topic) -> Standalone:
    if not topic.question:
        referred = refer(question, topic)
        return Standalone(referred.text, referred.carried)
    who = joined(topic.told) if topic.asks_who else ""
    if full := fill_in(question, before=topic.question, answer=who):
        return Standalone(full, (topic.clause(who),))
    referred = refer(question, topic)
    if swapped := replace_part(referred.text, before=topic.question):
        return Standalone(swapped[0], (*referred.carried, *swapped[1]))
    return _choose(question, topic) or _bracket(referred, question, topic)


def _choose(question: str, topic: Topic) -> Standalone | None:
    """ "The second one", of the last names listed."""
    match = _NTH.search(question)
    if match is None or not (listed := topic.listed):
        return None
    place = _PLACES_IN_LIST[match["nth"].lower()]
    if place >= len(listed):
        return None
    name = listed[place].text
    text = f"{question[: match.start()]}{name}{question[match.end() :]}"
    return _beside(text, topic.clause(), carried=(name,))


def _bracket(referred: Referred, question: str, topic: Topic) -> Standalone:
    """With what the conversation is about in brackets, where `question` leans on more than its pronouns said."""
    leans = referred.unclear or (not referred.carried and points_back(_last_sentences(question)[-1], topic))
    clause = topic.clause() if leans else ""
    if topic.wanted and topic.wanted.text in referred.carried:  # "the banks": it stands in the question now
        said = topic.wanted.text.removeprefix("the ")
        clause = re.sub(rf"\b{re.escape(said)}\s*", "", clause, count=1)
    names = [name for name in referred.either if name.removeprefix("the ") not in clause]
    return _beside(referred.text, ", ".join([*filter(None, [clause]), *names]), carried=referred.carried)


def _beside(text: str, clause: str, *, carried: tuple[str, ...]) -> Standalone:
    if set(content_stems(clause)) <= set(content_stems(text)):
        return Standalone(text, carried)
    return Standalone(f"{text.rstrip()} ({clause})", (*carried, clause))


def _is_courtesy(text: str) -> bool:
    return set(words(text)) <= _COURTESIES


def _without_courtesies(question: str) -> str:
    """From the first sentence that is none: "Great, thanks. How long is it?" asks how long it is."""
    return next(
        (
            question[span.start :]
            for span in split_sentences(question)
            if not _is_courtesy(question[span.start : span.end])
        ),
        question,
    )


def _last_sentences(text: str) -> list[str]:
    text = text[-_MOST_QUESTION_CHARS:]
    return [text[span.start : span.end] for span in split_sentences(text)[-_MOST_SENTENCES:]]
