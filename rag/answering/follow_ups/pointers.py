"""A question and what the conversation is about in, whether it points back without a pronoun out: "who else?"."""

import re

from rag.answering.follow_ups.english import WORD, is_break, is_verb
from rag.answering.follow_ups.names import find_names
from rag.answering.follow_ups.topic import Topic
from rag.text import content_stems

_FEW_STEMS = 4  # a question of no more that has no name may lean on another
_MANY_STEMS = 5  # one of more that shares none with the last, "this language" or not, is about something else

_POINTER = re.compile(
    r"\b(?:else|altogether|in total|others|the rest|the former|the latter|neither|which ones?|one of|"
    r"the (?:first|second|third|fourth|last) (?:one)?|the other(?! \w+ of\b)|"
    r"both(?= (?:of|from|in|are|were|still)\b))(?=\W|$)",
    re.IGNORECASE,
)
_WEAK_POINTER = re.compile(r"\b(?:another|instead|the same|such an?|any more)\b", re.IGNORECASE)
_DEMONSTRATIVE = re.compile(r"\b(?:this|these|those|that)\b", re.IGNORECASE)
_SAYING = re.compile(
    r"(?:agree|announce|argue|believe|claim|conclude|confirm|decide|den[iy]|fear|find|found|hope|know|knew|mean|prove|"
    r"report|say|said|show|state|suggest|tell|told|think|thought|warn)(?:e?d|e?s|ing|t)?"
)
_SOMEONE = frozenset("anybody anyone anything somebody someone something".split())
_NOW = frozenset("century days decade month morning season summer time way week winter year years".split())
_OF_SOMETHING = frozenset(
    """author budget cast cause cost culprit deadline director fine loser loss outcome penalty plot price reason result
    runner-up sentence score turnout verdict victim victims vote winner""".split()
)


def points_back(question: str, topic: Topic) -> bool:
    """Whether `question` points back without a pronoun: "that decision", "who else", "the fine", "who won?"."""
    stems = content_stems(question)
    known = {*content_stems(topic.question), *topic.answer_stems}
    if any(_demonstrates(question, match) for match in _DEMONSTRATIVE.finditer(question)):
        return len(stems) <= _MANY_STEMS or not known.isdisjoint(stems)
    named = any(not name.opening for name in find_names(question))
    if _POINTER.search(question) and (not named or len(stems) <= _FEW_STEMS):
        return True
    if named or len(stems) > _FEW_STEMS:
        return False
    tokens = [token[0].lower() for token in WORD.finditer(question)]
    return (
        _WEAK_POINTER.search(question) is not None
        or any(noun in _OF_SOMETHING or known.issuperset(content_stems(noun)) for noun in _bare_definites(tokens))
        or (len(stems) <= 2 and _has_no_object(tokens))
        or (len(stems) <= 2 and not _SOMEONE.isdisjoint(tokens))
    )


def _demonstrates(question: str, match: re.Match[str]) -> bool:
    """Whether "that" and its like stand for something said before: not "say that ...", "the man that", "this year"."""
    before = [token.lower() for token in WORD.findall(question[: match.start()])][-1:]
    after = [token.lower() for token in WORD.findall(question[match.end() :])][:1]
    if match[0].lower() != "that":
        return not any(word in _NOW or word == "who" for word in after)
    if not after:
        return True
    joins = any(
        word in ("it", "so") or _SAYING.fullmatch(word) or not (is_break(word) or is_verb(word)) for word in before
    )
    return not joins and after != ["of"]


def _bare_definites(tokens: list[str]) -> list[str]:
    """Nouns said with "the" and nothing else to tell which: "How big was the fine?"."""
    found = []
    for at, noun in enumerate(tokens):
        before, after = ["", "", *tokens][at : at + 2], [*tokens, ""][at + 1]
        ends = not after or (is_break(after) and after not in ("of", "that", "in"))
        subject = before[0] in ("did", "do", "does") and after == tokens[-1]  # "Why do the estimates differ?"
        if before[1] == "the" and not is_break(noun) and (ends or subject):
            found.append(noun)
    return found


def _has_no_object(tokens: list[str]) -> bool:
    """ "Who won?", "How many died?", "Was anyone hurt?", "What happened next?"."""
    last = next((token for token in reversed(tokens) if not is_break(token)), "")
    return not last or (is_verb(last) and tokens[0] in ("who", "how", "was", "were", "did", "what", "has", "which"))
